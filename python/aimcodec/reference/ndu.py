"""Header of the compressed data unit (section 4)."""

# ruff: noqa: N806 (names are those of the text)
from __future__ import annotations

import math
from dataclasses import dataclass

from ..errors import InconsistentError, LimitExceededError, OutOfRangeError, UnsupportedError
from .bits import BitReader
from .parameter_sets import ModelParameterSet, topology_elements_ids_list

__all__ = [
    "NNR_CPT_BI",
    "NNR_CPT_BN",
    "NNR_CPT_DC",
    "NNR_CPT_LS",
    "NNR_PT_BLOCK",
    "NNR_PT_FLOAT",
    "NNR_PT_INT",
    "NNR_PT_RAW_FLOAT",
    "Codebook",
    "NduHeader",
    "ParentNode",
    "compressed_data_unit_header",
]

NNR_PT_INT = 0
NNR_PT_FLOAT = 1
NNR_PT_RAW_FLOAT = 2
NNR_PT_BLOCK = 3

NNR_CPT_DC = 1
NNR_CPT_LS = 2
NNR_CPT_BN = 4
NNR_CPT_BI = 8

# The text has no bound; arrays have this one, in every version of numpy.
MAX_RANK = 32

# Dimensions have 32 bits (section 19.7).
LARGEST_DIMENSION = 1 << 32

INT32_RANGE = range(-(1 << 31), 1 << 31)


@dataclass(frozen=True)
class Codebook:
    """Section 4.3: entries cb[0] < cb[1] < ..., all int32."""

    CbZeroOffset: int
    cb: tuple[int, ...]


@dataclass(frozen=True)
class ParentNode:
    """The fields behind parent_node_id_present_flag (sections 4.1, 12.2)."""

    parent_node_id_type: int
    temporal_context_modeling_flag: int


@dataclass(frozen=True)
class NduHeader:
    """What the header of section 4.1 says; absent elements have the values the text gives them.

    `node_id` is (device_id, parameter_id, put_node_depth), None without node_id_present_flag. `parent` is None without
    parent_node_id_present_flag. `topology_elem_ids` holds one name, or the names of the id list in the order of 4.2.
    `factors` are the first dimensions of G and H, None without NNR_CPT_DC.
    """

    payload_type: int
    topology_elem_ids: tuple[str, ...]
    node_id: tuple[int, int, int] | None
    parent: ParentNode | None
    codebook: Codebook | None
    dq_flag: int
    compressed_parameter_types: int
    tensor_dimensions: tuple[int, ...]
    cabac_unary_length_minus1: int
    scan_order: int
    factors: tuple[int, int] | None = None


def compressed_data_unit_header(r: BitReader, general_profile_idc: int, mps: ModelParameterSet) -> NduHeader:
    """Section 4.1, up to and including `align`."""
    offset = r.position
    payload_type = r.u(5, "nnr_compressed_data_unit_payload_type")
    if payload_type > NNR_PT_BLOCK:
        raise OutOfRangeError(
            f"payload type {payload_type} is not one of 0 .. 3",
            bit_offset=offset,
            path=r.element_path("nnr_compressed_data_unit_payload_type"),
        )
    nnr_multiple_topology_elements_present_flag = r.u(1, "nnr_multiple_topology_elements_present_flag")
    nnr_decompressed_data_format_present_flag = r.u(1, "nnr_decompressed_data_format_present_flag")
    input_parameters_present_flag = r.u(1, "input_parameters_present_flag")
    if mps.mps_topology_indexed_reference_flag:
        raise _unsupported(r, "topology_elem_id_index", "tensors named by index")
    if nnr_multiple_topology_elements_present_flag:
        if payload_type != NNR_PT_BLOCK:
            raise _unsupported(r, "topology_elements_ids_list", "several elements in a unit that is not a block")
        topology_elem_ids = topology_elements_ids_list(r)
    else:
        topology_elem_ids = (r.st("topology_elem_id"),)

    node_id, parent = None, None
    if general_profile_idc == 1:
        if r.u(1, "node_id_present_flag"):
            node_id = r.ue(1, "device_id"), r.ue(5, "parameter_id"), r.ue(4, "put_node_depth")
        if mps.mps_parent_signalling_enabled_flag and r.u(1, "parent_node_id_present_flag"):
            parent = parent_node(r, node_id_present_flag=node_id is not None)

    codebook = None
    dq_flag = 0
    if payload_type in (NNR_PT_FLOAT, NNR_PT_BLOCK) and r.u(1, "codebook_present_flag"):
        codebook = read_codebook(r)
    if payload_type != NNR_PT_RAW_FLOAT:
        dq_flag = r.u(1, "dq_flag")
    if nnr_decompressed_data_format_present_flag:
        decompressed_data_format(r)

    if not input_parameters_present_flag:
        raise _unsupported(r, "tensor_dimensions", "dimensions from outside the stream")
    tensor_dimensions_flag = r.u(1, "tensor_dimensions_flag")
    cabac_unary_length_flag = r.u(1, "cabac_unary_length_flag")
    compressed_parameter_types = r.u(4, "compressed_parameter_types")
    factors = None
    if compressed_parameter_types & NNR_CPT_DC:
        if payload_type in (NNR_PT_INT, NNR_PT_FLOAT):
            raise _unsupported(r, "compressed_parameter_types", "decomposed weights outside a block")
        factors = read_factors(r)
    if not tensor_dimensions_flag:
        raise _unsupported(r, "tensor_dimensions", "dimensions from outside the stream")
    tensor_dimensions = read_tensor_dimensions(r)
    cabac_unary_length_minus1 = r.u(8, "cabac_unary_length_minus1") if cabac_unary_length_flag else 9

    if factors is not None and codebook is not None:
        raise _unsupported(r, "codebook", "codebooks of decomposed weights")
    scan_order = 0
    if len(tensor_dimensions) > 1:
        if general_profile_idc == 1:
            r.ue(1, "first_tensor_dimension_shift")
        offset = r.position
        scan_order = r.u(4, "scan_order")
        if scan_order > 4:
            raise OutOfRangeError(
                f"scan_order is {scan_order}, not 0 .. 4", bit_offset=offset, path=r.element_path("scan_order")
            )
        if scan_order > 0:
            if factors is not None and payload_type != NNR_PT_BLOCK:
                raise _unsupported(r, "scan_order", "block scans of factors outside a block")
            entry_points(r, tensor_dimensions[:1] if factors is None else factors, scan_order, dq_flag)
    r.align()
    return NduHeader(
        payload_type,
        topology_elem_ids,
        node_id,
        parent,
        codebook,
        dq_flag,
        compressed_parameter_types,
        tensor_dimensions,
        cabac_unary_length_minus1,
        scan_order,
        factors if payload_type == NNR_PT_BLOCK else None,
    )


def decompressed_data_format(r: BitReader) -> None:
    """Section 4.5: a wish, read and dropped."""
    offset = r.position
    if r.u(7, "nnr_decompressed_data_format") > 9:
        raise OutOfRangeError(
            "nnr_decompressed_data_format is not 0 .. 9",
            bit_offset=offset,
            path=r.element_path("nnr_decompressed_data_format"),
        )


def read_factors(r: BitReader) -> tuple[int, int]:
    """g_number_of_rows and decomposition_rank: the first dimensions of G and H (section 4.6)."""
    factors = []
    for name in ("decomposition_rank", "g_number_of_rows"):
        offset = r.position
        factors.append(r.ue(3, name))
        if not 0 < factors[-1] < LARGEST_DIMENSION:
            raise OutOfRangeError(f"{name} is {factors[-1]}", bit_offset=offset, path=r.element_path(name))
    return factors[1], factors[0]


def parent_node(r: BitReader, node_id_present_flag: bool) -> ParentNode:
    """The parent fields of section 4.1; identification itself is parsed and not used (section 12.3 goes by name)."""
    offset = r.position
    parent_node_id_type = r.u(2, "parent_node_id_type")
    if parent_node_id_type > 2:
        raise OutOfRangeError("parent_node_id_type is 3", bit_offset=offset, path=r.element_path("parent_node_id_type"))
    temporal_context_modeling_flag = r.u(1, "temporal_context_modeling_flag")
    if parent_node_id_type == 0:
        r.ue(1, "parent_device_id")
        if not node_id_present_flag:
            r.ue(5, "parameter_id")
            r.ue(4, "put_node_depth")
    elif parent_node_id_type == 1:
        r.u(256, "parent_node_payload_sha256")
    else:
        r.u(512, "parent_node_payload_sha512")
    return ParentNode(parent_node_id_type, temporal_context_modeling_flag)


def read_codebook(r: BitReader) -> Codebook:
    """Section 4.3."""
    codebook_egk = r.u(4, "codebook_egk")
    offset = r.position
    codebook_size = r.ue(2, "codebook_size")
    if codebook_size == 0:
        raise OutOfRangeError("a codebook of no entries", bit_offset=offset, path=r.element_path("codebook_size"))
    # Each entry but the one at CbZeroOffset takes at least one bit.
    if codebook_size - 1 > r.end - r.position:
        raise InconsistentError(
            f"the unit cannot hold a codebook of {codebook_size} entries",
            bit_offset=offset,
            path=r.element_path("codebook_size"),
        )
    offset = r.position
    CbZeroOffset = (codebook_size >> 1) + r.ie(2, "codebook_center_offset")
    if not 0 <= CbZeroOffset < codebook_size:
        raise OutOfRangeError(
            f"CbZeroOffset {CbZeroOffset} is outside a codebook of {codebook_size} entries",
            bit_offset=offset,
            path=r.element_path("codebook_center_offset"),
        )
    offset = r.position
    cb = [0] * codebook_size
    cb[CbZeroOffset] = r.ie(7, "codebook_zero_value")
    for j in range(CbZeroOffset - 1, -1, -1):
        cb[j] = cb[j + 1] - r.ue(codebook_egk, f"codebook_delta_left[{CbZeroOffset - 1 - j}]") - 1
    for j in range(CbZeroOffset + 1, codebook_size):
        cb[j] = cb[j - 1] + r.ue(codebook_egk, f"codebook_delta_right[{j - CbZeroOffset - 1}]") + 1
    if cb[0] not in INT32_RANGE or cb[-1] not in INT32_RANGE:
        raise OutOfRangeError(
            "codebook entries leave int32", bit_offset=offset, path=r.element_path("codebook_zero_value")
        )
    return Codebook(CbZeroOffset, tuple(cb))


def read_tensor_dimensions(r: BitReader) -> tuple[int, ...]:
    """count_tensor_dimensions and tensor_dimensions[j] of section 4.1. There are no empty tensors (section 13.3)."""
    offset = r.position
    count_tensor_dimensions = r.ue(1, "count_tensor_dimensions")
    if count_tensor_dimensions == 0:
        raise OutOfRangeError(
            "a tensor without dimensions", bit_offset=offset, path=r.element_path("count_tensor_dimensions")
        )
    if count_tensor_dimensions > MAX_RANK:
        raise LimitExceededError(
            f"{count_tensor_dimensions} dimensions are more than {MAX_RANK}",
            bit_offset=offset,
            path=r.element_path("count_tensor_dimensions"),
        )
    tensor_dimensions: list[int] = []
    for j in range(count_tensor_dimensions):
        offset = r.position
        tensor_dimensions.append(r.ue(7, f"tensor_dimensions[{j}]"))
        if tensor_dimensions[j] == 0:
            raise OutOfRangeError("a dimension of 0", bit_offset=offset, path=r.element_path(f"tensor_dimensions[{j}]"))
        if tensor_dimensions[j] >= LARGEST_DIMENSION:
            message = f"dimension {tensor_dimensions[j]} has more than 32 bits"
            raise OutOfRangeError(message, bit_offset=offset, path=r.element_path(f"tensor_dimensions[{j}]"))
    return tuple(tensor_dimensions)


def entry_points(r: BitReader, first_dimensions: tuple[int, ...], scan_order: int, dq_flag: int) -> None:
    """Section 4.4: read and dropped, a sequential decoder needs none of it (section 10.2)."""
    blockDim = 4 << scan_order
    E = 0
    for rows in first_dimensions:
        E += math.ceil(rows / blockDim) - 1
    for j in range(E):
        r.u(8, f"cabac_entry_point_value[{j}]")
        if dq_flag:
            r.u(3, f"cabac_entry_point_dq_state[{j}]")
        if j == 0:
            r.ue(11, "cabac_bit_offset[0]")
        else:
            r.ie(7, f"cabac_bit_offset[{j}]")


def _unsupported(r: BitReader, name: str, what: str) -> UnsupportedError:
    return UnsupportedError(f"{what} (not decoded)", bit_offset=r.position, path=r.element_path(name))
