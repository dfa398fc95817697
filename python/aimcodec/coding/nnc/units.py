"""Units of the streams we write (sections 2 to 4): the same choices of syntax as the encoders in circulation make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.data_unit import PT_INT, PT_RAW_FLOAT, Codebook, NodeId
from aimcodec.syntax.nnc import Unit, UnitType

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["codebook_bits", "data_unit", "leading_units"]

# parent_node_id_type 0: the parent is named by its ids (12.2).
ICNN_NDU_ID = 0

# Orders of the Exp-Golomb codes of codebook differences (4.3).
CODEBOOK_ORDERS = range(16)

# Order, size, centre and zero value of a codebook of usual size.
CODEBOOK_LEADING_BITS = 30


def leading_units(qp_density: int, *, edition: int = 2, update: bool = False) -> list[Unit]:
    """Start unit, model parameter set and an empty topology unit."""
    of_edition_2: dict[str, Any] = {}
    if edition == 2:
        of_edition_2 = {
            "base_model_id_present_flag": 0,
            "validation_set_performance_present_flag": 0,
            "metric_type_performance_map_valid_flag": 0,
            "mps_parent_signalling_enabled_flag": int(update),
        }
        if update:
            of_edition_2["nnr_pre_flag"] = 0
    return [
        Unit(UnitType.NNR_STR, {"nnr_start_unit_header": {"general_profile_idc": edition - 1}}),
        Unit(
            UnitType.NNR_MPS,
            {
                "nnr_model_parameter_set_unit_payload": {
                    "topology_carriage_flag": 1,
                    "mps_sparsification_flag": 0,
                    "mps_pruning_flag": 0,
                    "mps_unification_flag": 0,
                    "mps_decomposition_performance_map_flag": 0,
                    "mps_quantization_method_flags": 1,
                    "mps_topology_indexed_reference_flag": 0,
                    **of_edition_2,
                    "mps_qp_density": qp_density,
                    "mps_quantization_parameter": 0,
                }
            },
        ),
        Unit(
            UnitType.NNR_TPL,
            {
                "nnr_topology_unit_header": {"topology_storage_format": 0, "topology_compression_format": 0},
                "nnr_topology_unit_payload": {"topology_data": ""},
            },
        ),
    ]


def data_unit(
    name: str,
    shape: Sequence[int],
    payload_type: int,
    payload: bytes | memoryview,
    *,
    node: NodeId | None,
    update: bool = False,
    temporal: bool = False,
    codebook: Codebook | None = None,
    dq: bool = False,
    unary_length: int,
    scan_order: int = 0,
    entry_points: NDArray[np.uint64] | None = None,
) -> Unit:
    """A compressed data unit with one tensor (4.1); without a node id in edition 1."""
    header: dict[str, Any] = {
        "nnr_compressed_data_unit_payload_type": payload_type,
        "nnr_multiple_topology_elements_present_flag": 0,
        "nnr_decompressed_data_format_present_flag": 0,
        "input_parameters_present_flag": 1,
        "topology_elem_id": name,
    }
    if node is not None:
        header |= _node_fields(node, update, temporal)
    if payload_type not in (PT_INT, PT_RAW_FLOAT):
        header["codebook_present_flag"] = int(codebook is not None)
        if codebook is not None:
            header["codebook"] = codebook_fields(codebook)
    if payload_type != PT_RAW_FLOAT:
        header["dq_flag"] = int(dq)
    header |= {
        "tensor_dimensions_flag": 1,
        "cabac_unary_length_flag": 1,
        "compressed_parameter_types": 0,
        "count_tensor_dimensions": len(shape),
        "tensor_dimensions": list(shape),
        "cabac_unary_length_minus1": unary_length - 1,
    }
    if len(shape) > 1:
        if node is not None:
            header["first_tensor_dimension_shift"] = 0
        header["scan_order"] = scan_order
        if scan_order > 0:
            header["entry_points"] = _entry_point_fields(entry_points, dq)
    return Unit(UnitType.NNR_NDU, {"nnr_compressed_data_unit_header": header}, payload)


def _node_fields(node: NodeId, update: bool, temporal: bool) -> dict[str, int]:
    """Place in the parameter update tree (12.2); an update's parent is the same tensor, one node up."""
    fields = {
        "node_id_present_flag": 1,
        "device_id": node.device_id,
        "parameter_id": node.parameter_id,
        "put_node_depth": node.put_node_depth,
    }
    if update:
        fields |= {
            "parent_node_id_present_flag": 1,
            "parent_node_id_type": ICNN_NDU_ID,
            "temporal_context_modeling_flag": int(temporal),
            "parent_device_id": node.device_id,
        }
    return fields


def _entry_point_fields(entry_points: NDArray[np.uint64] | None, dq: bool) -> list[dict[str, int]]:
    """4.4: the distance between block rows, after the first as the difference to the one before."""
    if entry_points is None:
        return []
    shifts = entry_points[:, 0].astype(np.int64)
    distances = np.diff(shifts, prepend=0)
    coded = np.diff(distances, prepend=0)
    fields = []
    for offset, (value, state) in zip(coded.tolist(), entry_points[:, 1:].tolist(), strict=True):
        entry = {"cabac_entry_point_value": value}
        if dq:
            entry["cabac_entry_point_dq_state"] = state
        entry["cabac_bit_offset"] = offset
        fields.append(entry)
    return fields


def codebook_fields(codebook: Codebook) -> dict[str, Any]:
    """4.3, with the order that makes the differences shortest."""
    values = codebook.values.astype(np.int64)
    gaps = _gaps(codebook)
    return {
        "codebook_egk": _best_order(gaps),
        "codebook_size": len(values),
        "codebook_center_offset": codebook.zero - (len(values) >> 1),
        "codebook_zero_value": int(values[codebook.zero]),
        "codebook_delta_left": gaps[: codebook.zero][::-1].tolist(),
        "codebook_delta_right": gaps[codebook.zero :].tolist(),
    }


def codebook_bits(codebook: Codebook) -> int:
    """Bits of a codebook in the header, but for the three short elements in front that vary little."""
    gaps = _gaps(codebook)
    return CODEBOOK_LEADING_BITS + _golomb_bits(gaps, _best_order(gaps))


def _gaps(codebook: Codebook) -> NDArray[np.int64]:
    """Distances between neighbouring entries, minus 1."""
    values = codebook.values.astype(np.int64)
    return np.asarray(values[1:] - values[:-1] - 1, np.int64)


def _best_order(gaps: NDArray[np.int64]) -> int:
    return min(CODEBOOK_ORDERS, key=lambda k: _golomb_bits(gaps, k))


def _golomb_bits(values: NDArray[np.int64], order: int) -> int:
    """Bits of ue(order): a prefix of z zeros and a 1, then order + z bits."""
    prefix = np.floor(np.log2((values >> order) + 1)).astype(np.int64)
    return int((2 * prefix + 1 + order).sum())
