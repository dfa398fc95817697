"""The onnx package, and models as bytes."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from aimcodec.errors import LimitExceededError, MalformedError
from aimcodec.model.onnx.messages import all_messages

if TYPE_CHECKING:
    import onnx

__all__ = ["model_bytes", "onnx_package", "parse_model"]


def onnx_package(who: str) -> ModuleType:
    """The onnx package.

    Raises:
        ModuleNotFoundError: it is not installed; says who needs it, and what brings it.
    """
    try:
        import onnx
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise ModuleNotFoundError(f"{who} needs onnx; pip install 'aimcodec[onnx]' brings it", name="onnx") from None
    return onnx


def parse_model(data: bytes) -> onnx.ModelProto:
    """The model in a file.

    Raises:
        MalformedError: it is none.
        ModuleNotFoundError: the onnx package is not installed.
    """
    package = onnx_package("reading ONNX models")
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped,unused-ignore]

    try:
        proto: onnx.ModelProto = package.ModelProto.FromString(data)
    except DecodeError as error:
        raise MalformedError(f"not an ONNX model: {error}") from None
    if not proto.HasField("graph"):
        raise MalformedError("not an ONNX model: it has no graph")
    return proto


def model_bytes(proto: onnx.ModelProto) -> bytes:
    """The bytes of a file.

    Raises:
        LimitExceededError: it would have 2 GiB or more, or be nested more deeply than protobuf reads.
    """
    from google.protobuf.message import EncodeError  # type: ignore[import-untyped,unused-ignore]

    for _ in all_messages(proto):  # which protobuf would write, and not read again
        pass
    try:
        data: bytes = proto.SerializeToString()
    except EncodeError:
        raise LimitExceededError("the ONNX model is too large for a file, which has less than 2 GiB") from None
    return data
