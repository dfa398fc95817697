"""Tensors of a TFLite model: names, types, places of constant values, quantisation."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from aimcodec.bridges.memory import unique_names
from aimcodec.bridges.tflite_tables import Table
from aimcodec.dtypes import DType, from_name, packed_bytes
from aimcodec.errors import (
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.limits import Limits

__all__ = ["TYPES", "FlatTensor", "read_buffers", "read_tensors", "texts_of"]

# Of the schema's TensorType; those without an element type of ours are handles, known at run time only.
TYPES = {
    **{0: "FLOAT32", 1: "FLOAT16", 2: "INT32", 3: "UINT8", 4: "INT64", 5: "STRING", 6: "BOOL", 7: "INT16"},
    **{8: "COMPLEX64", 9: "INT8", 10: "FLOAT64", 11: "COMPLEX128", 12: "UINT64", 15: "UINT32", 16: "UINT16"},
    **{17: "INT4", 18: "BFLOAT16", 19: "INT2", 20: "UINT4", 21: "FLOAT8_E4M3FN", 22: "FLOAT8_E5M2"},
}
HANDLES = {13: "RESOURCE", 14: "VARIANT"}


@dataclass(frozen=True, slots=True)
class FlatTensor:
    """A tensor of a subgraph.

    Attributes:
        name: unique in the model.
        element_type: of ours, "STRING", "RESOURCE" or "VARIANT".
        shape: in elements; of a variable what it is to be while unknown dimensions are 1.
        signature: the same with -1 for unknown dimensions; None where their number is unknown.
        buffer: number of its buffer.
        memory: its constant values, or None.
        sparsity: where these are, if only some are stored; or None.
        is_state: whether it keeps its value from one run to the next.
        metadata: quantisation, and the name where that is not `name`.
    """

    name: str
    element_type: str
    shape: tuple[int, ...]
    signature: tuple[int, ...] | None
    buffer: int
    memory: memoryview | None
    sparsity: Table | None
    is_state: bool
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def dtype(self) -> DType | None:
        """The type of its elements, if they are numbers."""
        is_number = self.element_type != "STRING" and self.element_type not in HANDLES.values()
        return from_name(self.element_type) if is_number else None


def read_buffers(model: Table) -> list[memoryview]:
    """The memory of all buffers: a vector inside the tables, or bytes after them."""
    return [_buffer(table) for table in model.tables(4, "buffers")]


def _buffer(table: Table) -> memoryview:
    offset, size = table.number(1, "Q"), table.number(2, "Q")
    if offset > 1:  # 0 and 1 say that there is none
        if offset + size > len(table.file.data):
            raise TruncatedError(f"{size} bytes at byte {offset} of a file of {len(table.file.data)}", path=table.path)
        return table.file.data[offset : offset + size]
    memory = table.memory(0)
    return memoryview(b"") if memory is None else memory


def read_tensors(graphs: list[Table], buffers: list[memoryview], limits: Limits) -> list[list[FlatTensor]]:
    """The tensors of all subgraphs; names are unique in the model, the second "x" is "x#2".

    Raises:
        AimcError: one is malformed, or beyond a limit.
    """
    tables = [(graph, table) for graph in range(len(graphs)) for table in _tables(graphs, graph)]
    if len(tables) > limits.max_units:
        raise LimitExceededError(f"{len(tables)} tensors, max_units is {limits.max_units}")
    wanted = [table.text(3, limits.max_string_bytes) for _, table in tables]
    names = unique_names(name or f"tensor_{place}" for place, name in enumerate(wanted))
    found: list[list[FlatTensor]] = [[] for _ in graphs]
    for (graph, table), name, own in zip(tables, names, wanted, strict=True):
        found[graph].append(_tensor(table, name, own, buffers, limits))
    return found


def _tables(graphs: list[Table], number: int) -> list[Table]:
    return graphs[number].tables(0, f"{graphs[number].path}.tensors")


def _tensor(table: Table, name: str, wanted: str, buffers: list[memoryview], limits: Limits) -> FlatTensor:
    kind, number = table.number(1, "b"), table.number(2, "I")
    if kind not in TYPES and kind not in HANDLES:
        raise OutOfRangeError(f"tensor {name!r} is of the unknown type {kind}", path=table.path)
    if number >= len(buffers):
        raise OutOfRangeError(f"tensor {name!r} is in buffer {number} of {len(buffers)}", path=table.path)
    element_type = TYPES.get(kind) or HANDLES[kind]
    shape = _shape(table, name, limits)
    sparsity = table.table(6)
    has_values = number > 0 and len(buffers[number]) > 0 and element_type not in HANDLES.values()
    memory = buffers[number] if has_values else None
    if sparsity is not None and (element_type == "STRING" or element_type in HANDLES.values()):
        raise UnsupportedError(f"tensor {name!r} of type {element_type} is sparse", path=table.path)
    if memory is not None and sparsity is None and element_type != "STRING":
        _check_size(name, element_type, shape, memory)
    metadata = {} if wanted == name else {"tflite.name": wanted}
    quantization = _quantization(table.table(4), name, shape)
    if quantization:
        metadata["tflite.quantization"] = json.dumps(quantization)
    signature = _signature(table, shape, limits)
    is_state = table.number(5, "B") != 0
    return FlatTensor(name, element_type, shape, signature, number, memory, sparsity, is_state, metadata)


def _shape(table: Table, name: str, limits: Limits) -> tuple[int, ...]:
    sizes = table.numbers(0, "<i4")
    shape = () if sizes is None else tuple(sizes[: limits.max_rank + 1].tolist())
    if len(shape) > limits.max_rank:
        raise LimitExceededError(
            f"tensor {name!r} has more dimensions than max_rank {limits.max_rank}", path=table.path
        )
    if min(shape, default=0) < 0:
        raise OutOfRangeError(f"tensor {name!r} of shape {shape}", path=table.path)
    if math.prod(shape) > limits.max_elements:
        raise LimitExceededError(
            f"tensor {name!r} of shape {shape} has more elements than max_elements {limits.max_elements}",
            path=table.path,
        )
    return shape


def _signature(table: Table, shape: tuple[int, ...], limits: Limits) -> tuple[int, ...] | None:
    """The shape with unknown dimensions, which is a field of newer models."""
    sizes = table.numbers(7, "<i4")
    if sizes is None:
        return shape
    if sizes.size == 0 and not table.number(8, "B"):
        return shape or None
    if sizes.size != len(shape) or sizes.size > limits.max_rank or int(sizes.min(initial=0)) < -1:
        raise MalformedError(f"a shape of {len(shape)} dimensions with a signature of {sizes.size}", path=table.path)
    return tuple(sizes.tolist())


def _check_size(name: str, element_type: str, shape: tuple[int, ...], memory: memoryview) -> None:
    size = packed_bytes(from_name(element_type), math.prod(shape))
    if size != len(memory):
        raise InconsistentError(f"tensor {name!r} of type {element_type} and shape {shape} has {len(memory)} bytes")


def _quantization(table: Table | None, name: str, shape: tuple[int, ...]) -> dict[str, Any]:
    """How real numbers follow from elements; empty where the tensor is not quantised."""
    if table is None:
        return {}
    kinds = {"min": (0, "<f4"), "max": (1, "<f4"), "scale": (2, "<f4"), "zero_point": (3, "<i8")}
    vectors = {key: table.numbers(slot, kind) for key, (slot, kind) in kinds.items()}
    known: dict[str, Any] = {key: vector for key, vector in vectors.items() if vector is not None and vector.size}
    if not known:
        return {}
    dimension = table.number(6, "i")
    permitted = {1, shape[dimension] if 0 <= dimension < len(shape) else 1}
    for key, vector in known.items():
        if vector.size not in permitted or not np.isfinite(vector).all():
            raise MalformedError(f"tensor {name!r}: {vector.size} values of {key}, or not finite", path=table.path)
    entry = {key: vector.tolist() for key, vector in known.items()}
    if table.number(4, "B"):
        entry["details_type"] = table.number(4, "B")
    return {**entry, "quantized_dimension": dimension}


def texts_of(tensor: FlatTensor) -> tuple[bytes, ...]:
    """The elements of a constant tensor of texts: their number, where each begins and the last ends, the bytes.

    Raises:
        MalformedError: it is not of that form.
    """
    memory = tensor.memory if tensor.memory is not None else memoryview(b"")
    count = int.from_bytes(memory[:4], "little")
    start = 4 * (count + 2)
    if count != math.prod(tensor.shape) or start > len(memory):
        raise MalformedError(f"tensor {tensor.name!r} of {tensor.shape} texts has {count} in {len(memory)} bytes")
    places = np.frombuffer(memory, "<i4", count + 1, 4).tolist()
    if places[0] != start or places != sorted(places) or places[-1] != len(memory):
        raise MalformedError(f"tensor {tensor.name!r}: its texts do not fill it")
    return tuple(bytes(memory[begin:end]) for begin, end in pairwise(places))
