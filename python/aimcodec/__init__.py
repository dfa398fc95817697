"""Reference codec and toolset for AI models.

>>> import aimcodec as aimc
>>> stream = aimc.nnc.encode({"weight": weights}, qp=-32)
>>> tensors = aimc.nnc.decode(stream)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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
    from types import ModuleType

    from aimcodec import nnc

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
    "TruncatedError",
    "UnsupportedError",
    "__version__",
    "available_isas",
    "isa",
    "nnc",
    "set_isa",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType:
    """The coders are loaded on first use: importing the package is quick."""
    if name == "nnc":
        return import_module("aimcodec.nnc")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
