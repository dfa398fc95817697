"""The CABAC payload of a data unit: one codeword, one or several tensors (section 5)."""

# ruff: noqa: N806, N815 (names are those of the text)
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...errors import ArgumentError
from ..contexts import ContextModels
from ..payload import Codeword, shift_id_contexts
from ..scan import scan
from .arithmetic import ArithmeticEncoder
from .levels import BlockRow, LevelEncoder

__all__ = ["EncodedPayload", "EntryPoint", "TensorChoices", "encode_payload"]


@dataclass(frozen=True, eq=False)
class TensorChoices:
    """One tensor of a codeword, and everything that an encoder may choose about it.

    Attributes:
        levels: the levels of section 7, shaped as the tensor: with dq_flag the k of section 10.3, with a codebook the
            index less CbZeroOffset.
        qp_delta: of payload types NNR_PT_FLOAT and NNR_PT_BLOCK.
        parameter_set_ids: context (section 6) to the id of its parameter set; 0 where absent (section 5.3).
        row_skip_list: section 5.2, one entry a row; None for row_skip_enabled_flag 0.
        hist_dep_sig_prob_enabled_flag: section 5.2.
        cbSize, cbZero: section 5.1; 0 without a codebook.
        ref: integers of the previous update, shaped as the tensor, when temporal context modelling is in force.
        history: 1 where an earlier update was nonzero, shaped as the tensor.
    """

    levels: NDArray[np.int64]
    qp_delta: int = 0
    parameter_set_ids: Mapping[int, int] = field(default_factory=dict)
    row_skip_list: Sequence[int] | None = None
    hist_dep_sig_prob_enabled_flag: int = 0
    cbSize: int = 0
    cbZero: int = 0
    ref: NDArray[np.int32] | None = None
    history: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class EntryPoint:
    """Section 10.2: where a block row starts. `offset` is the distance in bits from the start of the row before."""

    value: int
    dq_state: int
    offset: int


@dataclass(frozen=True, eq=False)
class EncodedPayload:
    """A codeword.

    Attributes:
        data: its bytes.
        integers: of each tensor, in payload order: the w of section 10.3, int64.
        entry_points: of each tensor.
        bins: number of bins, with the terminate bin.
        P: shifts before the terminate bin (section 9.4).
        carries: see ArithmeticEncoder.
    """

    data: bytes
    integers: list[NDArray[np.int64]]
    entry_points: list[list[EntryPoint]]
    bins: int
    P: int
    carries: list[int]


def encode_payload(codeword: Codeword, tensors: Sequence[TensorChoices]) -> EncodedPayload:
    """Encode one codeword (section 5): the tensors in payload order, then the terminate bin and the end.

    Raises:
        ArgumentError: choices that the syntax has no bins for.
    """
    e = ArithmeticEncoder()
    integers = []
    block_rows = []
    for tensor in tensors:
        if codeword.has_qp:
            encode_qp_delta(e, tensor.qp_delta, 6 + codeword.qp_density)
        w, starts = encode_tensor(e, codeword, tensor)
        integers.append(w)
        block_rows.append(starts)
    data = e.finish()
    return EncodedPayload(data, integers, [entry_points(data, rows) for rows in block_rows], e.bins, e.P, e.carries)


def encode_qp_delta(e: ArithmeticEncoder, qp_delta: int, bits: int) -> None:
    """Step 1 of section 5: `iae(6 + qp_density)`."""
    if not -(1 << (bits - 1)) <= qp_delta < 1 << (bits - 1):
        raise ArgumentError(f"qp_delta {qp_delta} does not fit {bits} bits")
    e.uae(bits, qp_delta & ((1 << bits) - 1))


def encode_tensor(
    e: ArithmeticEncoder, codeword: Codeword, tensor: TensorChoices
) -> tuple[NDArray[np.int64], list[BlockRow]]:
    """Steps 2 to 5 of section 5 for one tensor: its integers, and the starts of its block rows."""
    N = codeword.cabac_unary_length_minus1 + 1
    cbSize, cbZero = (tensor.cbSize, tensor.cbZero) if codeword.general_profile_idc == 1 else (0, 0)
    dimensions = tensor.levels.shape
    numWeights = math.prod(dimensions)
    rows = dimensions[0]
    layerWidth = numWeights // rows
    is2D = layerWidth > 1 and numWeights > layerWidth

    contexts = ContextModels(N)
    has_header = codeword.general_profile_idc == 1 and is2D and cbSize != 1
    if has_header:
        encode_tensor_header(e, codeword, tensor, contexts, rows)
    elif tensor.row_skip_list is not None or tensor.hist_dep_sig_prob_enabled_flag:
        raise ArgumentError("this tensor has no header for row skipping and history (section 5.2)")

    temporal = tensor.ref is not None
    for c in shift_id_contexts(codeword, temporal, tensor.hist_dep_sig_prob_enabled_flag, cbSize, cbZero):
        encode_shift_parameter_id(e, contexts, c, tensor.parameter_set_ids.get(c, 0))

    level_encoder = LevelEncoder(
        e,
        contexts,
        N,
        codeword.dq_flag,
        layerWidth,
        cbSize,
        cbZero,
        None if tensor.ref is None else tensor.ref.reshape(-1).tolist(),
        flat_history(tensor),
    )
    segments = scan(rows, layerWidth, codeword.scan_order, is2D, codeword.nncodec1)
    w = level_encoder.encode(segments, tensor.row_skip_list or (), tensor.levels.reshape(-1).tolist())
    return np.array(w, np.int64).reshape(dimensions), level_encoder.block_rows


def encode_tensor_header(
    e: ArithmeticEncoder, codeword: Codeword, tensor: TensorChoices, contexts: ContextModels, rows: int
) -> None:
    """Section 5.2."""
    if codeword.parent_node_id_present_flag:
        e.uae(1, tensor.hist_dep_sig_prob_enabled_flag)
    row_skip_enabled_flag = 0 if tensor.row_skip_list is None else 1
    e.uae(1, row_skip_enabled_flag)
    if tensor.row_skip_list is not None:
        if len(tensor.row_skip_list) != rows:
            raise ArgumentError(f"row_skip_list has {len(tensor.row_skip_list)} entries for {rows} rows")
        for flag in tensor.row_skip_list:
            e.ae(contexts.ROWSKIP, flag)


def encode_shift_parameter_id(e: ArithmeticEncoder, contexts: ContextModels, c: int, id: int) -> None:
    """Section 5.3, for context c."""
    e.ae(contexts.SHIFT, 1 if id else 0)
    if id:
        e.uae(3, id - 1)
    contexts.models[c].init(id)


def flat_history(tensor: TensorChoices) -> list[int] | None:
    """The history map where it is used (section 6)."""
    if not tensor.hist_dep_sig_prob_enabled_flag:
        return None
    if tensor.history is None:
        raise ArgumentError("hist_dep_sig_prob_enabled_flag without a history")
    flat: list[int] = tensor.history.reshape(-1).tolist()
    return flat


def entry_points(data: bytes, block_rows: Sequence[BlockRow]) -> list[EntryPoint]:
    """Section 15.10: O at the start of a block row is what the codeword has more than low.

    O has 8 bits (section 10.2), and the last bits of both numbers are all that its value takes.
    """
    points = []
    for before, row in pairwise(block_rows):
        first, last = (9 + row.P - row.bits) >> 3, (9 + row.P + 7) >> 3
        window = int.from_bytes(data[first:last], "big") >> (8 * last - 9 - row.P)
        points.append(EntryPoint((window - row.low) & ((1 << row.bits) - 1), row.s, row.P - before.P))
    return points
