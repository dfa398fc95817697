"""What a decoder keeps from one stream of an update sequence for the next (section 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import InconsistentError, MissingReferenceError

__all__ = ["NodeId", "Reference", "UpdateState"]

# device_id, parameter_id, put_node_depth (section 12.2).
NodeId = tuple[int, int, int]

ScalarT = TypeVar("ScalarT", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Reference:
    """Kept per tensor (section 12.3): the integers of its last update, and whose they are."""

    integers: NDArray[np.int32]
    node_id: NodeId | None
    depth: int


class UpdateState:
    """References by tensor name (section 12.3) and history maps (section 12.5)."""

    def __init__(self) -> None:
        self.references: dict[str, Reference] = {}
        self.history: dict[str, NDArray[np.uint8]] = {}

    def copy(self) -> UpdateState:
        """A state to change while a stream may still turn out to be bad."""
        other = UpdateState()
        other.references = dict(self.references)
        other.history = dict(self.history)
        return other

    def reference(self, name: str, node_id: NodeId | None, dimensions: tuple[int, ...], path: str) -> NDArray[np.int32]:
        """`ref` of a tensor whose temporal_context_modeling_flag is 1 (section 12.3)."""
        kept = self.references.get(name)
        if kept is None:
            raise MissingReferenceError(f"no reference for tensor {name!r}", path=path)
        if node_id is not None and kept.node_id is not None:
            device_id, parameter_id, put_node_depth = node_id
            if (device_id, parameter_id) != kept.node_id[:2] or kept.depth != put_node_depth - 1:
                raise MissingReferenceError(
                    f"the reference for tensor {name!r} is not the parent of this update", path=path
                )
        return check_shape(kept.integers, name, dimensions, path)

    def history_map(self, name: str, dimensions: tuple[int, ...], path: str) -> NDArray[np.uint8] | None:
        """Map of a tensor, or None (section 12.5)."""
        kept = self.history.get(name)
        return None if kept is None else check_shape(kept, name, dimensions, path)

    def keep(self, name: str, integers: NDArray[np.int32], node_id: NodeId | None) -> None:
        """Section 12.3, after an NDU: replace the reference, one deeper."""
        before = self.references.get(name)
        self.references[name] = Reference(integers, node_id, 1 if before is None else before.depth + 1)

    def remember(self, name: str, integers: NDArray[np.int32]) -> None:
        """Section 12.5, after an NDU: accumulate where the updates were nonzero."""
        nonzero = (integers != 0).astype(np.uint8)
        before = self.history.get(name)
        self.history[name] = nonzero if before is None else before | nonzero


def check_shape(kept: NDArray[ScalarT], name: str, dimensions: tuple[int, ...], path: str) -> NDArray[ScalarT]:
    """What is kept of a tensor, if it has the dimensions of the update."""
    if kept.shape != dimensions:
        raise InconsistentError(f"tensor {name!r} has dimensions {dimensions}, was {kept.shape}", path=path)
    return kept
