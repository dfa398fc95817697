"""Facts of sections 7 to 11 that the text states beside its rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.errors import InconsistentError, OutOfRangeError
from aimcodec.reference import Codeword
from aimcodec.reference.cabac import ArithmeticDecoder
from aimcodec.reference.contexts import ContextModel, ContextModels
from aimcodec.reference.levels import LevelDecoder, skip_row
from aimcodec.reference.payload import shift_id_contexts
from aimcodec.reference.reconstruct import codebook_values, step_size, uniform_values
from aimcodec.reference.scan import scan
from aimcodec.reference.tables import NEXT, PARAMETER_SETS, RT, T

from .coder import ArithmeticEncoder

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


# Section 8: the state of a context model.


def reachable(id: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The a and b of every state that any sequence of bins can reach from a parameter set."""
    a, b = np.arange(-128, 128), np.arange(-2048, 2048)
    next_a, next_b = np.zeros((2, 256), np.int64), np.zeros((2, 4096), np.int64)
    model = ContextModel(0)
    for bin in (0, 1):
        for values, table, attribute in ((a, next_a, "a"), (b, next_b, "b")):
            for i, value in enumerate(values[1:], start=1):  # the lowest has no place in T, and is not reached
                model.init(id)
                setattr(model, attribute, int(value))
                model.update(bin)
                table[bin, i] = getattr(model, attribute) - values[0]
    model.init(id)
    found = np.zeros(256 * 4096, bool)
    fresh = np.array([(model.a + 128) * 4096 + model.b + 2048])
    while fresh.size:
        found[fresh] = True
        after = np.unique(
            np.concatenate([next_a[bin, fresh >> 12] << 12 | next_b[bin, fresh & 4095] for bin in (0, 1)])
        )
        fresh = after[~found[after]]
    states = np.flatnonzero(found)
    return (states >> 12) - 128, (states & 4095) - 2048


def test_reachable_states() -> None:
    """Sections 8.1 and 8.3: a in -123 .. 123, b in -1923 .. 1923, S in -3889 .. 3889, q at most 31."""
    states = [reachable(id) for id in range(9)]
    a = np.concatenate([a for a, _ in states])
    b = np.concatenate([b for _, b in states])
    sums = b + 16 * a
    assert (a.min(), a.max()) == (-123, 123)
    assert (b.min(), b.max()) == (-1923, 1923)
    assert (sums.min(), sums.max()) == (-3889, 3889)
    assert np.abs(sums >> 7).max() == 31
    # Section 8.3: set 7 cannot move a, set 8 keeps it in 8 .. 30.
    assert set(states[7][0]) == {0}
    assert (states[8][0].min(), states[8][0].max()) == (8, 30)


def test_probability_column_is_not_symmetric() -> None:
    """Section 8.1: S = -1 .. -128 gives 1 while S = 0 .. 127 gives 0."""
    assert {abs(s >> 7) for s in range(-128, 0)} == {1}
    assert {abs(s >> 7) for s in range(128)} == {0}


def test_tables_have_their_shapes() -> None:
    assert len(RT) == 8 * 32
    assert len(T) == 32
    assert len(PARAMETER_SETS) == 9
    # Both parts of every range are possible, and a shift is never far: what the bound of bins in a payload rests on.
    for row in range(8):
        assert all(2 <= lps < 256 + 32 * row for lps in RT[32 * row : 32 * row + 32])


# Section 9: the decoder undoes the encoder.


@st.composite
def bins(draw: st.DrawFn) -> list[tuple[int | None, int]]:
    """(model, bin) of context bins, (None, bin) of bypass bins; long runs drive the models to their ends."""
    runs = draw(st.lists(st.tuples(st.none() | st.integers(0, 8), st.integers(0, 1), st.integers(1, 60)), max_size=20))
    return [(model, bin) for model, bin, length in runs for _ in range(length)]


def models() -> list[ContextModel]:
    """One for each parameter set."""
    made = [ContextModel(index) for index in range(9)]
    for model in made:
        model.init(model.index)
    return made


@given(bins())
def test_decoder_undoes_encoder(sequence: list[tuple[int | None, int]]) -> None:
    encoder, contexts = ArithmeticEncoder(), models()
    for model, bin in sequence:
        if model is None:
            encoder.bypass(bin)
        else:
            encoder.ae(contexts[model], bin)
    payload = encoder.finish()
    assert len(payload) == 2 + encoder.shifts // 8

    decoder, contexts = ArithmeticDecoder(payload), models()
    for model, bin in sequence:
        assert bin == (decoder.uae(1, "x") if model is None else decoder.ae(contexts[model], "x"))
    assert encoder.shifts == decoder.P
    assert len(sequence) <= 128 * (8 * len(payload) + 1)
    decoder.terminate()


@pytest.mark.parametrize("shifts", range(9))
def test_only_one_ending(shifts: int) -> None:
    """Section 9.5: no other bits from the stop bit on, no byte more or less."""
    encoder = ArithmeticEncoder()
    for _ in range(shifts):
        encoder.bypass(0)
    payload = encoder.finish()
    stop_bit = shifts + 8
    others = [payload + b"\0", payload + b"\x80", payload[:-1]]
    for bit in range(stop_bit, 8 * len(payload)):
        others.append(
            (int.from_bytes(payload, "big") ^ 1 << (8 * len(payload) - 1 - bit)).to_bytes(len(payload), "big")
        )
    for other in others:
        with pytest.raises(Exception) as refusal:  # noqa: PT011
            finish_reading(other, shifts)
        assert refusal.type.__module__ == "aimcodec.errors"
    finish_reading(payload, shifts)


def finish_reading(payload: bytes, bypass_bins: int) -> None:
    decoder = ArithmeticDecoder(payload)
    assert decoder.uae(bypass_bins, "x") == 0
    decoder.terminate()


def test_most_bins_holds_for_the_cheapest_bins() -> None:
    """1000 equal bins of one model cost some 20 bits; the bound allows for them."""
    encoder, model = ArithmeticEncoder(), ContextModel(0)
    for _ in range(1000):
        encoder.ae(model, 1)
    payload = encoder.finish()
    assert len(payload) < 10
    assert ArithmeticDecoder(payload).most_bins() >= 1000


def test_block_row_start_keeps_the_offset() -> None:
    """Section 10.2: the encoder's low stays, so the decoder's offset does."""
    encoder, model = ArithmeticEncoder(), ContextModel(0)
    for bin in (1, 0, 0, 1):
        encoder.start_block_row()
        encoder.ae(model, bin)
    decoder, model = ArithmeticDecoder(encoder.finish()), ContextModel(0)
    found = []
    for _ in range(4):
        decoder.start_block_row()
        found.append(decoder.ae(model, "x"))
    decoder.terminate()
    assert found == [1, 0, 0, 1]


def test_offset_outside_the_range_at_a_block_row() -> None:
    with pytest.raises(InconsistentError):
        ArithmeticDecoder(b"\xff\x00").start_block_row()


# Section 5.3: which parameter set ids are in the payload.


@pytest.mark.parametrize(("dq_flag", "bins"), [(0, 59), (1, 80)])
def test_number_of_shift_ids(dq_flag: int, bins: int) -> None:
    """Section 5.3 counts them for N = 11 without special tools."""
    codeword = Codeword(cabac_unary_length_minus1=10, dq_flag=dq_flag)
    assert len(list(shift_id_contexts(codeword, False, 0, 0, 0))) == bins


@pytest.mark.parametrize(
    ("size", "zero", "contexts"),
    [
        (1, 0, []),
        (2, 0, [0, 1, 2, 24, 25, 40, 53, 54]),
        (3, 1, [0, 1, 2, 24, 25, 40, *range(48, 55)]),
        (4, 1, [0, 1, 2, 24, 25, 40, *range(48, 59)]),
        (5, 1, [0, 1, 2, 24, 25, 40, *range(48, 62)]),
        (5, 4, [0, 1, 2, 24, 25, 40, *range(53, 62)]),
        (0, 0, [0, 1, 2, 24, 25, 40, *range(48, 92)]),
    ],
)
def test_shift_ids_of_codebooks(size: int, zero: int, contexts: list[int]) -> None:
    """The table of section 5.3 with N = 2, temporal contexts and history, worked by hand. GTX is 53 .. 56, GTX_T is
    57 .. 60, REM is 61 .. 91; a codebook leaves out what its largest magnitude cannot need.
    """
    codeword = Codeword(cabac_unary_length_minus1=1, parent_node_id_present_flag=1)
    assert list(shift_id_contexts(codeword, True, 1, size, zero)) == contexts


# Section 7: binarization, with the bins given instead of decoded.


class Script:
    """Stands for the arithmetic decoder: hands out the bins of a list and notes what was asked for."""

    def __init__(self, bins: str) -> None:
        self.bins = [int(bin) for bin in bins]
        self.asked: list[tuple[str, int | str]] = []

    def ae(self, model: ContextModel, element: str, subscript: int | None = None) -> int:
        self.asked.append((element if subscript is None else f"{element}[{subscript}]", model.index))
        return self.bins.pop(0)

    def uae(self, n: int, element: str) -> int:
        self.asked += [(element, "bypass")] * n
        value = 0
        for _ in range(n):
            value = 2 * value + self.bins.pop(0)
        return value

    def error(self, message: str) -> Exception:
        return InconsistentError(message)


def level_decoder(script: Script, N: int, cbSize: int = 0, cbZero: int = 0, **more: Any) -> LevelDecoder:  # noqa: N803
    given = {"dq_flag": 0, "layerWidth": 1, "ref": None, "history": None} | more
    return LevelDecoder(d=script, contexts=ContextModels(N), N=N, cbSize=cbSize, cbZero=cbZero, **given)  # type: ignore[arg-type]


def test_worked_example() -> None:
    """Section 7: N = 2, v = -5."""
    script = Script("1111101")
    assert level_decoder(script, 2).level(0, 0, 0) == -5
    assert script.asked == [
        ("sig_flag", 0),
        ("sign_flag", 48),
        ("abs_level_greater[0]", 54),
        ("abs_level_greater[1]", 56),
        ("rem_prefix[0]", 61),
        ("rem_prefix[1]", 62),
        ("rem_suffix", "bypass"),
    ]


def level_bins(v: int, N: int, limits: tuple[int, int] | None) -> str:  # noqa: N803
    """Section 7 in closed form. `limits` are the largest magnitudes of negative and of positive levels."""
    if limits == (0, 0):
        return ""
    if v == 0:
        return "0"
    bins = "1" + ("" if limits and 0 in limits else str(int(v < 0)))
    magnitude = abs(v)
    limit = limits[v > 0] if limits else None
    flags = N if limit is None else min(N, limit - 1)
    if magnitude <= flags:
        return bins + "1" * (magnitude - 1) + "0"
    bins += "1" * flags
    if flags < N or limit == N + 1:
        return bins
    rest = magnitude - N - 1
    rem = (rest + 1).bit_length() - 1
    bins += "1" * rem
    if limit is None or N + 2 ** (rem + 1) <= limit:
        bins += "0"
    return bins + (f"{rest + 1 - 2**rem:0{rem}b}" if rem else "")


levels = st.integers(-40, 40) | st.integers(INT32_MIN, INT32_MAX) | st.sampled_from([INT32_MIN, INT32_MAX])


@given(levels, st.integers(1, 256))
def test_levels_without_codebook(v: int, N: int) -> None:  # noqa: N803
    script = Script(level_bins(v, N, None))
    assert level_decoder(script, N).level(0, 0, 0) == v
    assert not script.bins


@given(st.data(), st.integers(1, 300), st.integers(1, 20))
def test_levels_of_a_codebook(data: st.DataObject, size: int, N: int) -> None:  # noqa: N803
    zero = data.draw(st.integers(0, size - 1))
    v = data.draw(st.integers(-zero, size - 1 - zero))
    script = Script(level_bins(v, N, (zero, size - 1 - zero)))
    integers = np.zeros(1, np.int32)
    level_decoder(script, N, size, zero).decode(scan(1, 1, 0, False, False), [], integers)
    assert integers.tolist() == [v]
    assert not script.bins


@pytest.mark.parametrize(("s", "expected"), [(0, 40), (5, 45)])
def test_history_goes_before_reference_for_significance_only(s: int, expected: int) -> None:
    """Section 6, priorities."""
    script = Script("1010")
    decoder = level_decoder(script, 2, dq_flag=1, ref=np.array([-3], np.int32), history=np.array([1], np.uint8))
    assert decoder.level(0, s, 2) == 2
    assert [context for _, context in script.asked] == [expected, 51, 57, 59]


@pytest.mark.parametrize(
    ("ref", "contexts"),
    [(1, [30, 52, 59, 61, 64]), (-2, [31, 51, 59, 61, 63]), (0, [10, 49, 53, 55, 57])],
)
def test_contexts_by_reference(ref: int, contexts: list[int]) -> None:
    """Section 6, N = 3, trellis state 3, negative neighbour: GTX_T of flag j is 59 + 2j, or 60 + 2j if abs(ref) < j."""
    script = Script("101110")
    assert level_decoder(script, 3, dq_flag=1, ref=np.array([ref], np.int32)).level(0, 3, 1) == 4
    assert [context for _, context in script.asked[:5]] == contexts


@pytest.mark.parametrize("v", [INT32_MAX + 1, INT32_MIN - 1])
def test_integers_beyond_int32_are_refused(v: int) -> None:
    with pytest.raises(InconsistentError):
        level_decoder(Script(level_bins(v, 1, None)), 1).decode(scan(1, 1, 0, False, False), [], np.zeros(1, np.int32))


# Section 10: scan orders and the trellis.


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 4), st.booleans())
def test_scan_visits_every_position_once(rows: int, width: int, scan_order: int, nncodec1: bool) -> None:
    is2d = width > 1 and rows > 1
    segments = list(scan(rows, width, scan_order, is2d, nncodec1))
    visited = [position for segment in segments for position in range(segment.begin, segment.end)]
    assert sorted(visited) == list(range(rows * width))
    side = 4 << scan_order
    if not is2d or scan_order == 0:
        assert visited == sorted(visited)
        assert not any(segment.starts_block_row for segment in segments)
        return
    order = sorted(range(rows * width), key=lambda p: (p // width // side, p % width // side, p))
    assert visited == order
    starts = [segment.row for segment in segments if segment.starts_block_row]
    assert starts == (list(range(0, rows, side)) if rows > side or nncodec1 else [])


def test_trellis_transitions() -> None:
    """Section 10.3: both parities of a state lead elsewhere, each state is reached twice."""
    assert all(even != odd for even, odd in NEXT)
    assert sorted(state for pair in NEXT for state in pair) == sorted([*range(8), *range(8)])


def test_trellis_multiples() -> None:
    """Section 10.3: even states use multiples 2k, odd states 2k - sign(k); together all integers."""
    reached: dict[int, set[int]] = {0: set(), 1: set()}
    for k in range(-5, 6):
        for odd, integers in reached.items():
            integers.add(2 * k - ((k > 0) - (k < 0)) * odd)
    assert reached[0] == set(range(-10, 11, 2))
    assert reached[1] == {0, *range(-9, 10, 2)}


def test_skipped_rows_have_short_cycles() -> None:
    """Section 10.4: next[s][0] has cycles of length 1, 2 and 4, so that only layerWidth mod 4 matters."""
    cycles = set()
    for s in range(8):
        state, length = NEXT[s][0], 1
        while state != s:
            state, length = NEXT[state][0], length + 1
        cycles.add(length)
        for width in range(1, 12):
            state = s
            for _ in range(width):
                state = NEXT[state][0]
            assert skip_row(s, width) == state
    assert cycles == {1, 2, 4}


# Section 11: values.


@pytest.mark.parametrize(
    ("qp", "d", "step"),
    [(-32, 2, 2**-8), (-30, 2, 6 * 2**-10), (-12, 2, 0.125), (0, 2, 1.0), (5, 0, 32.0), (-1, 0, 0.5), (-1, 1, 0.75)],
)
def test_step_sizes(qp: int, d: int, step: float) -> None:
    assert step_size(qp, d, "qp_delta") == step


@given(st.integers(-128, 123))
def test_four_steps_of_qp_double_the_step(qp: int) -> None:
    assert step_size(qp + 4, 2, "") == 2 * step_size(qp, 2, "")


@given(st.integers(0, 7), st.data())
def test_step_is_exact_in_binary32_and_grows_linearly_between_powers(d: int, data: st.DataObject) -> None:
    qp = data.draw(st.integers(-(1 << (5 + d)), (1 << (5 + d)) - 1))
    step = step_size(qp, d, "")
    assert float(np.float32(step)) == step
    base = qp >> d
    assert step == 2.0**base * (1 + (qp - (base << d)) / 2**d)


@pytest.mark.parametrize(("qp", "d"), [(127, 0), (-126, 0), (255, 1), (-252, 1), (4095, 7)])
def test_step_at_the_ends_of_normal_binary32(qp: int, d: int) -> None:
    step = step_size(qp, d, "qp_delta")
    assert step == 2.0 ** (qp >> d) * (1 + (qp & (2**d - 1)) / 2**d)
    assert float(np.float32(step)) == step


@pytest.mark.parametrize(("qp", "d"), [(4095, 0), (128, 0), (256, 1), (-127, 0), (-4127, 0), (-253, 1)])
def test_step_beyond_normal_binary32(qp: int, d: int) -> None:
    with pytest.raises(OutOfRangeError):
        step_size(qp, d, "qp_delta")


def test_large_integers_round_before_the_product() -> None:
    """Section 11.2: with 0.75 the order matters. 2^24 + 3 is 2^24 + 4 in binary32."""
    w = (1 << 24) + 3
    (value,) = uniform_values(np.array([w], np.int32), 0.75)
    assert value == np.float32(((1 << 24) + 4) * 0.75)
    assert value != np.float32(w * 0.75)


@pytest.mark.parametrize("level", [-2, 3])
def test_levels_outside_the_codebook(level: int) -> None:
    with pytest.raises(OutOfRangeError):
        codebook_values(np.array([level], np.int32), (-1, 0, 3, 7), 1, 0.125, "codebook")


def test_codebook_values() -> None:
    values = codebook_values(np.array([-1, 0, 1, 2], np.int32), (-1, 0, 3, 7), 1, 0.125, "codebook")
    assert values.dtype == np.float32
    assert values.tolist() == [-0.125, 0.0, 0.375, 0.875]
