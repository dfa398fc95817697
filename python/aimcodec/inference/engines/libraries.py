"""The libraries of the engines: optional, and imported when they are needed."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import Any

__all__ = ["library", "version_of"]

EXTRAS = {"onnxruntime": "onnxruntime", "onnx": "onnx", "torch": "torch"}


def version_of(name: str) -> str:
    """The version of a library, without importing it; "" where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def library(name: str) -> Any:
    """A library.

    Raises:
        ModuleNotFoundError: it is not installed; the message says what brings it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        message = f"running models with this engine needs {name}; pip install 'aimcodec[{EXTRAS[name]}]' brings it"
        raise ModuleNotFoundError(message, name=name) from None
