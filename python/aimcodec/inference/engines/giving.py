"""Results that callers may keep and change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.errors import InconsistentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["own", "place"]


def own(value: Any, others: Collection[Any]) -> Any:
    """The value, as a copy where it may be memory of one of the others (an output that is an input or parameter)."""
    if isinstance(value, list):
        return [own(item, others) for item in value]
    if not isinstance(value, np.ndarray):
        return value
    shared = any(isinstance(other, np.ndarray) and np.may_share_memory(value, other) for other in others)
    return value.copy() if shared else value


def place(name: str, value: Any, into: Mapping[str, NDArray[Any]]) -> Any:
    """The value, or the array of `into` that it was copied to.

    Raises:
        InconsistentError: it has another shape.
    """
    target = into.get(name)
    if target is None:
        return value
    if np.shape(value) != target.shape:
        raise InconsistentError(f"output {name!r} has shape {np.shape(value)}, the array bound to it {target.shape}")
    target[...] = value
    return target
