"""From a structure to ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aimcodec.dtypes import dtype_of, from_name, packed_bytes
from aimcodec.errors import ArgumentError, InconsistentError, LimitExceededError
from aimcodec.model.onnx.attributes import FIELDS
from aimcodec.model.onnx.contributors import CONTRIBUTORS_KEY, contributors_text
from aimcodec.model.onnx.protobuf import onnx_package
from aimcodec.model.onnx.tensors import EXTERNAL, array_memory
from aimcodec.model.onnx.types import element_number, write_type
from aimcodec.model.structures import (
    STRING,
    UNDEFINED,
    Attribute,
    AttributeKind,
    Function,
    Graph,
    ModelStructure,
    OperatorNode,
    OperatorSet,
    SparseTensor,
    Tensor,
    VariableNode,
)

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

__all__ = ["EXTERNAL_LOCATION", "ExternalPlace", "Read", "to_proto"]

EXTERNAL_LOCATION = "aim-parameters"
"""The file, which never exists, that tensors without values say they are in: an engine is given them by name."""


@dataclass(frozen=True)
class ExternalPlace:
    """Where the values of a parameter are.

    Attributes:
        location: path of the file from the folder of the model, with slashes.
        offset: of the first byte in it.
        length: in bytes.
    """

    location: str
    offset: int
    length: int


Read = Callable[[str], "NDArray[Any] | ExternalPlace | None"]


def to_proto(structure: ModelStructure, read: Read | None) -> onnx.ModelProto:
    """The ONNX model with a structure.

    Args:
        structure: of the model.
        read: gives the array of a parameter; elements of less than 8 bits take a byte each. For None, and for
            parameters that it gives None for, the model refers to a file that does not exist (`EXTERNAL_LOCATION`);
            for a place, to that.

    Returns:
        A new message; values are in raw_data, texts in string_data.

    Raises:
        ArgumentError: a value is not of the type that `ModelStructure` says.
        InconsistentError: an array, or inline data, is not of the type and shape of its tensor.
        UnsupportedError: ONNX has no such elements.
        ModuleNotFoundError: the onnx package is not installed.
    """
    proto: onnx.ModelProto = onnx_package("aimcodec.model.onnx").ModelProto()
    try:
        _Writer(read or _nothing).model(structure, proto)
    except RecursionError:
        raise LimitExceededError("the graphs or types of the structure are nested too deeply") from None
    return proto


def _nothing(name: str) -> None:
    """Reads no parameter."""


def _write_texts(texts: Mapping[str, str], entries: Any) -> None:
    for key, value in texts.items():
        entries.add(key=key, value=value)


def _write_operator_sets(operator_sets: Iterable[OperatorSet], entries: Any) -> None:
    for one in operator_sets:
        entries.add(domain=one.domain, version=one.version)


def _write_variables(variables: Iterable[VariableNode], protos: Any) -> None:
    for variable in variables:
        proto = protos.add(name=variable.name)
        if variable.type is not None:
            write_type(variable.type, proto.type)
        _write_notes(variable, proto)


def _write_notes(item: Any, proto: Any) -> None:
    """What all structures have: documentation and metadata."""
    if item.documentation:
        proto.doc_string = item.documentation
    _write_texts(item.metadata, proto.metadata_props)


class _Writer:
    """Fills messages."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def model(self, structure: ModelStructure, proto: onnx.ModelProto) -> None:
        proto.ir_version = structure.format_version
        if structure.producer_name:
            proto.producer_name = structure.producer_name
        if structure.producer_version:
            proto.producer_version = structure.producer_version
        if structure.domain:
            proto.domain = structure.domain
        if structure.model_version:
            proto.model_version = structure.model_version
        _write_notes(structure, proto)
        if structure.contributors:
            if CONTRIBUTORS_KEY in structure.metadata:
                raise ArgumentError(f"metadata have the key {CONTRIBUTORS_KEY!r}, which contributors need")
            proto.metadata_props.add(key=CONTRIBUTORS_KEY, value=contributors_text(structure.contributors))
        _write_operator_sets(structure.operator_sets, proto.opset_import)
        self._graph(structure.graph, proto.graph)
        for function in structure.functions:
            self._function(function, proto.functions.add())

    def _graph(self, graph: Graph, proto: onnx.GraphProto) -> None:
        proto.name = graph.name
        _write_notes(graph, proto)
        for tensor in graph.parameters:
            self._tensor(tensor, proto.initializer.add())
        for sparse in graph.sparse_parameters:
            self._sparse_tensor(sparse, proto.sparse_initializer.add())
        for node in graph.nodes:
            self._node(node, proto.node.add())
        _write_variables(graph.inputs, proto.input)
        _write_variables(graph.outputs, proto.output)
        _write_variables(graph.variables, proto.value_info)
        for annotation in graph.quantization:
            entry = proto.quantization_annotation.add(tensor_name=annotation.variable)
            _write_texts(annotation.tensors, entry.quant_parameter_tensor_names)

    def _function(self, function: Function, proto: onnx.FunctionProto) -> None:
        proto.name = function.name
        proto.domain = function.domain
        if function.overload:
            proto.overload = function.overload
        proto.input.extend(function.inputs)
        proto.output.extend(function.outputs)
        proto.attribute.extend(function.attributes)
        for attribute in function.defaults:
            self._attribute(attribute, proto.attribute_proto.add())
        for node in function.nodes:
            self._node(node, proto.node.add())
        _write_variables(function.variables, proto.value_info)
        _write_operator_sets(function.operator_sets, proto.opset_import)
        _write_notes(function, proto)

    def _node(self, node: OperatorNode, proto: onnx.NodeProto) -> None:
        proto.op_type = node.operator
        proto.input.extend(node.inputs)
        proto.output.extend(node.outputs)
        if node.name:
            proto.name = node.name
        if node.domain:
            proto.domain = node.domain
        if node.overload:
            proto.overload = node.overload
        for attribute in node.attributes:
            self._attribute(attribute, proto.attribute.add())
        _write_notes(node, proto)

    def _attribute(self, attribute: Attribute, proto: Any) -> None:
        proto.name = attribute.name
        proto.type = int(attribute.kind)
        if attribute.documentation:
            proto.doc_string = attribute.documentation
        if attribute.reference:
            proto.ref_attr_name = attribute.reference
        elif attribute.kind:
            self._value(attribute, proto)

    def _value(self, attribute: Attribute, proto: Any) -> None:
        kind, value = attribute.kind, attribute.value
        try:
            if kind == AttributeKind.FLOAT:
                proto.f = value
            elif kind == AttributeKind.INT:
                proto.i = value
            elif kind == AttributeKind.STRING:
                proto.s = value
            elif kind in {AttributeKind.FLOATS, AttributeKind.INTS, AttributeKind.STRINGS}:
                getattr(proto, FIELDS[kind]).extend(value)
            elif isinstance(value, list):
                for one in value:
                    self._fill(one, getattr(proto, FIELDS[kind]).add())
            else:
                self._fill(value, getattr(proto, FIELDS[kind]))
        except (TypeError, ValueError) as error:
            if isinstance(error, ArgumentError):
                raise
            raise ArgumentError(f"the value of attribute {attribute.name!r} is not of kind {kind.name}") from None

    def _fill(self, value: Any, proto: Any) -> None:
        proto.SetInParent()
        if isinstance(value, Tensor):
            self._tensor(value, proto)
        elif isinstance(value, SparseTensor):
            self._sparse_tensor(value, proto)
        elif isinstance(value, Graph):
            self._graph(value, proto)
        else:
            write_type(value, proto)

    def _sparse_tensor(self, sparse: SparseTensor, proto: onnx.SparseTensorProto) -> None:
        self._tensor(sparse.values, proto.values)
        self._tensor(sparse.indices, proto.indices)
        proto.dims.extend(sparse.shape)

    def _tensor(self, tensor: Tensor, proto: onnx.TensorProto) -> None:
        if tensor.name:
            proto.name = tensor.name
        proto.data_type = element_number(tensor.element_type)
        proto.dims.extend(tensor.shape)
        _write_notes(tensor, proto)
        if tensor.parameter is not None:
            _write_parameter(tensor, self._read(tensor.parameter), proto)
        elif isinstance(tensor.data, tuple):
            proto.string_data.extend(_checked_texts(tensor, tensor.data))
        elif tensor.element_type != UNDEFINED:
            proto.raw_data = _checked_memory(tensor, tensor.data)


def _write_parameter(tensor: Tensor, values: NDArray[Any] | ExternalPlace | None, proto: Any) -> None:
    if values is not None and not isinstance(values, ExternalPlace):
        proto.raw_data = _memory(tensor, values)
        return
    proto.data_location = EXTERNAL
    proto.external_data.add(key="location", value=values.location if values else EXTERNAL_LOCATION)
    if values:
        proto.external_data.add(key="offset", value=str(values.offset))
        proto.external_data.add(key="length", value=str(values.length))


def _memory(tensor: Tensor, array: NDArray[Any]) -> bytes:
    dtype = from_name(tensor.element_type)
    if array.shape != tensor.shape or dtype_of(array.dtype) != dtype:
        raise InconsistentError(
            f"parameter {tensor.parameter!r} is {array.dtype}{list(array.shape)}, "
            f"tensor {tensor.name!r} wants {dtype}{list(tensor.shape)}"
        )
    return array_memory(array, dtype)


def _checked_texts(tensor: Tensor, texts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if tensor.element_type != STRING or len(texts) != math.prod(tensor.shape):
        shown = f"{tensor.element_type}{list(tensor.shape)}"
        raise InconsistentError(f"tensor {tensor.name!r} of type {shown} has {len(texts)} texts")
    return texts


def _checked_memory(tensor: Tensor, data: bytes | None) -> bytes:
    if data is None or tensor.element_type == STRING:
        raise ArgumentError(f"tensor {tensor.name!r} has no values")
    if len(data) != packed_bytes(from_name(tensor.element_type), math.prod(tensor.shape)):
        shown = f"{tensor.element_type}{list(tensor.shape)}"
        raise InconsistentError(f"tensor {tensor.name!r} of type {shown} has {len(data)} bytes")
    return data
