"""The slow decoder, which shares no code with the fast one, gives the same verdict and values on damaged streams.

Except that it ignores entry points, as section 10.2 allows, where the fast one, which starts at them, checks them.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

import aimcodec
from aimcodec import reference
from aimcodec.errors import AimcError, LimitExceededError, UnsupportedError

from ..conformance.cases import CATALOGUE, Case, case_parameters
from .damage import bit_flips, prefixes, random_mutants

# What the slow decoder can do in a moment.
LIMITS = aimcodec.Limits(max_elements=1 << 12, max_output_bytes=1 << 14)
FAST_BYTES, SLOW_BYTES = 400, 4096
SHARE = 0.02


def sample(streams: Iterable[bytes], seed: str) -> list[bytes]:
    rng = random.Random(seed)  # noqa: S311
    return [stream for stream in streams if rng.random() < SHARE]


def disagreements(streams: Iterable[bytes], before: Sequence[bytes] = (), *, hdsp: bool = True) -> list[str]:
    fast = aimcodec.nnc.Decoder(limits=LIMITS, threads=1)
    slow = reference.Decoder(hdsp=hdsp)
    for stream in before:
        fast.decode(stream)
        slow.decode(stream)
    found = (disagreement(stream, copy.deepcopy(fast), copy.deepcopy(slow)) for stream in streams)
    return [text for text in found if text]


def disagreement(stream: bytes, fast: aimcodec.nnc.Decoder, slow: reference.Decoder) -> str:
    try:
        tensors, refusal = fast.decode(stream), None
    except LimitExceededError:
        return ""
    except AimcError as error:
        tensors, refusal = {}, error
    try:
        expected, slow_refusal = slow.decode(stream), None
    except (LimitExceededError, UnsupportedError) as error:
        # The two decode different parts of the syntax: what one does not decode says nothing about the other.
        return "" if refusal is not None or isinstance(error, UnsupportedError) else f"{error}: {stream.hex()}"
    except AimcError as error:
        expected, slow_refusal = {}, error
    if isinstance(refusal, UnsupportedError) or (refusal is not None and "entry point" in refusal.message):
        return ""
    if (refusal is None) != (slow_refusal is None):
        return f"fast: {refusal or 'accepts'}; slow: {slow_refusal or 'accepts'}: {stream.hex()}"
    same = list(tensors) == list(expected) and all(equal(tensors[name], expected[name]) for name in expected)
    return "" if same else f"other values: {stream.hex()}"


def equal(x: np.ndarray, y: np.ndarray) -> bool:
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()


def cases(smallest: int, largest: int) -> list[object]:
    parameters = case_parameters("valid", "uncommon", "invalid")
    return [p for p in parameters if smallest <= len(p.values[0].steps[-1].data) <= largest]


@pytest.mark.parametrize("case", cases(1, FAST_BYTES))
def test_on_prefixes_and_bit_flips(case: Case) -> None:
    *before, last = [step.data for step in case.steps]
    streams = sample([*prefixes(last), *bit_flips(last)], case.entry["id"])
    assert disagreements([last, *streams], before) == []


@pytest.mark.slow
@pytest.mark.parametrize("case", cases(FAST_BYTES + 1, SLOW_BYTES))
def test_on_prefixes_and_bit_flips_of_larger_streams(case: Case) -> None:
    *before, last = [step.data for step in case.steps]
    streams = sample([*prefixes(last), *bit_flips(last)], case.entry["id"])
    assert disagreements(streams, before) == []


def small_streams() -> list[bytes]:
    found = [Case(entry).steps[0].data for entry in CATALOGUE]
    return [stream for stream in found if len(stream) <= FAST_BYTES]


def test_on_random_mutants() -> None:
    assert disagreements(random_mutants(small_streams(), 400, seed=11)) == []


@pytest.mark.slow
def test_on_many_random_mutants() -> None:
    assert disagreements(random_mutants(small_streams(), 10_000, seed=12)) == []
