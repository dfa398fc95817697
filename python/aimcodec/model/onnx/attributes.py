"""Which field of an AttributeProto has the value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aimcodec.errors import InconsistentError
from aimcodec.model.structures import AttributeKind

if TYPE_CHECKING:
    import onnx

__all__ = ["FIELDS", "SINGLE", "attribute_kind"]

SINGLE = {
    AttributeKind.FLOAT: "f",
    AttributeKind.INT: "i",
    AttributeKind.STRING: "s",
    AttributeKind.TENSOR: "t",
    AttributeKind.GRAPH: "g",
    AttributeKind.SPARSE_TENSOR: "sparse_tensor",
    AttributeKind.TYPE: "tp",
}
FIELDS = {
    **SINGLE,
    AttributeKind.FLOATS: "floats",
    AttributeKind.INTS: "ints",
    AttributeKind.STRINGS: "strings",
    AttributeKind.TENSORS: "tensors",
    AttributeKind.GRAPHS: "graphs",
    AttributeKind.SPARSE_TENSORS: "sparse_tensors",
    AttributeKind.TYPES: "type_protos",
}
_KINDS = {field: kind for kind, field in FIELDS.items()}


def attribute_kind(proto: onnx.AttributeProto) -> AttributeKind:
    """Its type; where it states none, as models of IR version 1 do, that of the one field that is set.

    Raises:
        InconsistentError: it states none, and several fields are set.
    """
    if proto.type or proto.ref_attr_name:
        return AttributeKind(proto.type)
    kinds = [_KINDS[field.name] for field, _ in proto.ListFields() if field.name in _KINDS]
    if len(kinds) > 1:
        raise InconsistentError(f"attribute {proto.name!r} has values of several kinds and does not say which counts")
    return kinds[0] if kinds else AttributeKind.UNDEFINED
