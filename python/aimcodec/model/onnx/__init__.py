"""The mapping between structures and ONNX."""

from __future__ import annotations

from aimcodec.model.onnx.compare import differences, equal
from aimcodec.model.onnx.contributors import CONTRIBUTORS_KEY
from aimcodec.model.onnx.losses import LOSSES, losses
from aimcodec.model.onnx.reading import INLINE_BYTES, from_proto
from aimcodec.model.onnx.tensors import tensor_memory
from aimcodec.model.onnx.writing import EXTERNAL_LOCATION, to_proto

__all__ = [
    "CONTRIBUTORS_KEY",
    "EXTERNAL_LOCATION",
    "INLINE_BYTES",
    "LOSSES",
    "differences",
    "equal",
    "from_proto",
    "losses",
    "tensor_memory",
    "to_proto",
]
