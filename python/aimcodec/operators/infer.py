"""Types of the outputs of a call, before it runs: mistakes in shapes, and memory that is too much, are found here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aimcodec.dtypes import from_name, packed_bytes
from aimcodec.errors import AimcError
from aimcodec.limits import Limits
from aimcodec.model.structures import Dimension, ModelStructure, TensorType
from aimcodec.operators.arguments import Arrays
from aimcodec.operators.catalogue import Operator, schema_of
from aimcodec.operators.element_types import STRING
from aimcodec.operators.registry import CustomOperator
from aimcodec.operators.status import Status, failure

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_memory", "infer_custom", "infer_outputs"]

_WINDOWED = frozenset({"AveragePool", "Conv", "ConvInteger", "LpPool", "MaxPool", "QLinearConv"})
SMALL = 1024  # elements of an input that says something about shapes

Types = tuple["TensorType | None", ...]


def infer_custom(
    custom: CustomOperator, arrays: Arrays, types: Sequence[str], keywords: Mapping[str, Any], count: int
) -> Types:
    """What the user's function of types says of the outputs of a call.

    Raises:
        OperatorError: INTERNAL_ERROR: it failed; or another status, if it raised that itself.
    """
    known = [
        None if array is None else TensorType(kind, tuple(Dimension(size) for size in array.shape))
        for kind, array in zip(types, arrays, strict=True)
    ]
    found = custom.infer(known, keywords)[:count]
    return tuple(kind if isinstance(kind, TensorType) else None for kind in found)


def infer_outputs(operator: Operator, structure: ModelStructure, feeds: Mapping[str, NDArray[Any]]) -> Types:
    """What is known of the outputs of a node of ONNX.

    Args:
        operator: its definition.
        structure: a model of the node alone, with the sizes of its inputs.
        feeds: inputs by name; values of small ones take part.

    Raises:
        OperatorError: DIMENSIONS_MISMATCH: the shapes of the inputs do not fit. INVALID_ARGUMENT: the window of a
            kernel is larger than what it moves over, or an attribute says a type that there is not.
    """
    from onnx import numpy_helper, shape_inference

    from aimcodec.model.onnx.types import read_type
    from aimcodec.model.onnx.writing import to_proto

    graph = to_proto(structure, None).graph
    kinds = {variable.name: variable.type for variable in graph.input}
    data = {name: numpy_helper.from_array(array, name) for name, array in feeds.items() if _says_shapes(array)}
    try:
        found = shape_inference.infer_node_outputs(schema_of(operator), graph.node[0], kinds, data)
    except shape_inference.InferenceError as error:
        text = " ".join(str(error).replace("[ShapeInferenceError]", "").split())
        raise failure(Status.DIMENSIONS_MISMATCH, text, operator.full_name) from error
    except Exception as error:  # for example a number of a type that there is not
        raise failure(Status.INVALID_ARGUMENT, str(error), operator.full_name) from error
    try:
        results = [read_type(found[name]) if name in found else None for name in graph.node[0].output]
    except AimcError as error:
        raise failure(Status.INVALID_ARGUMENT, error.message, operator.full_name) from error
    kept = tuple(kind if isinstance(kind, TensorType) else None for kind in results)
    _check_sizes(operator, kept, all(array.size for array in feeds.values()))
    return kept


def check_memory(operator: Operator, kinds: Types, limits: Limits) -> None:
    """Refuses what is too much to ask for.

    Raises:
        OperatorError: ALLOC_FAILED: an output has more elements, or all have more bytes, than the limits allow.
    """
    total = 0
    for parameter, kind in zip(operator.outputs, kinds, strict=False):
        sizes = None if kind is None or kind.size is None else [d.value for d in kind.size]
        if kind is None or sizes is None or None in sizes:
            continue
        elements = math.prod(size for size in sizes if size is not None)
        total += elements if kind.element_type in {STRING, ""} else packed_bytes(from_name(kind.element_type), elements)
        if elements > limits.max_elements or total > limits.max_output_bytes:
            text = f"{elements} elements are beyond max_elements {limits.max_elements} or max_output_bytes"
            raise failure(Status.ALLOC_FAILED, text, operator.full_name, parameter.name)


def _says_shapes(array: NDArray[Any]) -> bool:
    return array.size <= SMALL and array.dtype.kind in "iuf" and array.dtype.isbuiltin == 1


def _check_sizes(operator: Operator, kinds: Types, given: bool) -> None:
    """A window that does not fit makes a size negative, or 0 where there are elements."""
    least = 1 if given and operator.name in _WINDOWED else 0
    for parameter, kind in zip(operator.outputs, kinds, strict=False):
        if kind is not None and any(d.value is not None and d.value < least for d in kind.size or ()):
            text = "its size would not be positive: a window is larger than what it moves over"
            raise failure(Status.INVALID_ARGUMENT, text, operator.full_name, parameter.name)
