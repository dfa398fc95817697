"""Cases of the arithmetic codeword: contexts, parameter sets, lengths, carries, ends (sections 5 to 10)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.generators.nnc.build import frame, int_unit, real_unit
from aimcodec.conformance.generators.nnc.case import Accepted, accepted
from aimcodec.conformance.generators.nnc.updates import UpdateSequence
from aimcodec.reference import Codeword
from aimcodec.reference.nnc_encoder import Codebook, EncodedPayload, TensorChoices, encode_payload

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["carry_cases", "context_cases", "length_cases", "mixed_cases", "parameter_set_cases", "run_cases"]

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
CONTEXTS = 48 + 5 + 4 * 11 + 32 + 5  # of the layout with 11 greater flags


def _magnitudes(rng: np.random.Generator, shape: tuple[int, ...], largest: int) -> NDArray[np.int64]:
    """Levels whose magnitudes are spread over their number of bits, a third of them 0."""
    sizes = np.exp2(rng.random(shape) * np.log2(largest + 1)).astype(np.int64)
    levels: NDArray[np.int64] = sizes * rng.integers(-1, 2, shape)
    return levels


def parameter_set_cases() -> Iterator[Accepted]:
    """Every parameter set with every kind of context (sections 5.3, 8.2)."""
    for id in range(9):
        for dq_flag in (0, 1):
            rng = np.random.default_rng(10 * id + dq_flag)
            ids = {"parameter_set_ids": dict.fromkeys(range(CONTEXTS), id)}
            sequence = UpdateSequence()
            for temporal, history in ((False, False), (True, False), (True, True), (False, True)):
                levels = _magnitudes(rng, (11, 13), 40)
                sequence.add(
                    levels,
                    temporal=temporal,
                    history=history,
                    tensor=ids,
                    dq_flag=dq_flag,
                    cabac_unary_length_minus1=10,
                )
            yield Accepted(
                f"nnc-sets-{id}-dq-{dq_flag}",
                "parameter-sets",
                f"parameter set {id} for all contexts, dq_flag {dq_flag}",
                tuple(sequence.streams),
                ("5.3", "8.2", "12.3", "12.5"),
                options=("hdsp",),
            )
    for seed in range(4):
        rng = np.random.default_rng(seed)
        units = []
        for number, dq_flag in enumerate((0, 1)):
            ids = {"parameter_set_ids": dict(enumerate(rng.integers(0, 9, CONTEXTS).tolist()))}
            levels = _magnitudes(rng, (20, 9), 30)
            units.append(real_unit(f"{number}", levels, tensor=ids, dq_flag=dq_flag, scan_order=seed & 1))
        yield accepted(
            f"nnc-sets-mixed-{seed}",
            "parameter-sets",
            f"a parameter set of its own for each context, scan_order {seed & 1}",
            [*frame(), *units],
            "5.3",
            "10.2",
        )


def context_cases() -> Iterator[Accepted]:
    """Every context with both values (section 6)."""
    for dq_flag in (0, 1):
        for unary in (0, 1, 9, 10, 255):
            rng = np.random.default_rng(100 + unary + dq_flag)
            largest = 320 if unary == 255 else 70
            shape = (12, 10) if unary == 255 else (20, 24)
            sequence = UpdateSequence()
            for temporal, history in ((False, False), (True, False), (True, True)):
                levels = _magnitudes(rng, shape, largest)
                sequence.add(
                    levels,
                    temporal=temporal,
                    history=history,
                    dq_flag=dq_flag,
                    cabac_unary_length_minus1=unary,
                )
            yield Accepted(
                f"nnc-contexts-{unary + 1}-dq-{dq_flag}",
                "contexts",
                f"{unary + 1} greater flags, dq_flag {dq_flag}: plain, temporal and history contexts",
                tuple(sequence.streams),
                ("6", "12.3", "12.5"),
                options=("hdsp",),
            )
    rng = np.random.default_rng(7)
    sequence = UpdateSequence()
    for temporal in (False, True, True):
        sequence.add(rng.integers(-12, 13, (40, 30)), temporal=temporal, dq_flag=1, cabac_unary_length_minus1=10)
    yield Accepted(
        "nnc-contexts-large-references",
        "contexts",
        "references of all magnitudes up to 25",
        tuple(sequence.streams),
        ("6", "12.3"),
    )
    sequence = UpdateSequence()
    for largest in (320, 280, 290):
        levels = rng.integers(200, largest, (6, 9)) * rng.choice([-1, 1], (6, 9))
        levels[0] = rng.integers(1, 4, 9)
        levels[1:, :4] = 256, -256, 257, -257
        levels[1::2, 4:8] = 256, -256, 257, -257
        levels[2::2, 4:8] = 20, 30, -20, -30
        if largest == 280:  # small references for the last stream, and large ones
            levels[1:, :4] = 2
        sequence.add(levels, temporal=largest < 320, cabac_unary_length_minus1=255)
    yield Accepted(
        "nnc-contexts-last-flags",
        "contexts",
        "the last of 256 greater flags, with references below and above",
        tuple(sequence.streams),
        ("6", "12.3"),
    )


def length_cases() -> Iterator[Accepted]:
    """Every length of the remainder, and the ends of int32 (section 7)."""
    for unary in (0, 9):
        first = unary + 2  # the least magnitude with a remainder
        edges = [first - 1 + (1 << ones) for ones in range(31)]
        values = [edge + more for edge in edges for more in (-1, 0, 1) if edge + more <= INT32_MAX]
        for sign in (1, -1):
            yield accepted(
                f"nnc-lengths-{unary + 1}-{'minus' if sign < 0 else 'plus'}",
                "lengths",
                f"{unary + 1} greater flags: integers of sign {sign} at the ends of all lengths",
                [*frame(), int_unit("int", sign * np.array(values), cabac_unary_length_minus1=unary)],
                "7",
            )
    ends = [INT32_MIN, INT32_MAX, INT32_MIN + 1, INT32_MAX - 1, 1 << 30, -(1 << 30), 0, 1, -1]
    for unary in (0, 9, 255):
        yield accepted(
            f"nnc-lengths-ends-{unary + 1}",
            "lengths",
            f"{unary + 1} greater flags: the ends of int32",
            [*frame(), int_unit("int", ends, cabac_unary_length_minus1=unary)],
            "7",
        )
    halves = np.array([(1 << 30) - 1, -(1 << 30) + 1, 1 << 24, (1 << 24) + 1, -(1 << 25) - 1, 3, 0, 12345678])
    yield accepted(
        "nnc-lengths-dq",
        "lengths",
        "levels up to 2^30 with dependent quantization, integers beyond 2^24 times a step",
        [*frame(), real_unit("real", halves, dq_flag=1), real_unit("uniform", 2 * halves + 1, 5)],
        "7",
        "10.3",
        "11.2",
    )
    single = real_unit("w", np.zeros(5, np.int64), codebook=Codebook(0, 3, (), ()))
    yield accepted(
        "nnc-lengths-two-bytes",
        "lengths",
        "the shortest codeword: 6 bypass bins and the end",
        [*frame(mps_qp_density=0), single],
        "9.4",
        exact={"w": np.full(5, 3 * 2.0**-8)},
    )


def run_cases() -> Iterator[Accepted]:
    """Long runs of one value, then another: the ends of the adaptation and of the range table (sections 8.3, 9.1)."""
    for name, usual, other in (("zeros", 0, 1), ("ones", 1, 0), ("minus", -1, 0), ("large", -40, 1)):
        for id in (0, 3, 5):
            levels = np.full(1500, usual, np.int64)
            rng = np.random.default_rng(id)
            levels[np.cumsum(rng.integers(200, 260, 6))] = other
            levels[-3:] = other
            ids = {"parameter_set_ids": dict.fromkeys(range(CONTEXTS), id)}
            yield accepted(
                f"nnc-runs-{name}-{id}",
                "runs",
                f"runs of {usual} that end in {other}, parameter set {id}",
                [*frame(), real_unit("w", levels, tensor=ids), real_unit("dq", levels, tensor=ids, dq_flag=1)],
                "8.3",
                "9.1",
            )
    # Signs are bins near one half between two bins that are nearly certain: ranges of all sizes meet the latter.
    rng = np.random.default_rng(5)
    levels = rng.choice([-1, 1], 2500)
    yield accepted(
        "nnc-runs-and-noise",
        "runs",
        "random signs of ones: certain and uncertain bins in turn",
        [
            *frame(),
            real_unit("w", levels),
            int_unit("int", np.where(np.arange(1500) % 300 == 299, levels[:1500] * 3, 0)),
        ],
        "9.1",
    )


def carry_cases() -> Iterator[Accepted]:
    """Carries through bytes of ones (section 9.3): bypass bins are chosen that reach just beyond a power of two."""
    found: set[int] = set()
    for first, lowest in product(range(-20, 20), range(3, 40)):
        levels = _with_carry(first, lowest)
        for length in {min(run, 3) for run in _encoded(levels).carries} - found:
            found.add(length)
            yield accepted(
                f"nnc-carry-{length}",
                "carries",
                f"a carry that runs through {length} bytes of ones{' or more' if length == 3 else ''}",
                [*frame(), int_unit("int", levels)],
                "9.3",
            )


def _with_carry(first: int, lowest: int) -> NDArray[np.int64]:
    """Two levels, the second with a suffix that carries into the bits of low from `lowest` on.

    The suffix is the bypass bins before the end, so low grows by R with each step of the level (9.3). R is measured: it
    is how far two codewords lie apart.
    """
    suffix_zero = (1 << 30) + 10  # 10 greater flags, 30 bins of prefix that are 1, a suffix of 30 bins
    base, other = (_number(_encoded(np.array([first, suffix_zero + more]))) for more in (0, 1 << 29))
    step = (other - base) / (1 << 29)
    target = ((base >> lowest) + 1) << lowest
    suffix = min(int(np.ceil((target - base) / step)) + 1, (1 << 30) - 11)
    return np.array([first, suffix_zero + suffix])


def _encoded(levels: NDArray[np.int64]) -> EncodedPayload:
    return encode_payload(Codeword(has_qp=False), [TensorChoices(levels)])


def _number(encoded: EncodedPayload) -> int:
    """The codeword without the stop bit and what is behind it (section 9.4)."""
    return int.from_bytes(encoded.data, "big") >> (8 * len(encoded.data) - (encoded.P + 8))


def mixed_cases(seed: int) -> Iterator[Accepted]:
    """Update sequences with all tools at random."""
    rng = np.random.default_rng(seed)
    for number in range(24):
        rows, width = int(rng.integers(1, 40)), int(rng.integers(1, 14))
        sequence = UpdateSequence()
        for depth in range(3):
            sequence.add(**_random_update(rng, (rows, width), depth > 0))
        yield Accepted(
            f"nnc-mix-{seed}-{number}",
            "mix",
            f"three updates of {rows} x {width} with random tools",
            tuple(sequence.streams),
            ("5", "10", "12"),
            options=("hdsp",),
        )


def _random_update(rng: np.random.Generator, shape: tuple[int, int], refers: bool) -> dict[str, Any]:
    """Arguments of `UpdateSequence.add`."""
    is_2d = min(shape) > 1
    kind, dq_flag, temporal, history, skips, searched = (int(flag) for flag in rng.integers(0, 2, 6))
    levels = _magnitudes(rng, shape, int(rng.choice([1, 3, 30, 3000])))
    levels[rng.random(shape) < rng.choice([0.0, 0.5, 0.95])] = 0
    tensor: dict[str, Any] = {}
    if skips and is_2d:
        skipped = rng.integers(0, 2, shape[0])
        levels[skipped == 1] = 0
        tensor["row_skip_list"] = skipped.tolist()
    if searched:
        tensor["parameter_set_ids"] = dict(enumerate(rng.integers(0, 9, CONTEXTS).tolist()))
    if kind:
        tensor["qp_delta"] = int(rng.integers(-40, 10))
    return {
        "levels": levels,
        "kind": kind,
        "tensor": tensor,
        "dq_flag": dq_flag,
        "temporal": bool(temporal) and refers,
        "history": bool(history) and refers and is_2d,
        # With a single column the syntax has entry points where the coder has no block rows (section 13.3).
        "scan_order": int(rng.integers(0, 3)) if shape[1] > 1 else 0,
        "cabac_unary_length_minus1": int(rng.choice([0, 1, 9, 10])),
    }
