"""The arithmetic codewords of an NNC stream: their end, and what they cost (section 9 of its text)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.data_unit import PT_RAW_FLOAT, DataUnit
from aimcodec.conformance.checks.bins import MAX_TRACED_BYTES, payload_bins
from aimcodec.conformance.checks.result import Check, Finding
from aimcodec.inspect.bins import BYPASS, TERMINATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_codewords", "wrong_ends"]

STOP_BIT = 8  # its number behind the shifts of the codeword (9.4)


def check_codewords(units: list[DataUnit]) -> Check:
    """End, stop bit and padding of every codeword (9.4), read off the bins; and spent against ideal bits.

    The decoders check the end too: this is the same rule from the other side.
    """
    findings: list[Finding] = []
    bins_count, ideal, spent, left_out = 0, 0.0, 0, 0
    for unit in units:
        if unit.payload_type == PT_RAW_FLOAT:
            continue
        if len(unit.payload) > MAX_TRACED_BYTES:
            left_out += 1
            continue
        bins = payload_bins(unit)
        findings += _end(unit, bins)
        bins_count += len(bins)
        ideal += ideal_bits(bins)
        spent += 8 * len(unit.payload)
    figures: dict[str, int | float | str] = {"bins": bins_count, "payload_bits": spent, "ideal_bits": round(ideal, 1)}
    if left_out:
        figures["payloads_not_traced"] = left_out
    return Check.of("coder", findings, **figures)


def wrong_ends(units: list[DataUnit]) -> list[Finding]:
    """Codewords of a stream that a decoder refused which are good up to their end."""
    coded = [u for u in units if u.payload_type != PT_RAW_FLOAT and len(u.payload) <= MAX_TRACED_BYTES]
    return [finding for unit in coded for finding in _end(unit, payload_bins(unit))]


def _end(unit: DataUnit, bins: NDArray[Any]) -> list[Finding]:
    path = f"{unit.path}.payload"
    if not len(bins) or bins["context"][-1] != TERMINATE:  # what is before the end is broken
        return []
    shifts = int(bins["shifts"][-1])
    size = 2 + shifts // 8
    if len(unit.payload) != size:
        value = f"{len(unit.payload)} bytes"
        bit = unit.payload_bit + 8 * min(size, len(unit.payload))
        return [Finding("a codeword that does not end with its unit", bit, path, "9.4", value, f"{size} bytes")]
    stop = shifts + STOP_BIT
    tail = np.unpackbits(np.frombuffer(unit.payload, np.uint8)[stop // 8 :])[stop % 8 :]
    if tail[0] != 1 or tail[1:].any():
        shown = "".join(map(str, tail.tolist()))
        bit = unit.payload_bit + stop
        return [Finding("wrong stop bit or padding", bit, path, "9.4", shown, "1" + "0" * (len(tail) - 1))]
    return []


def ideal_bits(bins: NDArray[Any]) -> float:
    """Information in bins under the probabilities that the models had: bits, before any rounding to whole ones."""
    bypass = int(np.count_nonzero(bins["context"] == BYPASS))
    coded = bins[bins["context"] < TERMINATE]
    before = coded["range_before"].astype(np.float64)
    least = coded["lps_range"].astype(np.float64)
    probable = (coded["state_before"] >= 0) == (coded["bin"] != 0)
    share = np.where(probable, before - least, least) / before
    return bypass - float(np.log2(share).sum())
