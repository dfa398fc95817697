"""Framing (section 2): one NNR unit of any type."""

from __future__ import annotations

from ...errors import UnsupportedError
from ..elements import payload, u
from ..protocol import Syntax
from .context import StreamContext, UnitType
from .data_unit import nnr_compressed_data_unit_header
from .parameter_sets import (
    nnr_layer_parameter_set_unit_header,
    nnr_layer_parameter_set_unit_payload,
    nnr_model_parameter_set_unit_payload,
    nnr_start_unit_header,
)
from .topology import (
    nnr_quantization_unit_header,
    nnr_quantization_unit_payload,
    nnr_topology_unit_header,
    nnr_topology_unit_payload,
)

__all__ = ["LONGEST_SHORT_UNIT", "nnr_unit"]

LONGEST_SHORT_UNIT = (1 << 15) - 1

NNR_UNIT_SIZE_FLAG = u(1, "nnr_unit_size_flag", "2", "1: the size field has 31 bits, 0: 15 bits")
NNR_UNIT_SIZE = (
    u(15, "nnr_unit_size", "2", "bytes of the unit, this field included", range(3, LONGEST_SHORT_UNIT + 1)),
    u(31, "nnr_unit_size", "2", "bytes of the unit, this field included", range(5, 1 << 31)),
)
NNR_UNIT_TYPE = u(6, "nnr_unit_type", "2", "kind of the unit; 7 .. 63 reserved or unspecified")
INDEPENDENTLY_DECODABLE_FLAG = u(1, "independently_decodable_flag", "2", "informative")
PARTIAL_DATA_COUNTER_PRESENT_FLAG = u(
    1, "partial_data_counter_present_flag", "2", "1: the unit is a part of one too large"
)
PARTIAL_DATA_COUNTER = u(8, "partial_data_counter", "2", "partial units that are still to come")
NNR_COMPRESSED_DATA_UNIT_PAYLOAD = payload(
    "nnr_compressed_data_unit_payload", "4.1", "entropy-coded or raw values, up to the end of the unit"
)
NNR_UNIT_PAYLOAD = payload("nnr_unit_payload", "2", "bytes of a unit of unknown type")


def nnr_unit(s: Syntax, context: StreamContext) -> None:
    """A unit; `context` holds the parameter sets of the units before it."""
    long_form = s.code(NNR_UNIT_SIZE_FLAG)
    s.sized(NNR_UNIT_SIZE[long_form])
    kind = s.code(NNR_UNIT_TYPE)
    _check_order(s, context, kind)
    s.code(INDEPENDENTLY_DECODABLE_FLAG)
    partial = s.code(PARTIAL_DATA_COUNTER_PRESENT_FLAG)
    if s.when("partial_data_counter_present_flag", partial):
        s.require(kind != UnitType.NNR_NDU, "data units split in partial units are not supported", UnsupportedError)
        s.code(PARTIAL_DATA_COUNTER)

    if s.when("nnr_unit_type == NNR_STR", kind == UnitType.NNR_STR):
        s.nest("nnr_start_unit_header", nnr_start_unit_header)
    elif s.when("nnr_unit_type == NNR_MPS", kind == UnitType.NNR_MPS):
        s.nest("nnr_model_parameter_set_unit_payload", nnr_model_parameter_set_unit_payload, context)
    elif s.when("nnr_unit_type == NNR_LPS", kind == UnitType.NNR_LPS):
        s.nest("nnr_layer_parameter_set_unit_header", nnr_layer_parameter_set_unit_header)
        s.nest("nnr_layer_parameter_set_unit_payload", nnr_layer_parameter_set_unit_payload)
    elif s.when("nnr_unit_type == NNR_TPL", kind == UnitType.NNR_TPL):
        storage_format = s.nest("nnr_topology_unit_header", nnr_topology_unit_header)
        s.nest("nnr_topology_unit_payload", nnr_topology_unit_payload, storage_format)
    elif s.when("nnr_unit_type == NNR_QNT", kind == UnitType.NNR_QNT):
        s.nest("nnr_quantization_unit_header", nnr_quantization_unit_header)
        s.nest("nnr_quantization_unit_payload", nnr_quantization_unit_payload)
    elif s.when("nnr_unit_type == NNR_NDU", kind == UnitType.NNR_NDU):
        s.nest("nnr_compressed_data_unit_header", nnr_compressed_data_unit_header, context)
        s.payload(NNR_COMPRESSED_DATA_UNIT_PAYLOAD)
    else:
        s.payload(NNR_UNIT_PAYLOAD)


def _check_order(s: Syntax, context: StreamContext, kind: int) -> None:
    """Order of units (section 2), and the one type that cannot be skipped because it holds other units."""
    started = context.general_profile_idc is not None
    s.require(started or kind == UnitType.NNR_STR, "the first unit must be a start unit")
    s.require(not (started and kind == UnitType.NNR_STR), "a second start unit is not supported", UnsupportedError)
    s.require(kind != UnitType.NNR_AGG, "aggregate units (NNR_AGG) are not supported", UnsupportedError)
    s.require(
        not (kind == UnitType.NNR_MPS and context.mps is not None), "a stream has at most one model parameter set"
    )
    s.require(
        kind != UnitType.NNR_NDU or context.mps is not None,
        "the model parameter set comes before the first data unit",
    )
