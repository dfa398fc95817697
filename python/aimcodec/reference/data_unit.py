"""One compressed data unit: its tensors, its codeword, their values (sections 4.6, 5, 11, 13.1)."""

# ruff: noqa: N806 (names are those of the text)
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import AimcError, InconsistentError
from .bits import BitReader
from .cabac import Bin, Trace
from .ndu import (
    NNR_CPT_BI,
    NNR_CPT_BN,
    NNR_CPT_LS,
    NNR_PT_BLOCK,
    NNR_PT_INT,
    Codebook,
    NduHeader,
)
from .parameter_sets import Quantization
from .payload import CodedTensor, Codeword, DecodedTensor, decode_payload
from .reconstruct import codebook_values, raw_values, step_size, uniform_values
from .updates import UpdateState

__all__ = ["Member", "coded_tensor", "codeword_of", "decode_codeword", "members", "raw_tensor", "values_of"]


@dataclass(frozen=True)
class Member:
    """One tensor of a data unit."""

    name: str
    dimensions: tuple[int, ...]
    codebook: Codebook | None = None


def members(header: NduHeader, path: str) -> list[Member]:
    """Tensors of a data unit in payload order (section 4.6), named by the id list, which is in the order of 4.2."""
    weight = Member(header.topology_elem_ids[0], header.tensor_dimensions, header.codebook)
    types = header.compressed_parameter_types if header.payload_type == NNR_PT_BLOCK else 0
    has_LS, has_BN, has_BI = (bool(types & bit) for bit in (NNR_CPT_LS, NNR_CPT_BN, NNR_CPT_BI))
    weights = [weight] if header.factors is None else factors_of(header, path)
    count = len(weights) + has_LS + 4 * has_BN + has_BI
    if count != len(header.topology_elem_ids):
        raise InconsistentError(
            f"{len(header.topology_elem_ids)} names for {count} tensors", path=f"{path}.topology_elem_id_list"
        )
    vectors = [Member(name, header.tensor_dimensions[:1]) for name in header.topology_elem_ids[len(weights) :]]
    LS = [vectors.pop(0)] if has_LS else []
    BI = [vectors.pop()] if has_BI else []
    if header.factors is None:
        return [*LS, *BI, *vectors, weight]
    return [*LS, *BI, *vectors, *weights]


def factors_of(header: NduHeader, path: str) -> list[Member]:
    """G and H in place of the weight (section 4.6)."""
    g_number_of_rows, decomposition_rank = header.factors or (1, 1)
    count = math.prod(header.tensor_dimensions)
    if count % g_number_of_rows:
        raise InconsistentError(
            f"{count} elements do not make {g_number_of_rows} rows", path=f"{path}.g_number_of_rows"
        )
    G, H = [*header.topology_elem_ids, "", ""][:2]
    return [
        Member(G, (g_number_of_rows, decomposition_rank)),
        Member(H, (decomposition_rank, count // g_number_of_rows)),
    ]


def raw_tensor(r: BitReader, dimensions: tuple[int, ...]) -> NDArray[np.float32]:
    """Payload of NNR_PT_RAW_FLOAT (section 4.1)."""
    offset = r.position
    payload = r.rest()
    if len(payload) != 4 * math.prod(dimensions):
        raise InconsistentError(
            f"a payload of {len(payload)} bytes does not have 4 for each of the {math.prod(dimensions)} values",
            bit_offset=offset,
            path=r.element_path("payload"),
        )
    return raw_values(payload, dimensions)


def codeword_of(header: NduHeader, general_profile_idc: int, quantization: Quantization | None, path: str) -> Codeword:
    """What the headers say about the codeword (section 5)."""
    if header.payload_type == NNR_PT_INT:
        # The release's decoder takes dq_flag as 0 here (section 4.1).
        has_qp, dq_flag, quantization = False, 0, Quantization(0, 0)
    elif quantization is None:
        raise InconsistentError("no parameter set gives a qp_density", path=f"{path}.qp_delta")
    else:
        has_qp, dq_flag = True, header.dq_flag
    return Codeword(
        general_profile_idc=general_profile_idc,
        has_qp=has_qp,
        qp_density=quantization.qp_density,
        quantization_parameter=quantization.quantization_parameter,
        dq_flag=dq_flag,
        cabac_unary_length_minus1=header.cabac_unary_length_minus1,
        scan_order=header.scan_order,
        parent_node_id_present_flag=int(header.parent is not None),
    )


def coded_tensor(member: Member, header: NduHeader, state: UpdateState, path: str) -> CodedTensor:
    """What headers and update state say about one tensor of the codeword (sections 5.1, 12.3, 12.5)."""
    cbSize, cbZero, ref, history = 0, 0, None, None
    if member.codebook is not None:
        cbSize, cbZero = len(member.codebook.cb), member.codebook.CbZeroOffset
    if header.parent is not None:
        if header.parent.temporal_context_modeling_flag:
            ref = state.reference(
                member.name, header.node_id, member.dimensions, f"{path}.temporal_context_modeling_flag"
            )
        history = state.history_map(member.name, member.dimensions, f"{path}.tensor_dimensions")
    return CodedTensor(member.dimensions, cbSize, cbZero, ref, history)


def decode_codeword(
    r: BitReader, codeword: Codeword, tensors: Sequence[CodedTensor], max_elements: int, trace: Trace | None
) -> list[DecodedTensor]:
    """The payload, in edition 1 by either of its dialects (section 13.1): nothing in the stream says which."""
    offset = r.position
    payload = r.rest()
    path = r.element_path("payload")

    def decode(codeword: Codeword, trace: Trace | None) -> list[DecodedTensor]:
        return decode_payload(
            payload, codeword, tensors, trace=trace, max_elements=max_elements, bit_offset=offset, path=path
        )

    if codeword.general_profile_idc == 1:
        return decode(codeword, trace)
    bins: list[Bin] = []
    keep = bins.append if trace else None
    try:
        decoded = decode(codeword, keep)
    except AimcError as ordinary:
        bins.clear()
        try:
            decoded = decode(replace(codeword, nncodec1=True), keep)
        except AimcError:
            raise ordinary from None
    if trace:
        for bin in bins:
            trace(bin)
    return decoded


def values_of(member: Member, decoded: DecodedTensor, qp_density: int, path: str) -> NDArray[Any]:
    """Section 11: values of one decoded tensor."""
    if decoded.QP is None:
        return decoded.integers
    step = step_size(decoded.QP, qp_density, f"{path}.qp_delta")
    if member.codebook is None:
        return uniform_values(decoded.integers, step)
    cb, CbZeroOffset = member.codebook.cb, member.codebook.CbZeroOffset
    return codebook_values(decoded.integers, cb, CbZeroOffset, step, f"{path}.codebook")
