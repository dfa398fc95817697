"""One tensor to the payload of a data unit: the coding tools that make it shortest."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.coding.nnc.data_unit import DIALECT_EDITION1, DIALECT_EDITION2, Codebook
from aimcodec.coding.nnc.quantise import Quantised
from aimcodec.coding.nnc.units import codebook_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CodedPayload", "Context", "Tools", "code_tensor"]


@dataclass(frozen=True)
class Tools:
    """What the caller wants or allows; see `aimcodec.nnc.encode`."""

    edition: int
    qp_density: int
    unary_length: int
    scan_order: int
    row_skipping: bool | str
    parameter_search: bool

    @property
    def dialect(self) -> int:
        """Variant of the payload (13.1)."""
        return DIALECT_EDITION2 if self.edition == 2 else DIALECT_EDITION1


@dataclass(frozen=True)
class Context:
    """What a tensor of an update may refer to (12.3, 12.5).

    Attributes:
        reference: int32 integers of the previous update.
        history: uint8, 1 where an earlier update was nonzero.
    """

    update: bool = False
    reference: NDArray[np.int32] | None = None
    history: NDArray[np.uint8] | None = None


@dataclass
class CodedPayload:
    """The payload of a data unit and what its header has to say about it."""

    payload: bytes
    dq: bool
    scan_order: int
    temporal: bool
    entry_points: NDArray[np.uint64] | None
    codebook: Codebook | None
    bits: float

    @classmethod
    def raw(cls, payload: bytes) -> CodedPayload:
        """Bytes that are not entropy-coded."""
        return cls(payload, False, 0, False, None, None, 8.0 * len(payload))


@dataclass(frozen=True)
class _Candidate:
    """A choice of coding tools with its estimated size."""

    levels: Any
    bits: float
    ids: NDArray[np.uint8] | None
    row_skip: bool
    history_flag: bool
    temporal: bool


def code_tensor(quantised: Quantised, tools: Tools, context: Context, codebook: Codebook | None = None) -> CodedPayload:
    """Code the integers of a tensor, with the tools that give the fewest bits.

    Args:
        quantised: what to code; with a codebook, the indices minus its zero.
        tools: what is allowed.
        context: what an update may refer to.
        codebook: entries that the integers stand for.
    """
    scan_order = effective_scan_order(quantised.integers.shape, tools.scan_order)
    choices = _choices(quantised, tools, scan_order, context, codebook)
    # An estimate takes as long as a search: with one choice and nothing to search there is nothing to estimate.
    estimate = tools.parameter_search or len(choices) > 1
    candidates = [
        _candidate(quantised, tools, scan_order, codebook, context, choice, estimate=estimate) for choice in choices
    ]
    best = min(candidates, key=lambda c: c.bits)
    coded = (best.levels, quantised.qp, best.row_skip, best.history_flag, best.ids)
    status, payload, entry_points = _core.encode_codeword([coded])
    error = error_from_status(status, 0, "")
    if error is not None:
        raise error
    bits = 8.0 * len(payload) + (codebook_bits(codebook) if codebook is not None else 0)
    return CodedPayload(
        payload,
        quantised.dq,
        scan_order,
        best.temporal,
        entry_points[0] if scan_order > 0 else None,
        codebook,
        bits,
    )


def effective_scan_order(shape: tuple[int, ...], scan_order: int) -> int:
    """Block scans are used where they give entry points: elsewhere they would only change the order (10.1, 13.3)."""
    rows, count = shape[0], int(np.prod(shape))
    return scan_order if scan_order > 0 and count > rows > (4 << scan_order) else 0


def _choices(
    quantised: Quantised, tools: Tools, scan_order: int, context: Context, codebook: Codebook | None
) -> list[tuple[bool, bool, bool]]:
    """Combinations of row skipping, temporal contexts and history contexts that are worth an estimate."""
    integers = quantised.integers
    one_entry = codebook is not None and len(codebook.values) == 1
    flags = tools.edition == 2 and integers.size > integers.shape[0] > 1 and not one_entry  # 5.2
    row_skip = [False]
    # Row skipping in a block scan moves the trellis by whole rows, which no quantiser plans for (13.2).
    if flags and not (scan_order > 0 and quantised.dq):
        if tools.row_skipping is True:
            row_skip = [True]
        elif tools.row_skipping == "auto" and not integers.reshape(integers.shape[0], -1).any(axis=1).all():
            row_skip = [False, True]
    temporal = [False, True] if context.reference is not None else [False]
    history = [False, True] if context.history is not None and flags else [False]
    return list(itertools.product(row_skip, temporal, history))


def _candidate(
    quantised: Quantised,
    tools: Tools,
    scan_order: int,
    codebook: Codebook | None,
    context: Context,
    choice: tuple[bool, bool, bool],
    *,
    estimate: bool,
) -> _Candidate:
    row_skip, temporal, history_flag = choice
    integers = quantised.integers
    levels = _core.Levels(
        integers,
        integers.shape[0],
        integers.size // integers.shape[0],
        qp_bits=6 + tools.qp_density if quantised.real else 0,
        scan_order=scan_order,
        unary_length=tools.unary_length,
        dq=quantised.dq,
        dialect=tools.dialect,
        parent=context.update,
        codebook_size=0 if codebook is None or tools.edition == 1 else len(codebook.values),
        codebook_zero=0 if codebook is None else codebook.zero,
        reference=context.reference if temporal else None,
        history=context.history if history_flag else None,
    )
    if not estimate:
        return _Candidate(levels, 0, None, row_skip, history_flag, temporal)
    ids, bits = levels.search(row_skip=row_skip, history_flag=history_flag, enabled=tools.parameter_search)
    return _Candidate(levels, bits, ids, row_skip, history_flag, temporal)
