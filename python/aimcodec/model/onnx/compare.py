"""Whether two ONNX models are the same but for the declared losses; shares nothing with the mapping itself."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

__all__ = ["differences", "equal"]

# An empty message, or a 0, says something in these fields; in others it is as good as none.
_TELLING = {
    *("TypeProto.tensor_type", "TypeProto.sequence_type", "TypeProto.map_type", "TypeProto.optional_type"),
    *("TypeProto.sparse_tensor_type", "TypeProto.opaque_type", "Tensor.shape", "SparseTensor.shape"),
    *("Dimension.dim_value", "ValueInfoProto.type"),
}
_IGNORED = {"ModelProto.training_info", "ModelProto.configuration", "NodeProto.device_configurations"}
_STORAGE = {
    *("raw_data", "float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data"),
    *("external_data", "data_location", "segment"),
}
# AttributeProto: field of the value by the number of its type.
_VALUE = {
    **{1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs"},
    **{11: "sparse_tensor", 12: "sparse_tensors", 13: "tp", 14: "type_protos"},
}
_MAX_SHOWN = 80


def equal(a: onnx.ModelProto, b: onnx.ModelProto) -> bool:
    """Whether two models are the same but for `LOSSES`; values of tensors are compared bit by bit."""
    return next(_differences("model", canonical(a), canonical(b)), None) is None


def differences(a: onnx.ModelProto, b: onnx.ModelProto) -> list[str]:
    """In what two models differ beyond `LOSSES`: a line each, with the place; none if they are equal.

    The values of tensors have to be in the models, not in other files.
    """
    return list(_differences("model", canonical(a), canonical(b)))


def canonical(message: Any) -> dict[str, Any]:
    """A message as plain dictionaries, lists and scalars, in a form that does not depend on how it was written."""
    special = _SPECIAL.get(message.DESCRIPTOR.name)
    return special(message) if special else _plain(message)


def _plain(message: Any, skipped: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    result = {}
    for field, value in message.ListFields():
        if field.name in skipped or f"{field.containing_type.name}.{field.name}" in _IGNORED:
            continue
        form = _form(field, value)
        telling = f"{field.containing_type.name}.{field.name}" in _TELLING
        if telling or (form not in ({}, [], "", b"", 0) and form != field.default_value):
            result[field.name] = form
    return result


def _form(field: Any, value: Any) -> Any:
    if field.message_type is not None and field.message_type.name == "StringStringEntryProto":
        return {entry.key: entry.value for entry in value}
    one: Callable[[Any], Any] = canonical if field.message_type is not None else _scalar
    return [one(item) for item in value] if field.is_repeated else one(value)


def _scalar(value: Any) -> Any:
    """Floats by their bits, so that NaNs can be equal and zeros different."""
    return struct.pack("<d", value).hex() if isinstance(value, float) else value


def _attribute(message: Any) -> dict[str, Any]:
    present = {field.name for field, _ in message.ListFields()}
    stated = _VALUE.get(message.type)
    values = present & set(_VALUE.values())
    if message.ref_attr_name:
        kept = None
    elif stated is None and len(values) == 1:
        kept = next(iter(values))
    else:
        kept = stated
    result = _plain(message, {"type", *_VALUE.values()})
    result["type"] = kept or message.type
    if kept:
        field = message.DESCRIPTOR.fields_by_name[kept]
        result["value"] = _form(field, getattr(message, kept))
    return result


def _tensor(message: Any) -> dict[str, Any]:
    from onnx import numpy_helper

    result = _plain(message, _STORAGE)
    if message.data_type == 8:
        result["values"] = [value.hex() for value in message.string_data]
    elif message.data_type:
        array = np.ascontiguousarray(numpy_helper.to_array(message))
        result["values"] = hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()
    return result


_SPECIAL: dict[str, Callable[[Any], dict[str, Any]]] = {"AttributeProto": _attribute, "TensorProto": _tensor}


def _differences(place: str, a: Any, b: Any) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(a.keys() | b.keys()):
            yield from _differences(f"{place}.{key}", a.get(key), b.get(key))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for number, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _differences(f"{place}[{number}]", one, other)
    elif a != b:
        yield f"{place}: {_shown(a)} and {_shown(b)}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."
