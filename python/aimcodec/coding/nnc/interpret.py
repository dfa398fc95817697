"""Units of a stream to data units: parameter sets in force, names, shapes, codebooks, entry points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.data_unit import (
    CPT_BI,
    CPT_BN,
    CPT_DC,
    CPT_LS,
    PT_BLOCK,
    PT_FLOAT,
    PT_RAW_FLOAT,
    BlockRole,
    Codebook,
    CodedTensor,
    DataUnit,
    NodeId,
)
from aimcodec.errors import InconsistentError, MalformedError, OutOfRangeError, UnsupportedError
from aimcodec.syntax.nnc import Unit, UnitType

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["interpret"]

# Greater-than flags minus 1 when the stream does not say (4.1).
DEFAULT_UNARY_LENGTH_MINUS1 = 9

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1

# A quantization method that brings a QP density and offset (3.2).
QUANTIZED_METHODS = 3

Fields = Mapping[str, Any]
Quantization = tuple[int, int]  # qp_density, quantization_parameter


def interpret(units: Iterable[Unit]) -> list[DataUnit]:
    """The data units of a stream.

    Raises:
        UnsupportedError: tensors named by index, decomposed tensors outside blocks.
        InconsistentError: a tensor with a QP, and no parameter set in force that says how QPs are coded.
        AimcError: whatever reading the units raises.
    """
    data_units = []
    profile = 0
    parameters: Fields = {}
    model: Quantization | None = None
    layer: Quantization | None = None
    for number, unit in enumerate(units):
        if unit.kind == UnitType.NNR_STR:
            profile = unit.fields["nnr_start_unit_header"]["general_profile_idc"]
        elif unit.kind == UnitType.NNR_MPS:
            parameters = unit.fields["nnr_model_parameter_set_unit_payload"]
            model = _quantization(parameters, "mps")
        elif unit.kind == UnitType.NNR_LPS:
            layer = _quantization(unit.fields["nnr_layer_parameter_set_unit_payload"], "lps")
        elif unit.kind == UnitType.NNR_NDU:
            data_units.append(_data_unit(number, unit, profile, parameters, layer or model))
    return data_units


def _quantization(parameters: Fields, prefix: str) -> Quantization | None:
    """QP density and offset of a parameter set, if it has them."""
    if not parameters[f"{prefix}_quantization_method_flags"] & QUANTIZED_METHODS:
        return None
    return parameters[f"{prefix}_qp_density"], parameters[f"{prefix}_quantization_parameter"]


def _data_unit(
    number: int, unit: Unit, profile: int, parameters: Fields, quantization: Quantization | None
) -> DataUnit:
    path = f"units[{number}]"
    header: Fields = unit.fields["nnr_compressed_data_unit_header"]
    parent = bool(header.get("parent_node_id_present_flag", 0))
    payload_type = header["nnr_compressed_data_unit_payload_type"]
    if quantization is None and payload_type in (PT_FLOAT, PT_BLOCK):
        needy = f"{path}.nnr_compressed_data_unit_header.nnr_compressed_data_unit_payload_type"
        raise InconsistentError("no parameter set gives a qp_density", path=needy)
    data_unit = DataUnit(
        path=path,
        payload_type=payload_type,
        payload=memoryview(unit.payload),
        payload_bit=unit.payload_offset * 8,
        profile=profile,
        dq=bool(header.get("dq_flag", 0)),
        unary_length=header.get("cabac_unary_length_minus1", DEFAULT_UNARY_LENGTH_MINUS1) + 1,
        scan_order=header.get("scan_order", 0),
        parameter_types=header.get("compressed_parameter_types", 0),
        qp_density=quantization[0] if quantization else 0,
        qp_offset=quantization[1] if quantization else 0,
        update_signalled=bool(parameters.get("mps_parent_signalling_enabled_flag", 0)),
        parent=parent,
        temporal=bool(header.get("temporal_context_modeling_flag", 0)),
        node=_node(header),
    )
    data_unit.tensors = _tensors(header, data_unit)
    _attach_entry_points(header, data_unit)
    return data_unit


def _node(header: Fields) -> NodeId | None:
    if not header.get("node_id_present_flag", 0):
        return None
    return NodeId(header["device_id"], header["parameter_id"], header["put_node_depth"])


def _tensors(header: Fields, unit: DataUnit) -> list[CodedTensor]:
    if "topology_elem_id_index" in header:
        raise UnsupportedError(
            "tensors named by index (mps_topology_indexed_reference_flag) are not supported",
            path=f"{unit.path}.nnr_compressed_data_unit_header.topology_elem_id_index",
        )
    shape = tuple(header["tensor_dimensions"])
    codebook = _codebook(header.get("codebook"), unit)
    if unit.payload_type == PT_BLOCK:
        return _block_tensors(header, unit, shape, codebook)
    if unit.parameter_types & CPT_DC and unit.payload_type != PT_RAW_FLOAT:
        raise UnsupportedError(
            "decomposed tensors outside a block are not supported",
            path=f"{unit.path}.nnr_compressed_data_unit_header.compressed_parameter_types",
        )
    if "topology_elem_id" not in header:
        raise UnsupportedError(
            "several tensors in a unit that is not a block are not supported",
            path=f"{unit.path}.nnr_compressed_data_unit_header.topology_elements_ids_list",
        )
    return [CodedTensor(header["topology_elem_id"], shape, codebook=codebook)]


def _block_tensors(
    header: Fields, unit: DataUnit, shape: tuple[int, ...], codebook: Codebook | None
) -> list[CodedTensor]:
    """Tensors of a layer block in payload order, which differs from the order of the ids (4.2, 4.6)."""
    types = unit.parameter_types
    roles = [BlockRole.FACTOR_G, BlockRole.FACTOR_H] if types & CPT_DC else [BlockRole.WEIGHT]
    if types & CPT_LS:
        roles.append(BlockRole.LOCAL_SCALING)
    if types & CPT_BN:
        roles += [BlockRole.BETA, BlockRole.GAMMA, BlockRole.MEAN, BlockRole.VARIANCE]
    if types & CPT_BI:
        roles.append(BlockRole.BIAS)
    path = f"{unit.path}.nnr_compressed_data_unit_header"
    ids = header.get("topology_elements_ids_list", {})
    if "topology_elem_id_index_list" in ids:
        raise UnsupportedError(
            "tensors named by index (mps_topology_indexed_reference_flag) are not supported",
            path=f"{path}.topology_elements_ids_list.topology_elem_id_index_list",
        )
    names = ids.get("topology_elem_id_list", [header.get("topology_elem_id")])
    if len(names) != len(roles):
        raise InconsistentError(
            f"{len(names)} ids for the {len(roles)} tensors that compressed_parameter_types {types} announces",
            path=f"{path}.compressed_parameter_types",
        )
    if types & CPT_DC and codebook is not None:
        raise UnsupportedError("codebooks of decomposed tensors are not supported", path=f"{path}.codebook")
    shapes = _block_shapes(header, shape, path) if types & CPT_DC else {BlockRole.WEIGHT: shape}
    vector = (shape[0],)
    tensors = {
        role: CodedTensor(name, shapes.get(role, vector), role, codebook if role == BlockRole.WEIGHT else None)
        for name, role in zip(names, roles, strict=True)
    }
    payload_order = (
        BlockRole.LOCAL_SCALING,
        BlockRole.BIAS,
        BlockRole.BETA,
        BlockRole.GAMMA,
        BlockRole.MEAN,
        BlockRole.VARIANCE,
        BlockRole.WEIGHT,
        BlockRole.FACTOR_G,
        BlockRole.FACTOR_H,
    )
    return [tensors[role] for role in payload_order if role in tensors]


def _block_shapes(header: Fields, shape: tuple[int, ...], path: str) -> dict[str, tuple[int, ...]]:
    """Shapes of the factors of a decomposed weight (4.6)."""
    rank, rows = header["decomposition_rank"], header["g_number_of_rows"]
    count = 1
    for dimension in shape:
        count *= dimension
    if rows < 1 or rank < 1 or count % rows:
        raise InconsistentError(
            f"{count} elements cannot be factored into {rows} rows of rank {rank}", path=f"{path}.g_number_of_rows"
        )
    return {BlockRole.FACTOR_G: (rows, rank), BlockRole.FACTOR_H: (rank, count // rows)}


def _codebook(fields: Fields | None, unit: DataUnit) -> Codebook | None:
    """Section 4.3: entries outwards from the one at CbZeroOffset."""
    if fields is None:
        return None
    size = fields["codebook_size"]
    zero = (size >> 1) + fields["codebook_center_offset"]
    centre = fields["codebook_zero_value"]
    left = np.cumsum(np.asarray(fields["codebook_delta_left"], np.float64) + 1)
    right = np.cumsum(np.asarray(fields["codebook_delta_right"], np.float64) + 1)
    values = np.concatenate([centre - left[::-1], [centre], centre + right])
    if values[0] < INT32_MIN or values[-1] > INT32_MAX:
        raise OutOfRangeError(
            "a codebook entry does not fit 32 bits", path=f"{unit.path}.nnr_compressed_data_unit_header.codebook"
        )
    return Codebook(values.astype(np.int32), zero)


def _attach_entry_points(header: Fields, unit: DataUnit) -> None:
    """Section 4.4: the list holds the entry points of one tensor after the other."""
    listed = _entry_points(header.get("entry_points", []))
    side = 4 << unit.scan_order
    coded = [t for t in unit.tensors if t.role in (BlockRole.WEIGHT, BlockRole.FACTOR_G, BlockRole.FACTOR_H)]
    start = 0
    for tensor in coded if unit.scan_order > 0 else []:
        count = -(-tensor.rows // side) - 1
        own = listed[start : start + count].copy()
        start += count
        if count > 0 and tensor.is_2d:
            own[:, 0] = np.cumsum(own[:, 0])
            tensor.entry_points = own


def _entry_points(fields: list[Fields]) -> NDArray[np.uint64]:
    """Rows (distance in bits from the block row before, value, trellis state)."""
    table = np.zeros((len(fields), 3), np.uint64)
    offset = 0
    for row, entry in enumerate(fields):
        offset += entry["cabac_bit_offset"]
        if not 0 <= offset < 1 << 40:
            raise MalformedError(f"entry point {row} lies {offset} bits from the block row before")
        table[row] = (offset, entry["cabac_entry_point_value"], entry.get("cabac_entry_point_dq_state", 0))
    return table
