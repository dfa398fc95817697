"""What an ONNX model may have and a structure does not carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aimcodec.model.onnx.attributes import FIELDS, attribute_kind
from aimcodec.model.onnx.messages import all_messages

if TYPE_CHECKING:
    import onnx

__all__ = ["FORM", "LOSSES", "losses"]

LOSSES: Mapping[str, str] = MappingProxyType(
    {
        "training": "information for training (training_info)",
        "devices": "configurations of devices, of the model and of nodes",
        "unknown-fields": "fields that the version of onnx installed does not know",
        "repeated-keys": "metadata entries whose key comes again; the last is kept",
        "order-of-metadata": "the order of metadata entries",
        "stray-values": "values of attributes other than the one that the type, or the reference, says",
        "unstated-types": "that an attribute states no type, where its value tells; it states it afterwards",
        "storage": "how values of tensors are stored: raw or typed fields, external files and their checksums",
        "presence": "whether a field that has its default value is written",
    }
)
"""The declared losses of the mapping, by identifier. `losses` does not report those that no program can need to tell
apart: "order-of-metadata" and "presence"."""

_DROPPED = {
    "TrainingInfoProto": "training",
    "DeviceConfigurationProto": "devices",
    "NodeDeviceConfigurationProto": "devices",
}
_WITH_METADATA = {"ModelProto", "GraphProto", "FunctionProto", "NodeProto", "TensorProto", "ValueInfoProto"}
FORM = frozenset({"order-of-metadata", "unstated-types", "storage", "presence"})
"""Those of `LOSSES` that are no loss of what a model says, but of how it says it."""

_TYPED = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def losses(proto: onnx.ModelProto) -> list[str]:
    """Which of `LOSSES` a model has: identifiers, in the order of the list.

    Raises:
        InconsistentError: an attribute has several values and does not say which counts.
    """
    found = set(_losses(proto))
    return [name for name in LOSSES if name in found]


def _losses(root: onnx.ModelProto) -> Iterator[str]:
    from google.protobuf.unknown_fields import UnknownFieldSet  # type: ignore[import-untyped,unused-ignore]

    for message in all_messages(root):
        if len(UnknownFieldSet(message)):
            yield "unknown-fields"
        kind = message.DESCRIPTOR.name
        if kind in _DROPPED:
            yield _DROPPED[kind]
        elif kind == "TensorProto":
            yield from _of_tensor(message)
        elif kind == "AttributeProto":
            yield from _of_attribute(message)
        elif kind == "TensorAnnotation":
            yield from _of_texts(message.quant_parameter_tensor_names)
        if kind in _WITH_METADATA:
            yield from _of_texts(message.metadata_props)


def _of_tensor(tensor: onnx.TensorProto) -> Iterator[str]:
    external = bool(tensor.data_location or tensor.external_data)
    if external or tensor.HasField("segment") or any(len(getattr(tensor, name)) for name in _TYPED):
        yield "storage"


def _of_texts(entries: Any) -> Iterator[str]:
    if len({entry.key for entry in entries}) != len(entries):
        yield "repeated-keys"


def _of_attribute(attribute: onnx.AttributeProto) -> Iterator[str]:
    if not attribute.type and not attribute.ref_attr_name and attribute_kind(attribute):
        yield "unstated-types"
    value = None if attribute.ref_attr_name else FIELDS.get(attribute_kind(attribute))
    values = set(FIELDS.values()) - {value}
    if any(field.name in values for field, _ in attribute.ListFields()):
        yield "stray-values"
