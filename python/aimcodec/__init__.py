"""Reference codec and toolset for AI models.

>>> import aimcodec as aimc
>>> aimc.save_file({"weight": weights}, "model.aim")
>>> tensors = aimc.load_file("model.aim")
>>> stream = aimc.nnc.encode({"weight": weights}, qp=-32)
>>> tensors = aimc.nnc.decode(stream)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aimcodec._native import available_isas, isa, set_isa
from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    InternalError,
    LimitExceededError,
    MalformedError,
    MissingReferenceError,
    OutOfMemoryError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from aimcodec import inference, model, nnc, operators, torch
    from aimcodec.package import Package, TensorInfo, Writer, load_file, recover, save_file
    from aimcodec.package import open_package as open

__all__ = [
    "DEFAULT_LIMITS",
    "AimcError",
    "ArgumentError",
    "InconsistentError",
    "InternalError",
    "LimitExceededError",
    "Limits",
    "MalformedError",
    "MissingReferenceError",
    "OutOfMemoryError",
    "OutOfRangeError",
    "Package",
    "TensorInfo",
    "TruncatedError",
    "UnsupportedError",
    "Writer",
    "__version__",
    "available_isas",
    "inference",
    "isa",
    "load_file",
    "model",
    "nnc",
    "open",
    "operators",
    "recover",
    "save_file",
    "set_isa",
    "torch",
]

__version__ = "0.1.0"


_ROOMS = {"inference", "model", "nnc", "operators", "torch"}
_PACKAGE_NAMES = {
    "Package": "Package",
    "TensorInfo": "TensorInfo",
    "Writer": "Writer",
    "load_file": "load_file",
    "open": "open_package",
    "recover": "recover",
    "save_file": "save_file",
}


def __getattr__(name: str) -> Any:
    """The coders are loaded on first use: importing the package is quick."""
    if name in _ROOMS:
        return import_module(f"aimcodec.{name}")
    if name in _PACKAGE_NAMES:
        return getattr(import_module("aimcodec.package"), _PACKAGE_NAMES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
