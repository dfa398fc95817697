"""Unusual arguments of the decoder: buffers of every kind, paths, threads, and decoders after a failure."""

from __future__ import annotations

import array
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, MissingReferenceError
from aimcodec.syntax.nnc import Unit, iter_units, write_units

from ..conformance.cases import CATALOGUE, Case, assert_decoded
from .trial import Outcome, run_apart

CASES = {entry["id"]: Case(entry) for entry in CATALOGUE}
SINGLE = next(case for case in CASES.values() if case.entry["class"] == "valid" and 100 < case.entry["bytes"] < 400)
UPDATES = CASES["update-hdsp"]


@pytest.mark.parametrize(
    "wrap",
    [
        bytearray,
        memoryview,
        lambda data: memoryview(bytearray(data)),
        lambda data: memoryview(array.array("B", data)),
        lambda data: memoryview(np.frombuffer(data, np.uint8)),
        lambda data: memoryview(np.frombuffer(data, np.int8)),
        lambda data: memoryview(np.frombuffer(data, np.uint8).reshape(1, -1)),
        lambda data: memoryview(b"x" + data + b"x")[1:-1],
    ],
)
def test_takes_every_contiguous_buffer(wrap: Any) -> None:
    (step,) = SINGLE.steps
    assert_decoded(aimcodec.nnc.decode(wrap(step.data)), step)


@pytest.mark.parametrize("wrap", [lambda d: memoryview(d)[::2], lambda d: memoryview(d)[::-1]])
def test_refuses_a_buffer_with_gaps(wrap: Any) -> None:
    with pytest.raises(ArgumentError):
        aimcodec.nnc.decode(wrap(SINGLE.steps[0].data))


@pytest.mark.parametrize("empty", [b"", bytearray(), memoryview(b""), memoryview(np.zeros((0, 3), np.uint8))])
def test_refuses_an_empty_buffer(empty: Any) -> None:
    with pytest.raises(AimcError):
        aimcodec.nnc.decode(empty)


@pytest.mark.parametrize("path", ["a\0b", Path("a\0b"), "\ud800"])
def test_refuses_what_no_path_can_be(path: Any) -> None:
    with pytest.raises(ArgumentError):
        aimcodec.nnc.decode(path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011
        aimcodec.nnc.decode(tmp_path / "missing.nnc")
    with pytest.raises(OSError):  # noqa: PT011
        aimcodec.nnc.decode(str(tmp_path))


def decode_with_many_threads() -> Outcome:
    (step,) = SINGLE.steps
    assert_decoded(aimcodec.nnc.decode(step.data, threads=1_000_000), step)
    return Outcome()


def test_threads_that_the_system_refuses_are_not_missed() -> None:
    """The memory of the child is not enough for the stacks of so many."""
    assert not run_apart(decode_with_many_threads).findings


def test_one_decoder_for_each_thread() -> None:
    steps = [step for case in CASES.values() if case.entry["class"] == "valid" for step in case.steps[:1]][:40]
    failures: list[BaseException] = []

    def decode_all() -> None:
        try:
            for step in steps:
                aimcodec.nnc.Decoder(threads=2).decode(step.data)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=decode_all) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures


def with_dimensions(stream: bytes, change: Any) -> bytes:
    """The stream with other dimensions of its tensors; the payloads stay."""
    units: list[Unit] = list(iter_units(stream))
    for unit in units:
        del unit.fields["nnr_unit_size"]
        if "tensor_dimensions" in unit.header:
            unit.header["tensor_dimensions"] = change(unit.header["tensor_dimensions"])
    return write_units(units)


def test_an_update_of_another_shape_than_its_history_is_refused() -> None:
    """A damaged dimension once let an exception of the binding through."""
    *before, last = [step.data for step in UPDATES.steps]
    decoder = aimcodec.nnc.Decoder()
    for stream in before:
        decoder.decode(stream)
    with pytest.raises(InconsistentError, match="differ in shape"):
        decoder.decode(with_dimensions(last, lambda dims: [dims[0] + 1, *dims[1:]]))


@pytest.mark.parametrize("case", [case for case in CASES.values() if len(case.steps) > 1], ids=lambda c: c.entry["id"])
def test_a_refused_update_changes_nothing(case: Case) -> None:
    *before, last = case.steps
    decoder = aimcodec.nnc.Decoder()
    for step in before:
        decoder.decode(step.data)
    other_end = b"\0" if last.data[-1] == 0xFF else b"\xff"
    for broken in (last.data[:-1], last.data[:-1] + other_end, b"", last.data * 2):
        with pytest.raises(AimcError):
            decoder.decode(broken)
    assert_decoded(decoder.decode(last.data), last)


@pytest.mark.parametrize("case", [c for c in CASES.values() if len(c.steps) > 1], ids=lambda c: c.entry["id"])
def test_an_update_without_those_before_is_refused_or_needs_none(case: Case, isa: str) -> None:
    last = case.steps[-1]
    try:
        tensors = aimcodec.nnc.Decoder().decode(last.data)
    except MissingReferenceError:
        return
    assert_decoded(tensors, last)
