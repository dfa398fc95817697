"""What the units read so far say about those that follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ..protocol import Fields

__all__ = ["PayloadType", "StreamContext", "UnitType"]


class UnitType(IntEnum):
    """nnr_unit_type (section 2); 7 to 63 are reserved or unspecified."""

    NNR_STR = 0
    NNR_MPS = 1
    NNR_LPS = 2
    NNR_TPL = 3
    NNR_QNT = 4
    NNR_NDU = 5
    NNR_AGG = 6


class PayloadType(IntEnum):
    """nnr_compressed_data_unit_payload_type (section 4.1)."""

    NNR_PT_INT = 0
    NNR_PT_FLOAT = 1
    NNR_PT_RAW_FLOAT = 2
    NNR_PT_BLOCK = 3


@dataclass
class StreamContext:
    """Parameter sets in force.

    Attributes:
        general_profile_idc: 0 for edition 1, 1 for edition 2; None before the start unit.
        mps: values of the model parameter set, None before it.
        lps: values of the layer parameter set that was last, None before the first.
    """

    general_profile_idc: int | None = None
    mps: Fields | None = None
    lps: Fields | None = None

    def update(self, fields: Fields) -> None:
        """Takes in a complete unit."""
        kind = fields["nnr_unit_type"]
        if kind == UnitType.NNR_STR:
            self.general_profile_idc = fields["nnr_start_unit_header"]["general_profile_idc"]
        elif kind == UnitType.NNR_MPS:
            self.mps = fields["nnr_model_parameter_set_unit_payload"]
        elif kind == UnitType.NNR_LPS:
            self.lps = fields["nnr_layer_parameter_set_unit_payload"]

    @property
    def edition2(self) -> bool:
        """Whether the syntax of edition 2 is in force."""
        return self.general_profile_idc == 1

    def mps_flag(self, name: str) -> bool:
        """A flag of the model parameter set; false when it has none of that name."""
        return bool(self.mps and self.mps.get(name))
