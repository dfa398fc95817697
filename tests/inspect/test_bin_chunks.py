"""Bins chunk by chunk: the same bins as all at once, whatever the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import aimcodec
from aimcodec import _core, nnc
from aimcodec.coding.nnc.data_unit import DIALECT_EDITION2
from aimcodec.coding.nnc.interpret import interpret
from aimcodec.coding.nnc.payloads import References, build_job
from aimcodec.errors import InconsistentError
from aimcodec.inspect import BIN_DTYPE, bin_chunks, bin_trace
from aimcodec.inspect.bins import ELEMENTS
from aimcodec.syntax.nnc import iter_units

SIG_FLAG, TERMINATE = ELEMENTS.index("sig_flag"), ELEMENTS.index("terminate")
ROWS, COLUMNS = 300, 200


@pytest.fixture(scope="module")
def stream() -> bytes:
    """More bins than a chunk has, in block rows."""
    values = np.random.default_rng(5).normal(0, 0.02, (ROWS, COLUMNS)).astype("f4")
    return nnc.encode({"w": values}, qp=-30, dq=True, scan_order=1)


@pytest.fixture(scope="module")
def whole(stream: bytes) -> NDArray[Any]:
    return bin_trace(stream, "w").bins


def test_chunks_follow_each_other(stream: bytes, whole: NDArray[Any]) -> None:
    chunks = list(bin_chunks(stream, "w"))
    assert len(chunks) > 2
    assert [first for first, _ in chunks] == np.cumsum([0, *(len(bins) for _, bins in chunks)])[:-1].tolist()
    assert np.concatenate([bins for _, bins in chunks]).tobytes() == whole.tobytes()
    assert max(len(bins) for _, bins in chunks) < 1 << 17


def test_every_bin_follows_from_the_one_before(whole: NDArray[Any]) -> None:
    """What a record derives from itself and the payload is what the decoder has before the next bin."""
    before, after = whole[:-1], whole[1:]
    assert np.array_equal(before["offset_after"], after["offset_before"])
    resets = after[before["range_after"] != after["range_before"]]  # block rows begin there (10.2)
    assert len(resets) > ROWS // 8 // 2
    assert np.all(resets["range_before"] == 256)
    assert np.all(resets["element"] == SIG_FLAG)
    assert np.all(resets["position"] % (8 * COLUMNS) == 0)


def test_levels_of_the_trace_are_those_of_plain_decoding(stream: bytes, whole: NDArray[Any]) -> None:
    (unit,) = interpret(iter_units(stream))
    job = build_job(unit, DIALECT_EDITION2, integers=True, references=References())
    decoded = np.empty((ROWS, COLUMNS), np.int32)
    job.set_data(0, decoded)
    _core.decode([job], 1)
    flags = whole[whole["element"] == SIG_FLAG]
    assert np.array_equal(flags["position"], np.arange(ROWS * COLUMNS))
    # In blocks of 8 by 8, row by row inside of a block.
    order = [
        row * COLUMNS + column
        for top in range(0, ROWS, 8)
        for left in range(0, COLUMNS, 8)
        for row in range(top, min(top + 8, ROWS))
        for column in range(left, min(left + 8, COLUMNS))
    ]
    assert np.array_equal(flags["bin"] != 0, _level_is_nonzero(decoded.ravel()[order]))


def _level_is_nonzero(integers: NDArray[np.int32]) -> NDArray[np.bool_]:
    """10.3: with dependent quantization a level of 0 stands for 0, and no other level does."""
    return np.not_equal(integers, 0)


@pytest.mark.parametrize(("first", "limit"), [(0, 1), (70_000, 5), (65_536, 65_536), (1, None), (10**9, None), (3, 0)])
def test_windows_by_number(first: int, limit: int | None, stream: bytes, whole: NDArray[Any]) -> None:
    trace = bin_trace(stream, "w", first, limit)
    end = len(whole) if limit is None else first + limit
    assert trace.bins.tobytes() == whole[first:end].tobytes()
    assert trace.total == len(whole)


@pytest.mark.parametrize("levels", [(0, 3), (59_990, 60_000), (12_345, 12_346), (5, 5), (59_999, 10**12)])
def test_windows_by_level(levels: tuple[int, int], stream: bytes, whole: NDArray[Any]) -> None:
    wanted = (whole["position"] >= levels[0]) & (whole["position"] < levels[1])
    wanted &= (whole["element"] >= SIG_FLAG) & (whole["element"] < TERMINATE)
    chunks = list(bin_chunks(stream, "w", levels=levels))
    found = np.concatenate([np.empty(0, BIN_DTYPE), *(bins for _, bins in chunks)])
    assert found.tobytes() == whole[wanted].tobytes()
    if chunks:
        assert chunks[0][0] == np.flatnonzero(wanted)[0]


def test_levels_of_one_tensor_of_several(conformance_streams: Path) -> None:
    data = (conformance_streams / "valid/nnc/block/block-bias-bn/stream.nnc").read_bytes()
    bins = bin_trace(data, "units[3]").bins
    tensors = np.unique(bins["tensor"])
    assert len(tensors) > 1
    last = bins[bins["tensor"] == tensors[-1]]
    wanted = last[(last["position"] == 2) & (last["element"] >= SIG_FLAG) & (last["element"] < TERMINATE)]
    ((_, found),) = bin_chunks(data, "c.weight", levels=(2, 3))
    assert found.tobytes() == wanted.tobytes()


def test_headers_of_later_tensors_have_no_position(conformance_streams: Path) -> None:
    data = (conformance_streams / "valid/nnc/block/block-bias-bn/stream.nnc").read_bytes()
    bins = bin_trace(data, "units[3]").bins
    assert not bins["position"][bins["element"] < SIG_FLAG].any()


def test_chunks_up_to_an_error(stream: bytes, whole: NDArray[Any]) -> None:
    chunks = bin_chunks(stream[:-1] + b"\x00", "w")
    found = np.concatenate([bins for _, bins in chunks])
    assert isinstance(chunks.error, InconsistentError)
    assert chunks.error.path == "units[3].payload"
    assert found[: len(whole) - 100].tobytes() == whole[: len(whole) - 100].tobytes()


def test_bins_of_a_package_are_those_of_its_stream(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(0, 0.02, (20, 30)).astype("f4")
    file = tmp_path / "m.aim"
    aimcodec.save_file({"a": values, "b": values[:3]}, file, coding="nnc", qp=-20)
    package = file.read_bytes()
    trace = bin_trace(package, "b")
    alone = bin_trace(nnc.encode({"a": values, "b": values[:3]}, qp=-20), "b")
    assert trace.bins.tobytes() == alone.bins.tobytes()
    assert bin_trace(package, trace.unit.path).bins.tobytes() == alone.bins.tobytes()
    begin = trace.unit.payload_bit // 8
    assert package[begin : begin + len(trace.unit.payload)] == bytes(trace.unit.payload)


def test_the_record_of_a_trace_does_not_depend_on_the_instruction_set(
    stream: bytes, whole: NDArray[Any], isa: str
) -> None:
    assert bin_trace(stream, "w", 60_000, 10_000).bins.tobytes() == whole[60_000:70_000].tobytes()
