"""Reference codec and toolset for AI models.

>>> import aimcodec as aimc
>>> stream = aimc.nnc.encode({"weight": weights}, qp=-32)
>>> tensors = aimc.nnc.decode(stream)
"""

from aimcodec import nnc
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
