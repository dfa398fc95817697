"""The CABAC payload of a data unit: one codeword, one or several tensors (section 5)."""

# ruff: noqa: N803, N806, N815 (names are those of the text)
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InconsistentError, LimitExceededError, MissingReferenceError
from .cabac import ArithmeticDecoder, Trace
from .contexts import GTX, SIG, SIG_H, SIG_T, SIGN, ContextModel, ContextModels
from .levels import LevelDecoder
from .scan import scan

__all__ = ["MAX_ELEMENTS", "CodedTensor", "Codeword", "DecodedTensor", "decode_payload"]

# Skipped rows and one-entry codebooks cost nothing (section 19.8): the payload does not bound the elements, this does.
MAX_ELEMENTS = 1 << 24


@dataclass(frozen=True)
class Codeword:
    """What the headers say about all tensors of a codeword.

    Attributes:
        general_profile_idc: 0 or 1, editions 1 and 2.
        has_qp: whether tensors carry qp_delta: payload types NNR_PT_FLOAT and NNR_PT_BLOCK.
        qp_density: of the parameter set in force; gives the length of qp_delta.
        quantization_parameter: of the parameter set in force; added to qp_delta.
        dq_flag: dependent quantization; 0 with NNR_PT_INT.
        cabac_unary_length_minus1: N - 1.
        scan_order: 0 .. 4.
        parent_node_id_present_flag: 0 or 1.
        nncodec1: the dialect of NNCodec 1 of edition 1 (section 13.1).
    """

    general_profile_idc: int = 1
    has_qp: bool = True
    qp_density: int = 2
    quantization_parameter: int = 0
    dq_flag: int = 0
    cabac_unary_length_minus1: int = 9
    scan_order: int = 0
    parent_node_id_present_flag: int = 0
    nncodec1: bool = False


@dataclass(frozen=True, eq=False)
class CodedTensor:
    """What the headers and the update state say about one tensor of a codeword.

    Attributes:
        dimensions: one or more, none of them 0.
        cbSize: codebook_size, or 0 without a codebook. Edition 1 ignores it (section 5.1).
        cbZero: CbZeroOffset.
        ref: integers of the previous update, int32, shaped as the tensor, when temporal context modelling is in force.
        history: 1 where an earlier update was nonzero, uint8, shaped as the tensor; None when no map is kept.
    """

    dimensions: tuple[int, ...]
    cbSize: int = 0
    cbZero: int = 0
    ref: NDArray[np.int32] | None = None
    history: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class DecodedTensor:
    """QP (None without qp_delta) and the integers: w of section 10.3, int32, shaped as the tensor."""

    QP: int | None
    integers: NDArray[np.int32]


def decode_payload(
    payload: bytes,
    codeword: Codeword,
    tensors: Sequence[CodedTensor],
    *,
    trace: Trace | None = None,
    max_elements: int = MAX_ELEMENTS,
    bit_offset: int = 0,
    path: str = "payload",
) -> list[DecodedTensor]:
    """Decode one codeword (section 5): the tensors in payload order, then the terminate bin and the end.

    Args:
        payload: all bytes behind the header of the unit.
        codeword: parameters of the whole codeword.
        tensors: parameters of each tensor, in payload order (section 4.6).
        trace: called with every bin.
        max_elements: bound of the elements of all tensors together.
        bit_offset: place of the payload in its stream, for errors.
        path: name of the payload in its stream, for errors.

    Raises:
        TruncatedError, InconsistentError: the payload is no codeword of these tensors that ends with its last byte.
        MissingReferenceError: the history map is coded against and not there.
        LimitExceededError: more than `max_elements`.
    """
    d = ArithmeticDecoder(payload, trace, bit_offset=bit_offset, path=path)
    decoded = []
    for tensor in tensors:
        QP = None
        if codeword.has_qp:
            QP = d.iae(6 + codeword.qp_density, "qp_delta") + codeword.quantization_parameter
        integers = decode_tensor(d, codeword, tensor, max_elements, path)
        max_elements -= integers.size
        decoded.append(DecodedTensor(QP, integers))
    d.terminate()
    return decoded


def decode_tensor(
    d: ArithmeticDecoder, codeword: Codeword, tensor: CodedTensor, max_elements: int, path: str
) -> NDArray[np.int32]:
    """Steps 2 to 5 of section 5 for one tensor."""
    N = codeword.cabac_unary_length_minus1 + 1
    cbSize, cbZero = (tensor.cbSize, tensor.cbZero) if codeword.general_profile_idc == 1 else (0, 0)
    numWeights = math.prod(tensor.dimensions)
    rows = tensor.dimensions[0]
    layerWidth = numWeights // rows
    is2D = layerWidth > 1 and numWeights > layerWidth

    contexts = ContextModels(N)
    hist_dep_sig_prob_enabled_flag = 0
    row_skip_list: list[int] = []
    if codeword.general_profile_idc == 1 and is2D and cbSize != 1:
        if codeword.parent_node_id_present_flag:
            hist_dep_sig_prob_enabled_flag = d.uae(1, "hist_dep_sig_prob_enabled_flag")
        if d.uae(1, "row_skip_enabled_flag"):
            for r in range(rows):
                row_skip_list.append(d.ae(contexts.ROWSKIP, "row_skip_list", r))
    if hist_dep_sig_prob_enabled_flag and tensor.history is None:
        raise MissingReferenceError(
            "significance depends on a history that this decoder does not have",
            path=f"{path}.hist_dep_sig_prob_enabled_flag",
        )

    for c in shift_id_contexts(codeword, tensor.ref is not None, hist_dep_sig_prob_enabled_flag, cbSize, cbZero):
        contexts.models[c].init(shift_parameter_id(d, contexts.SHIFT, c))

    coded = 0 if cbSize == 1 else numWeights - layerWidth * sum(row_skip_list)
    if coded > d.most_bins():
        raise InconsistentError(
            f"the payload cannot hold the {coded} coded elements of a tensor", path=f"{path}.tensor_dimensions"
        )
    if numWeights > max_elements:
        raise LimitExceededError(
            f"{numWeights} elements are more than the {max_elements} that are left of the limit",
            path=f"{path}.tensor_dimensions",
        )
    integers = np.zeros(numWeights, np.int32)
    levels = LevelDecoder(
        d,
        contexts,
        N,
        codeword.dq_flag,
        layerWidth,
        cbSize,
        cbZero,
        None if tensor.ref is None else tensor.ref.reshape(-1),
        tensor.history.reshape(-1) if tensor.history is not None and hist_dep_sig_prob_enabled_flag else None,
    )
    segments = scan(rows, layerWidth, codeword.scan_order, is2D, codeword.nncodec1)
    levels.decode(segments, row_skip_list, integers)
    return integers.reshape(tensor.dimensions)


def shift_parameter_id(d: ArithmeticDecoder, SHIFT: ContextModel, c: int) -> int:
    """Section 5.3, for context c."""
    if not d.ae(SHIFT, "shift_id_nonzero", f"ctx {c}"):
        return 0
    return 1 + d.uae(3, "shift_id_minus1")


def shift_id_contexts(
    codeword: Codeword,
    temporal: bool,
    hist_dep_sig_prob_enabled_flag: int,
    cbSize: int,
    cbZero: int,
) -> Iterator[int]:
    """The table of section 5.3: contexts whose parameter set id is in the payload, in order."""
    N = codeword.cabac_unary_length_minus1 + 1
    dq_flag = codeword.dq_flag
    maxAbs = max(cbZero, cbSize - 1 - cbZero)
    if cbSize != 1:
        yield from range(SIG, SIG + (24 if dq_flag else 3))
        if temporal:
            yield from range(SIG_T, SIG_T + (16 if dq_flag else 2))
        if hist_dep_sig_prob_enabled_flag:
            yield from range(SIG_H, SIG_H + (8 if dq_flag else 1))
        if not (cbSize > 0 and cbZero in (0, cbSize - 1)):
            yield from range(SIGN, SIGN + (5 if temporal else 3))
    for a in range(2 * N):
        if cbSize == 0 or a < 2 * maxAbs:
            yield GTX + a
    if temporal:
        for a in range(2 * N, 4 * N):
            if cbSize == 0 or a < 2 * (maxAbs - 1) + 2 * N:
                yield GTX + a
    for a in range(32 if codeword.nncodec1 else 31):
        lim = N - 1 + 2 ** (a + 1) - 1
        if cbSize == 0 or lim < maxAbs:
            yield GTX + 4 * N + a
