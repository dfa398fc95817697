"""The mapping between structures and ONNX."""

from __future__ import annotations

from aimcodec.model.onnx.compare import differences, equal
from aimcodec.model.onnx.contributors import CONTRIBUTORS_KEY
from aimcodec.model.onnx.losses import FORM, LOSSES, losses
from aimcodec.model.onnx.protobuf import model_bytes, onnx_package, parse_model
from aimcodec.model.onnx.reading import INLINE_BYTES, from_proto
from aimcodec.model.onnx.tensors import tensor_memory
from aimcodec.model.onnx.writing import EXTERNAL_LOCATION, ExternalPlace, to_proto

__all__ = [
    "CONTRIBUTORS_KEY",
    "EXTERNAL_LOCATION",
    "FORM",
    "INLINE_BYTES",
    "LOSSES",
    "ExternalPlace",
    "differences",
    "equal",
    "from_proto",
    "losses",
    "model_bytes",
    "onnx_package",
    "parse_model",
    "tensor_memory",
    "to_proto",
]
