"""The onnx package, which is needed here only."""

from __future__ import annotations

from types import ModuleType

__all__ = ["onnx_package"]


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
