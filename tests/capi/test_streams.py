"""Whatever the Python package asks of its native module, the C interface answers the same: over all streams."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec import errors
from aimcodec.coding import lossless
from aimcodec.coding.nnc import payloads
from aimcodec.coding.nnc.data_unit import DataUnit
from aimcodec.conformance.catalogue import streams_root
from aimcodec.errors import AimcError
from aimcodec.nnc import Decoder
from aimcodec.package import open_package

from .blocks import Blocks
from .interface import CallError, context, status_name
from .nnc import codewords

NNC = sorted(streams_root().rglob("*.nnc"))
AIM = sorted(streams_root().rglob("*.aim"))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Puts the C interface beside the native module; the numbers of data units and of blocks that were compared."""
    seen = [0, 0]
    run = payloads._run
    decode = lossless.decode

    def run_both(units: Sequence[DataUnit], dialect: int, threads: int, **kwargs: Any) -> Any:
        verdict = c_verdict(units, dialect, **kwargs)
        seen[0] += len(units)
        try:
            jobs, arrays = run(units, dialect, threads, **kwargs)
        except AimcError as error:
            same_error(verdict, error, units)
            raise
        assert not isinstance(verdict, CallError), verdict
        for i, (job, native, ours) in enumerate(zip(jobs, arrays, verdict.outputs, strict=True)):
            for k, (x, y) in enumerate(zip(native, ours, strict=True)):
                assert x.dtype == y.dtype
                assert x.tobytes() == y.tobytes()
                assert job.qp(k) == verdict.qp(i, k)
        return jobs, arrays

    def decode_both(jobs: Sequence[lossless.DecodeJob], threads: int) -> Any:
        blocks = [Blocks(job) for job in jobs]
        wrong = decode(jobs, threads)
        expected = {(number, block): error for number, block, error in wrong}
        for number, (job, ours) in enumerate(zip(jobs, blocks, strict=True)):
            seen[1] += ours.count
            with context() as handle:
                assert ours.decode(handle)
            for i in range(ours.count):
                error = expected.get((number, i))
                assert ours.verdict(i) == (None if error is None else (error.code, error.bit_offset, error.message))
            if all(key[0] != number for key in expected):
                assert ours.output.tobytes() == np.frombuffer(job.output, np.uint8).tobytes()
        return wrong

    monkeypatch.setattr(payloads, "_run", run_both)
    monkeypatch.setattr(lossless, "decode", decode_both)
    return seen


def same_error(verdict: Any, error: AimcError, units: Sequence[DataUnit]) -> None:
    assert isinstance(verdict, CallError)
    assert status_name(verdict.code) == error.code
    assert units[verdict.index].payload_bit + verdict.bit_offset == error.bit_offset
    assert verdict.message == error.message


def c_verdict(units: Sequence[DataUnit], dialect: int, **kwargs: Any) -> Any:
    made = codewords(units, dialect, **kwargs)
    try:
        with context(threads=2) as handle:
            made.probe(handle)
            made.allocate()
            made.decode(handle)
    except CallError as failure:
        return failure
    return made


def family(file: Path) -> str:
    return str(file.relative_to(streams_root()).parent)


@pytest.mark.parametrize("folder", sorted({f.parent for f in NNC}), ids=lambda f: str(f.relative_to(streams_root())))
def test_nnc_streams(folder: Path, compared: list[int]) -> None:
    decoder = Decoder(threads=1)
    for file in sorted(folder.glob("*.nnc")):
        try:
            decoder.decode(file)
        except AimcError:
            break


@pytest.mark.parametrize("file", AIM, ids=family)
def test_aim_streams(file: Path, compared: list[int]) -> None:
    data = file.read_bytes()
    with suppress(AimcError), open_package(data, threads=1) as package:
        for _ in package.verify():
            pass
        for name in package:
            package.memory(name)


def test_that_the_streams_above_are_worth_it(compared: list[int]) -> None:
    for file in NNC:
        with suppress(AimcError):
            Decoder(threads=1).decode(file)
        if compared[0] > 20:
            break
    for file in AIM:
        with suppress(AimcError), open_package(file.read_bytes(), threads=1) as package:
            for name in package:
                package.memory(name)
        if compared[1] > 20:
            break
    assert min(compared) > 20


def test_errors_have_the_numbers_of_the_package() -> None:
    kinds = [
        e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, AimcError) and e is not AimcError
    ]
    assert {status_name(i) for i in range(1, 11)} == {kind.code for kind in kinds}
