"""Compressed data unit (section 4): its elements, its codeword, and how its header is written."""

# ruff: noqa: N802, N803, N806, N815 (names are those of the text)
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ...errors import ArgumentError
from ..ndu import NNR_CPT_DC, NNR_PT_BLOCK, NNR_PT_FLOAT, NNR_PT_INT
from ..payload import Codeword
from .bit_writer import BitWriter
from .parameter_sets import LayerParameterSet, ModelParameterSet, write_topology_elements_ids_list
from .payload import EncodedPayload, EntryPoint, TensorChoices, encode_payload

__all__ = ["Codebook", "DataUnit", "ParentNode", "codebook", "encode_data_unit"]


@dataclass(frozen=True)
class ParentNode:
    """The fields behind parent_node_id_present_flag (section 4.1).

    Attributes:
        parent_device_id: of type 0.
        parameter_id, put_node_depth: of type 0, where node_id_present_flag is 0.
        sha: of types 1 and 2: 256 or 512 bits.
    """

    parent_node_id_type: int = 0
    temporal_context_modeling_flag: int = 0
    parent_device_id: int = 0
    parameter_id: int = 0
    put_node_depth: int = 0
    sha: int = 0


@dataclass(frozen=True)
class Codebook:
    """Section 4.3, as it is coded. CbZeroOffset is the number of deltas to the left."""

    codebook_egk: int
    codebook_zero_value: int
    delta_left: tuple[int, ...]
    delta_right: tuple[int, ...]

    @property
    def codebook_size(self) -> int:
        """Entries: the one at CbZeroOffset and one for each delta."""
        return 1 + len(self.delta_left) + len(self.delta_right)

    @property
    def CbZeroOffset(self) -> int:
        """Place of codebook_zero_value."""
        return len(self.delta_left)


def codebook(cb: Sequence[int], CbZeroOffset: int, codebook_egk: int = 0) -> Codebook:
    """A codebook of the entries cb[0] < cb[1] < ... (section 4.3)."""
    gaps = [after - before - 1 for before, after in pairwise(cb)]
    return Codebook(codebook_egk, cb[CbZeroOffset], tuple(gaps[:CbZeroOffset][::-1]), tuple(gaps[CbZeroOffset:]))


@dataclass(frozen=True, eq=False)
class DataUnit:
    """A data unit and everything that its header may say. Elements that are None are absent.

    Attributes:
        topology_elem_ids: one name, or several in the order of section 4.2; indices with
            mps_topology_indexed_reference_flag.
        tensor_dimensions: of the header; None for tensor_dimensions_flag 0.
        tensors: in payload order (section 4.6); those of an NNR_PT_RAW_FLOAT unit are in `payload`.
        node_id: (device_id, parameter_id, put_node_depth).
        codebook: of the weight, or of G.
        codebook_H: of H, with NNR_CPT_DC.
        cabac_unary_length_minus1: None for cabac_unary_length_flag 0, which means 9.
        entry_points: of the header; None for those of the codeword.
        payload: bytes in place of the codeword of `tensors`; of raw values.
        nncodec1: the dialect of NNCodec 1 of edition 1 (section 13.1).
    """

    nnr_compressed_data_unit_payload_type: int
    topology_elem_ids: tuple[str | int, ...]
    tensor_dimensions: tuple[int, ...] | None
    tensors: tuple[TensorChoices, ...] = ()
    node_id: tuple[int, int, int] | None = None
    parent: ParentNode | None = None
    codebook: Codebook | None = None
    codebook_H: Codebook | None = None
    dq_flag: int = 0
    nnr_decompressed_data_format: int | None = None
    input_parameters_present_flag: int = 1
    compressed_parameter_types: int = 0
    decomposition_rank: int = 0
    g_number_of_rows: int = 0
    cabac_unary_length_minus1: int | None = 9
    first_tensor_dimension_shift: int = 0
    scan_order: int = 0
    entry_points: Sequence[EntryPoint] | None = None
    payload: bytes | None = None
    nncodec1: bool = False


def encode_data_unit(
    unit: DataUnit, general_profile_idc: int, mps: ModelParameterSet, lps: LayerParameterSet | None
) -> tuple[bytes, EncodedPayload | None]:
    """Header and payload behind the framing, and the codeword where there is one.

    Raises:
        ArgumentError: choices that the syntax cannot say.
    """
    codeword = None
    entry_points = unit.entry_points or ()
    if unit.payload is None:
        codeword = encode_payload(codeword_of(unit, general_profile_idc, mps, lps), coded_tensors(unit))
        if unit.entry_points is None:
            entry_points = [point for points in codeword.entry_points for point in points]
    w = BitWriter()
    write_header(w, unit, general_profile_idc, mps, entry_points)
    payload = unit.payload if codeword is None else codeword.data
    return w.tobytes() + (payload or b""), codeword


def codeword_of(
    unit: DataUnit, general_profile_idc: int, mps: ModelParameterSet, lps: LayerParameterSet | None
) -> Codeword:
    """What the headers say about the codeword (section 5)."""
    qp_density = mps.mps_qp_density
    if lps is not None and lps.lps_quantization_method_flags & 3:
        qp_density = lps.lps_qp_density
    is_int = unit.nnr_compressed_data_unit_payload_type == NNR_PT_INT
    return Codeword(
        general_profile_idc=general_profile_idc,
        has_qp=not is_int,
        qp_density=qp_density,
        dq_flag=0 if is_int else unit.dq_flag,
        cabac_unary_length_minus1=9 if unit.cabac_unary_length_minus1 is None else unit.cabac_unary_length_minus1,
        scan_order=unit.scan_order,
        parent_node_id_present_flag=0 if unit.parent is None else 1,
        nncodec1=unit.nncodec1,
    )


def coded_tensors(unit: DataUnit) -> list[TensorChoices]:
    """The tensors with the codebooks of the header: of the weight, which comes last, or of G and H (section 4.3)."""
    tensors = list(unit.tensors)
    has_DC = unit.nnr_compressed_data_unit_payload_type == NNR_PT_BLOCK and unit.compressed_parameter_types & NNR_CPT_DC
    codebooks = [(-2, unit.codebook), (-1, unit.codebook_H)] if has_DC else [(-1, unit.codebook)]
    for place, book in codebooks:
        if book is not None:
            tensors[place] = replace(tensors[place], cbSize=book.codebook_size, cbZero=book.CbZeroOffset)
    return tensors


def write_header(
    w: BitWriter,
    unit: DataUnit,
    general_profile_idc: int,
    mps: ModelParameterSet,
    entry_points: Sequence[EntryPoint],
) -> None:
    """Section 4.1, up to and including `align`."""
    payload_type = unit.nnr_compressed_data_unit_payload_type
    w.u(5, payload_type)
    w.u(1, 1 if len(unit.topology_elem_ids) > 1 else 0)
    w.u(1, 0 if unit.nnr_decompressed_data_format is None else 1)
    w.u(1, unit.input_parameters_present_flag)
    write_ids(w, unit.topology_elem_ids)
    if general_profile_idc == 1:
        write_nodes(w, unit, mps)
    if payload_type in (NNR_PT_FLOAT, NNR_PT_BLOCK):
        w.u(1, 0 if unit.codebook is None else 1)
        if unit.codebook is not None:
            write_codebook(w, unit.codebook)
    if payload_type in (NNR_PT_INT, NNR_PT_FLOAT, NNR_PT_BLOCK):
        w.u(1, unit.dq_flag)
    if unit.nnr_decompressed_data_format is not None:
        w.u(7, unit.nnr_decompressed_data_format)
    if unit.input_parameters_present_flag:
        write_input_parameters(w, unit)
    if unit.codebook_H is not None:
        write_codebook(w, unit.codebook_H)
    if unit.tensor_dimensions is not None and len(unit.tensor_dimensions) > 1:
        if general_profile_idc == 1:
            w.ue(1, unit.first_tensor_dimension_shift)
        w.u(4, unit.scan_order)
        if unit.scan_order > 0:
            write_entry_points(w, entry_points, unit.dq_flag)
    w.align()


def write_ids(w: BitWriter, ids: tuple[str | int, ...]) -> None:
    """The name or index of the tensor, or the list of section 4.2."""
    if len(ids) > 1:
        write_topology_elements_ids_list(w, ids)
    elif isinstance(ids[0], str):
        w.st(ids[0])
    else:
        w.ue(7, ids[0])


def write_nodes(w: BitWriter, unit: DataUnit, mps: ModelParameterSet) -> None:
    """The place in the parameter update tree (section 12.2)."""
    w.u(1, 0 if unit.node_id is None else 1)
    if unit.node_id is not None:
        device_id, parameter_id, put_node_depth = unit.node_id
        w.ue(1, device_id)
        w.ue(5, parameter_id)
        w.ue(4, put_node_depth)
    if not mps.mps_parent_signalling_enabled_flag:
        if unit.parent is not None:
            raise ArgumentError("parents of nodes need mps_parent_signalling_enabled_flag")
        return
    w.u(1, 0 if unit.parent is None else 1)
    if unit.parent is not None:
        write_parent(w, unit.parent, node_id_present=unit.node_id is not None)


def write_parent(w: BitWriter, parent: ParentNode, *, node_id_present: bool) -> None:
    """The parent fields of section 4.1."""
    w.u(2, parent.parent_node_id_type)
    w.u(1, parent.temporal_context_modeling_flag)
    if parent.parent_node_id_type == 0:
        w.ue(1, parent.parent_device_id)
        if not node_id_present:
            w.ue(5, parent.parameter_id)
            w.ue(4, parent.put_node_depth)
    elif parent.parent_node_id_type == 1:
        w.u(256, parent.sha)
    elif parent.parent_node_id_type == 2:
        w.u(512, parent.sha)


def write_codebook(w: BitWriter, book: Codebook) -> None:
    """Section 4.3."""
    w.u(4, book.codebook_egk)
    w.ue(2, book.codebook_size)
    w.ie(2, book.CbZeroOffset - (book.codebook_size >> 1))
    w.ie(7, book.codebook_zero_value)
    for delta in (*book.delta_left, *book.delta_right):
        w.ue(book.codebook_egk, delta)


def write_input_parameters(w: BitWriter, unit: DataUnit) -> None:
    """What input_parameters_present_flag announces (section 4.1)."""
    w.u(1, 0 if unit.tensor_dimensions is None else 1)
    w.u(1, 0 if unit.cabac_unary_length_minus1 is None else 1)
    w.u(4, unit.compressed_parameter_types)
    if unit.compressed_parameter_types & NNR_CPT_DC:
        w.ue(3, unit.decomposition_rank)
        w.ue(3, unit.g_number_of_rows)
    if unit.tensor_dimensions is not None:
        w.ue(1, len(unit.tensor_dimensions))
        for dimension in unit.tensor_dimensions:
            w.ue(7, dimension)
    if unit.cabac_unary_length_minus1 is not None:
        w.u(8, unit.cabac_unary_length_minus1)


def write_entry_points(w: BitWriter, entry_points: Sequence[EntryPoint], dq_flag: int) -> None:
    """Section 4.4."""
    for j, point in enumerate(entry_points):
        w.u(8, point.value)
        if dq_flag:
            w.u(3, point.dq_state)
        if j == 0:
            w.ue(11, point.offset)
        else:
            w.ie(7, point.offset - entry_points[j - 1].offset)
