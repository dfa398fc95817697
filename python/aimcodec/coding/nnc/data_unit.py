"""What a compressed data unit (NDU) says, resolved against the parameter sets: the input of the payload codec."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BlockRole", "Codebook", "CodedTensor", "DataUnit", "NodeId"]

# Payload types (4.1).
PT_INT, PT_FLOAT, PT_RAW_FLOAT, PT_BLOCK = range(4)

# Bits of compressed_parameter_types (4.1).
CPT_DC, CPT_LS, CPT_BN, CPT_BI = 1, 2, 4, 8

# Variants of the payload (13.1), in the numbering of the native module.
DIALECT_EDITION1_REM32, DIALECT_EDITION1, DIALECT_EDITION2 = range(3)


class BlockRole:
    """Roles of the tensors of a layer block (4.2)."""

    WEIGHT = "weight"
    FACTOR_G = "g"
    FACTOR_H = "h"
    LOCAL_SCALING = "local_scaling"
    BETA = "beta"
    GAMMA = "gamma"
    MEAN = "mean"
    VARIANCE = "variance"
    BIAS = "bias"


@dataclass(frozen=True)
class Codebook:
    """Integers that codebook indices stand for (4.3).

    Attributes:
        values: int32, strictly increasing.
        zero: CbZeroOffset, the entry that is coded as 0.
    """

    values: NDArray[np.int32]
    zero: int


@dataclass(frozen=True)
class NodeId:
    """Position in the parameter update tree (12.2)."""

    device_id: int
    parameter_id: int
    put_node_depth: int


@dataclass
class CodedTensor:
    """One tensor of a data unit.

    Attributes:
        entry_points: uint64, shape [E, 3]: shifts since the first block row, value, trellis state (10.2); or None.
    """

    name: str
    shape: tuple[int, ...]
    role: str = BlockRole.WEIGHT
    codebook: Codebook | None = None
    entry_points: NDArray[np.uint64] | None = None

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def rows(self) -> int:
        """First dimension."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Product of the other dimensions (layerWidth of 5.1)."""
        return math.prod(self.shape[1:])

    @property
    def is_2d(self) -> bool:
        """At least two rows and two columns (5.1)."""
        return self.rows > 1 and self.width > 1


@dataclass
class DataUnit:
    """A data unit with everything its payload needs; `tensors` are in payload order (4.6)."""

    path: str
    payload_type: int
    payload: memoryview
    payload_bit: int
    profile: int
    tensors: list[CodedTensor] = field(default_factory=list)
    dq: bool = False
    unary_length: int = 10
    scan_order: int = 0
    parameter_types: int = 0
    qp_density: int = 0
    qp_offset: int = 0
    update_signalled: bool = False  # mps_parent_signalling_enabled_flag
    parent: bool = False  # parent_node_id_present_flag
    temporal: bool = False  # temporal_context_modeling_flag
    node: NodeId | None = None
