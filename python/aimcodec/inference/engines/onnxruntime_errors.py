"""What ONNX Runtime raises, as errors of this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    MalformedError,
    OutOfMemoryError,
    UnsupportedError,
)

__all__ = ["typed_errors"]

# By the name of the class, as the classes are made anew in each of the library's modules.
KINDS: dict[str, type[AimcError]] = {
    "InvalidArgument": ArgumentError,
    "InvalidGraph": MalformedError,
    "InvalidProtobuf": MalformedError,
    "NotImplemented": UnsupportedError,
    "MemoryError": OutOfMemoryError,
}


@contextmanager
def typed_errors(doing: str) -> Iterator[None]:
    """Errors of the library become errors of this package that begin with `doing`; what is no such error passes."""
    try:
        yield
    except (AimcError, ModuleNotFoundError, OSError):
        raise
    except (RuntimeError, ValueError, TypeError, MemoryError) as error:
        raise _typed(doing, error) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "onnxruntime":
            raise
        raise _typed(doing, error) from error


def _typed(doing: str, error: BaseException) -> AimcError:
    text = " ".join(str(error).split())
    return KINDS.get(type(error).__name__, InconsistentError)(f"{doing}: onnxruntime says: {text}")
