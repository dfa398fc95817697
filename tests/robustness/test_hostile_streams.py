"""Streams that promise much: each is refused for what it is, before memory or time is spent on it."""

from __future__ import annotations

import time
import tracemalloc

import pytest

import aimcodec

from .hostile import HOSTILE, data_unit, hostile_stream, stream
from .trial import DEFECTS

MOST_BYTES = 1 << 20
LONGEST_SECONDS = 0.05


def refuse(data: bytes) -> aimcodec.AimcError:
    with pytest.raises(aimcodec.AimcError) as refusal:
        aimcodec.nnc.decode(data, threads=1)
    return refusal.value


def test_there_are_many() -> None:
    assert len(HOSTILE) >= 40
    assert len(set(HOSTILE.values())) == len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_is_refused(name: str, isa: str) -> None:
    error = refuse(HOSTILE[name])
    assert not isinstance(error, DEFECTS)


@pytest.mark.parametrize("name", HOSTILE)
def test_needs_little_memory(name: str) -> None:
    refuse(HOSTILE[name])  # what is made once, at the first use
    tracemalloc.start()
    refuse(HOSTILE[name])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_BYTES


@pytest.mark.parametrize("name", HOSTILE)
def test_needs_little_time(name: str) -> None:
    """Processor time, the best of five: a busy machine does not count."""

    def seconds() -> float:
        start = time.process_time()
        refuse(HOSTILE[name])
        return time.process_time() - start

    assert min(seconds() for _ in range(5)) < LONGEST_SECONDS


def test_the_builder_makes_good_streams_too() -> None:
    """What is hostile about the others is what they say, not how they are built."""
    values = aimcodec.nnc.decode(hostile_stream(kind=2, dims=(2, 2), payload=bytes(16)))
    assert values["t"].tolist() == [[0, 0], [0, 0]]


def test_the_verdict_does_not_depend_on_the_instruction_set() -> None:
    """Two things are wrong in each of many codewords, and the paths meet them in another order."""
    units = [data_unit(name=b"t%d" % i, dims=(16, 16), payload=bytes(range(i, 60))) for i in range(40)]
    hostile = stream(*units, qp_density=0, qp=-4096)
    before = aimcodec.isa()
    verdicts = set()
    for isa in aimcodec.available_isas():
        aimcodec.set_isa(isa)
        verdicts.add(str(refuse(hostile)))
    aimcodec.set_isa(before)
    assert len(verdicts) == 1
