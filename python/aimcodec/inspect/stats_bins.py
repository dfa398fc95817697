"""Where the bits of an NNC payload go: by element, by tensor, by context."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.coding.nnc.data_unit import PT_RAW_FLOAT, DataUnit
from aimcodec.coding.nnc.payloads import References, build_job, dialects
from aimcodec.errors import AimcError
from aimcodec.inspect.bins import ELEMENTS, fitting_references
from aimcodec.inspect.stats_model import ContextShare, PayloadShares
from aimcodec.inspect.stats_units import CodedUnit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bin_shares", "context_name"]

UNIT = 2.0**-20  # bits; sums of so many are exact in floating point

NAMES = [name.partition("[")[0] for name in ELEMENTS]
RESETS, FRAME, PADDING = "block row starts", "start and stop bit", "payload padding"
NOT_DECODED = "not decoded"


def bin_shares(coded: CodedUnit, references: References) -> PayloadShares:
    """The shares of a payload; what cannot be decoded is a part of its own."""
    unit, bits = coded.data_unit, 8 * len(coded.payload)
    if unit is None:
        if coded.error is None:
            return PayloadShares([("raw tensor", 1, bits)], dict.fromkeys(coded.tensors, bits))
        return PayloadShares([(NOT_DECODED, 1, bits)], errors=[coded.error])
    if unit.payload_type == PT_RAW_FLOAT:
        return PayloadShares([("raw values", unit.tensors[0].count, bits)], {unit.tensors[0].name: bits})
    try:
        fitting = fitting_references(unit, references)
    except AimcError as error:
        return PayloadShares([(NOT_DECODED, 1, bits)], errors=[error])
    return _decoded(unit, bits, fitting)


def _decoded(unit: DataUnit, bits: int, references: References) -> PayloadShares:
    results = []
    for dialect in dialects([unit]):
        job = build_job(unit, dialect, integers=True, references=references)
        results.append(_core.bin_costs(job))
        if results[-1][3][0] == "ok":
            results = results[-1:]
            break
    tensors, frame, padding, status = results[0]
    error = error_from_status(status, unit.payload_bit, f"{unit.path}.payload")
    shares = PayloadShares(errors=[] if error is None else [error])
    for tensor, (elements, contexts, resets) in zip(unit.tensors, tensors, strict=True):
        parts = [(name, bins, cost * UNIT) for name, (bins, _, cost) in zip(NAMES, elements.tolist(), strict=True)]
        shares.parts += [part for part in (*parts, (RESETS, 0, resets * UNIT)) if part[2]]
        shares.tensors[tensor.name] = (int(elements[:, 2].sum()) + resets) * UNIT
        shares.contexts += _contexts(unit, tensor.name, contexts)
    found = sum(shares.tensors.values()) + frame * UNIT + padding
    if found > bits:  # decoding went on beyond the end
        return PayloadShares([(NOT_DECODED, 1, bits)], errors=shares.errors)
    shares.parts += [part for part in ((FRAME, 1, frame * UNIT), (PADDING, 1, padding)) if part[2]]
    if bits > found:
        shares.parts.append((NOT_DECODED, 1, bits - found))
    return shares


def _contexts(unit: DataUnit, tensor: str, table: NDArray[Any]) -> list[ContextShare]:
    return [
        ContextShare(
            unit.path,
            tensor,
            context,
            context_name(context, unit.unary_length),
            bins,
            ones,
            cost * UNIT,
            _ideal(bins, ones),
        )
        for context, (bins, ones, cost) in enumerate(table.tolist())
        if bins
    ]


def _ideal(bins: int, ones: int) -> float:
    """Cost of the estimator of Krichevsky and Trofimov, in bits; it does not depend on the order of the bins."""
    gammas = math.lgamma(ones + 0.5) + math.lgamma(bins - ones + 0.5) - math.lgamma(bins + 1)
    return max(0.0, (math.log(math.pi) - gammas) / math.log(2))


def context_name(context: int, unary_length: int) -> str:
    """What a context is for (section 6), with N = `unary_length` greater flags."""
    for begin, count, name in _ranges(unary_length):
        if begin <= context < begin + count:
            return name(context - begin)
    return f"context {context}"


def _ranges(unary_length: int) -> list[tuple[int, int, Callable[[int], str]]]:
    neighbours = ("after 0", "after -", "after +")
    remainder = 53 + 4 * unary_length
    return [
        (0, 24, lambda i: f"sig_flag state {i // 3} {neighbours[i % 3]}"),
        (24, 16, lambda i: f"sig_flag state {i // 2} temporal {'large' if i % 2 else 'small'}"),
        (40, 8, lambda i: f"sig_flag state {i} history"),
        (48, 3, lambda i: f"sign_flag {neighbours[i]}"),
        (51, 2, lambda i: f"sign_flag temporal {'+' if i else '-'}"),
        (53, 2 * unary_length, lambda i: f"abs_level_greater[{i // 2}] {'-' if i % 2 else '+'}"),
        (
            53 + 2 * unary_length,
            2 * unary_length,
            lambda i: f"abs_level_greater[{i // 2}] temporal {'beyond' if i % 2 else 'within'}",
        ),
        (remainder, 34, lambda i: f"rem_prefix[{i}]"),
        (remainder + 34, 1, lambda i: "shift_id_nonzero"),
        (remainder + 36, 1, lambda i: "row_skip_list"),
    ]
