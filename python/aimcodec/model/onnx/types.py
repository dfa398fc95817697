"""Types of variables and of elements, to and from the messages of ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimcodec.errors import ArgumentError, OutOfRangeError, UnsupportedError
from aimcodec.model.structures import (
    Dimension,
    MapType,
    OpaqueType,
    OptionalType,
    SequenceType,
    SparseTensorType,
    TensorSize,
    TensorType,
    Type,
    UnknownType,
)

if TYPE_CHECKING:
    import onnx

__all__ = ["ONNX_NAMES", "element_number", "element_type", "read_type", "write_type"]

# TensorProto.DataType; the names are those of the AIM text (clause 6), so types are known without the onnx package.
ONNX_NAMES = {
    0: "UNDEFINED",
    1: "FLOAT32",
    2: "UINT8",
    3: "INT8",
    4: "UINT16",
    5: "INT16",
    6: "INT32",
    7: "INT64",
    8: "STRING",
    9: "BOOL",
    10: "FLOAT16",
    11: "FLOAT64",
    12: "UINT32",
    13: "UINT64",
    14: "COMPLEX64",
    15: "COMPLEX128",
    16: "BFLOAT16",
    17: "FLOAT8_E4M3FN",
    18: "FLOAT8_E4M3FNUZ",
    19: "FLOAT8_E5M2",
    20: "FLOAT8_E5M2FNUZ",
    21: "UINT4",
    22: "INT4",
    23: "FLOAT4_E2M1FN",
    24: "FLOAT8_E8M0FNU",
    25: "UINT2",
    26: "INT2",
    27: "FLOAT6_E2M3FN",
    28: "FLOAT6_E3M2FN",
}
_NUMBERS = {name: number for number, name in ONNX_NAMES.items()}


def element_type(number: int) -> str:
    """The name of a TensorProto.DataType.

    Raises:
        OutOfRangeError: ONNX has no such number, or has it since a later version than this knows.
    """
    try:
        return ONNX_NAMES[number]
    except KeyError:
        raise OutOfRangeError(f"{number} is no data type of ONNX that is known here") from None


def element_number(name: str) -> int:
    """The TensorProto.DataType of a name.

    Raises:
        UnsupportedError: ONNX has no such type.
    """
    try:
        return _NUMBERS[name]
    except KeyError:
        raise UnsupportedError(f"ONNX has no elements of type {name!r}") from None


def read_type(proto: onnx.TypeProto) -> Type:
    """The type that a message has.

    Raises:
        OutOfRangeError: an unknown data type.
    """
    note = proto.denotation
    kind = proto.WhichOneof("value")
    if kind == "tensor_type":
        return TensorType(element_type(proto.tensor_type.elem_type), _read_size(proto.tensor_type), note)
    if kind == "sparse_tensor_type":
        sparse = proto.sparse_tensor_type
        return SparseTensorType(element_type(sparse.elem_type), _read_size(sparse), note)
    if kind == "sequence_type":
        return SequenceType(read_type(proto.sequence_type.elem_type), note)
    if kind == "optional_type":
        return OptionalType(read_type(proto.optional_type.elem_type), note)
    if kind == "map_type":
        return MapType(element_type(proto.map_type.key_type), read_type(proto.map_type.value_type), note)
    if kind == "opaque_type":
        return OpaqueType(proto.opaque_type.domain, proto.opaque_type.name, note)
    return UnknownType(note)


def _read_size(proto: onnx.TypeProto.Tensor | onnx.TypeProto.SparseTensor) -> TensorSize | None:
    if not proto.HasField("shape"):
        return None
    return tuple(
        Dimension(dim.dim_value if dim.HasField("dim_value") else None, dim.dim_param, dim.denotation)
        for dim in proto.shape.dim
    )


def write_type(kind: Type, proto: onnx.TypeProto) -> None:
    """Fill a message with a type.

    Raises:
        UnsupportedError: ONNX has no such elements.
    """
    if kind.denotation:
        proto.denotation = kind.denotation
    if isinstance(kind, TensorType):
        _write_tensor(kind, proto.tensor_type)
    elif isinstance(kind, SparseTensorType):
        _write_tensor(kind, proto.sparse_tensor_type)
    elif isinstance(kind, SequenceType):
        proto.sequence_type.SetInParent()
        write_type(kind.element, proto.sequence_type.elem_type)
    elif isinstance(kind, OptionalType):
        proto.optional_type.SetInParent()
        write_type(kind.element, proto.optional_type.elem_type)
    elif isinstance(kind, MapType):
        proto.map_type.key_type = element_number(kind.key_type)
        write_type(kind.value, proto.map_type.value_type)
    elif isinstance(kind, OpaqueType):
        proto.opaque_type.SetInParent()
        proto.opaque_type.domain = kind.domain
        proto.opaque_type.name = kind.name
    elif isinstance(kind, UnknownType):
        proto.SetInParent()


def _write_tensor(
    kind: TensorType | SparseTensorType, proto: onnx.TypeProto.Tensor | onnx.TypeProto.SparseTensor
) -> None:
    proto.elem_type = element_number(kind.element_type)
    if kind.size is None:
        return
    proto.shape.SetInParent()
    for dimension in kind.size:
        _write_dimension(dimension, proto.shape.dim.add())


def _write_dimension(dimension: Dimension, proto: onnx.TensorShapeProto.Dimension) -> None:
    if dimension.value is not None and dimension.symbol:
        raise ArgumentError(f"a dimension is both {dimension.value} and {dimension.symbol!r}")
    if dimension.value is not None:
        proto.dim_value = dimension.value
    if dimension.symbol:
        proto.dim_param = dimension.symbol
    if dimension.denotation:
        proto.denotation = dimension.denotation
