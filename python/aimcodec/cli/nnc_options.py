"""Options of NNC coding that several commands have."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

__all__ = ["NncOptions", "NonFinite", "Switch"]

BLOCK_ROWS = 4  # the scan order of the largest blocks: 64 rows, one entry point for each


class Switch(str, Enum):
    """A tool that is off, on, or on where it pays."""

    OFF = "off"
    AUTO = "auto"
    ON = "on"


class NonFinite(str, Enum):
    """What becomes of tensors with infinities or NaNs."""

    REFUSE = "refuse"
    RAW = "raw"


@dataclass(frozen=True)
class NncOptions:
    """What `aimcodec.nnc.encode` is told; the fields are the options of the command."""

    qp: int = -38
    nonweight_qp: int = -75
    qp_density: int = 2
    dq: bool = True
    parallel: bool = False
    codebook: Switch = Switch.OFF
    row_skipping: Switch = Switch.OFF
    non_finite: NonFinite = NonFinite.REFUSE

    def settings(self) -> dict[str, Any]:
        """Keyword arguments of `aimcodec.nnc.encode`."""
        return {
            "qp": self.qp,
            "nonweight_qp": self.nonweight_qp,
            "qp_density": self.qp_density,
            "dq": self.dq,
            "codebook": self.codebook.value,
            "scan_order": BLOCK_ROWS if self.parallel else 0,
            "row_skipping": {Switch.OFF: False, Switch.ON: True, Switch.AUTO: "auto"}[self.row_skipping],
            "scalars": "reshape",
            "non_finite": self.non_finite.value,
        }
