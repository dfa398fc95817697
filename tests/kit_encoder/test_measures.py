"""What the checks measure, against slow computations from the texts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec import nnc
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.conformance.checks.all_checks import KIT_LIMITS
from aimcodec.conformance.checks.bins import payload_bins, place_of_element
from aimcodec.conformance.checks.budget import nnc_budget, order_0_cost
from aimcodec.conformance.checks.coder import ideal_bits
from aimcodec.conformance.checks.nnc_stream import decode_nnc
from aimcodec.conformance.checks.repeat import first_different_bit
from aimcodec.reference import Bin, Decoder

Levels = list[int]


def binarised(level: int, unary: int) -> list[tuple[str, int]]:
    """Section 7 without a codebook, step by step: name and value of each bin."""
    bins = [("sig", int(level != 0))]
    if level == 0:
        return bins
    bins.append(("sign", int(level < 0)))
    magnitude, flag, j = 1, 1, -1
    while flag == 1 and j < unary - 1:
        j += 1
        flag = int(abs(level) > magnitude)
        bins.append((f"greater{j}", flag))
        magnitude += flag
    if flag == 1:
        rem, j = 0, -1
        while flag == 1 and j < 30:
            j += 1
            flag = int(abs(level) >= magnitude + 2**rem)
            bins.append((f"prefix{j}", flag))
            if flag:
                magnitude += 2**rem
                rem += 1
        bins += [("bypass", 0)] * rem
    return bins


def estimated(bins: list[int]) -> float:
    """Bits of bins, each under the share of its value so far, counted from one half (Krichevsky, Trofimov)."""
    counts, bits = [0.5, 0.5], 0.0
    for value in bins:
        bits -= math.log2(counts[value] / sum(counts))
        counts[value] += 1
    return bits


levels = st.lists(st.integers(-5, 5) | st.integers(-(1 << 31), (1 << 31) - 1) | st.just(0), min_size=1, max_size=60)


@settings(max_examples=100)
@given(levels, st.integers(1, 12))
def test_cost_of_order_0(drawn: Levels, unary: int) -> None:
    bins = [one for level in drawn for one in binarised(level, unary)]
    kinds = {name for name, _ in bins} - {"bypass"}
    expected = sum(estimated([v for name, v in bins if name == kind]) for kind in kinds)
    expected += sum(name == "bypass" for name, _ in bins)
    array = np.array(drawn, np.int64)
    count, cost, used = order_0_cost(np.abs(array), array < 0, unary)
    assert (count, used) == (len(bins), len(kinds))
    assert cost == pytest.approx(expected, abs=1e-6)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([-60, -38, -20, -4]), st.booleans(), st.integers(0, 2))
def test_our_streams_are_within_their_budget(seed: int, qp: int, dq: bool, scan_order: int) -> None:
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, 24, generator.integers(1, 4)))
    kinds = [generator.normal(0, 1, shape), generator.random(shape) ** 9, np.where(generator.random(shape) > 0.9, 1, 0)]
    array = kinds[seed % 3].astype(np.float32)
    data = nnc.encode({"t": array}, qp=qp, nonweight_qp=qp, dq=dq, scan_order=scan_order)
    assert 8 * len(data) <= nnc_budget(decode_nnc(data, KIT_LIMITS))


def test_ideal_bits_are_those_of_the_slow_decoder() -> None:
    array = np.random.default_rng(3).normal(0, 1, (12, 20)).astype(np.float32)
    data = nnc.encode({"t": array}, qp=-20, dq=True)
    (unit,) = interpret(nnc.iter_units(data))
    trace: list[Bin] = []
    Decoder(trace=trace.append).decode(data)
    expected = 0.0
    for one in trace:
        if one.context == "bypass":
            expected += 1
        elif one.S is not None and one.rL is not None:
            share = one.rL if one.bin != (one.S >= 0) else one.R - one.rL
            expected -= math.log2(share / one.R)
    assert ideal_bits(payload_bins(unit)) == pytest.approx(expected)


@pytest.mark.parametrize("scan_order", [0, 1, 2])
@pytest.mark.parametrize("dq", [False, True])
def test_elements_are_found_in_block_scans(scan_order: int, dq: bool) -> None:
    """Section 10.1, element by element; levels are counted in the slow decoder's trace."""
    rows, width = 21, 37
    array = np.random.default_rng(4).normal(0, 1, (rows, width)).astype(np.float32)
    data = nnc.encode({"t": array}, qp=-12, dq=dq, scan_order=scan_order, row_skipping=False)
    (unit,) = interpret(nnc.iter_units(data))
    trace: list[Bin] = []
    Decoder(trace=trace.append).decode(data)
    begins = [one.P for one in trace if one.element == "sig_flag"]
    side = 4 << scan_order if scan_order else max(rows, width)
    order = [
        (r, c)
        for top in range(0, rows, side)
        for left in range(0, width, side)
        for r in range(top, min(top + side, rows))
        for c in range(left, min(left + side, width))
    ]
    for number in range(0, len(order), 19):
        bit, _ = place_of_element(unit, 0, order[number])
        assert bit == unit.payload_bit + begins[number] + 9


@given(st.binary(min_size=1, max_size=40), st.binary(max_size=40))
def test_the_first_different_bit(start: bytes, other: bytes) -> None:
    one, two = start, start[: len(start) // 2] + other
    if one == two:
        return
    bits = [[byte >> (7 - i) & 1 for byte in data for i in range(8)] for data in (one, two)]
    common = min(map(len, bits))
    expected = next((i for i in range(common) if bits[0][i] != bits[1][i]), common)
    assert first_different_bit(one, two) == expected
