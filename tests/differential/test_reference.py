"""What our encoder writes decodes to the same values, bit for bit, in the native decoder and in the reference.

python -m tests.differential.test_reference --first 0 --count 20000
"""

from __future__ import annotations

import argparse

import numpy as np
import pytest

import aimcodec as aimc
from aimcodec import reference

from .small_cases import Case, Tensors, draw_case

FAST, SLOW, CHUNK = 300, 20_000, 1_000


def streams_of(case: Case) -> list[bytes]:
    if len(case.models) == 1:
        return [aimc.nnc.encode(case.models[0], **case.settings)]
    encoder = aimc.nnc.Encoder(**case.settings)
    return [encoder.encode(model) for model in case.models]


def check(case: Case) -> int:
    """Decodes a case in both; returns the number of streams."""
    rng = np.random.default_rng(case.number)
    native = aimc.nnc.Decoder({}, threads=int(rng.integers(1, 3)))
    slow = reference.Decoder(hdsp=True)
    streams = streams_of(case)
    for number, stream in enumerate(streams):
        aimc.set_isa(str(rng.choice(aimc.available_isas())))
        ours, theirs = native.decode(stream), slow.decode(stream)
        assert_equal(ours, theirs, f"{case}, stream {number}")
    check_error(case, native.parameters or {})
    return len(streams)


def assert_equal(ours: Tensors, theirs: Tensors, what: str) -> None:
    assert list(ours) == list(theirs), what
    for name, array in ours.items():
        assert array.dtype == theirs[name].dtype, what
        assert array.shape == theirs[name].shape, what
        assert array.tobytes() == theirs[name].tobytes(), f"{what}: {name}"


def check_error(case: Case, decoded: Tensors) -> None:
    """Integers come back as they were; real numbers of single streams to within the reach of the quantiser."""
    for name, array in case.models[-1].items():
        if array.dtype == np.int32:
            assert np.array_equal(decoded[name], array), f"{case}: {name}"
        elif len(case.models) == 1:
            qp = case.settings["qp"] if array.ndim > 1 else case.settings["nonweight_qp"]
            k = 2 ** case.settings["qp_density"]
            step = (k + qp % k) * 2.0 ** (qp // k) / k
            # Half a step of rounding; the trellis of 10.3 chooses among every second multiple, off by up to two steps.
            reach = (2.0 if case.settings["dq"] else 0.5) * step + np.abs(array) * 2.0**-22
            assert (np.abs(decoded[name] - array) <= reach).all(), f"{case}: {name}"


@pytest.mark.parametrize("first", range(0, FAST, 50))
def test_native_equals_reference(first: int) -> None:
    for number in range(first, first + 50):
        check(draw_case(number))


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FAST, FAST + SLOW, CHUNK))
def test_native_equals_reference_many(first: int) -> None:
    for number in range(first, first + CHUNK):
        check(draw_case(number))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=SLOW)
    arguments = parser.parse_args()
    total = sum(check(draw_case(n)) for n in range(arguments.first, arguments.first + arguments.count))
    print(f"{total} streams of {arguments.count} cases decode identically in both decoders")
