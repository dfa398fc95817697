"""Steps of the lossless decoders: the arithmetic of the text, the bytes of plain decoding, windows, damage."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

import aimcodec
from aimcodec.coding.lossless import DecodeJob, Layout, decode
from aimcodec.conformance.catalogue import streams_root
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, TruncatedError
from aimcodec.inspect.blocks import BlockLayout, map_block
from aimcodec.inspect.packaged import Block, good_units, unit_blocks
from aimcodec.inspect.step_text import step_records
from aimcodec.inspect.steps import Section, StepChunks, native_steps, step_chunks
from aimcodec.limits import DEFAULT_LIMITS

Parts = dict[str, tuple[Section, NDArray[Any]]]

GENERATOR = np.random.default_rng(3)
TENSORS: dict[str, NDArray[Any]] = {
    "gaussian": GENERATOR.normal(0, 0.02, (300, 1000)).astype("f4"),
    "half": GENERATOR.normal(0, 0.02, (70, 90)).astype("f2"),
    "skewed": np.minimum(GENERATOR.geometric(0.3, 9_000), 200).astype("u1"),
    "two bytes": (GENERATOR.normal(0, 40, 5_000)).astype("i2"),
    "sparse": np.where(GENERATOR.random(20_000) < 0.02, GENERATOR.normal(size=20_000), 0).astype("f4"),
}


def coded(coding: Literal["lossless", "small"], folder: Path) -> bytes:
    """A package of the tensors."""
    aimcodec.save_file(TENSORS, folder / "m.aim", coding=coding)
    return (folder / "m.aim").read_bytes()


@pytest.fixture(scope="module", params=["lossless", "small"])
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return coded(request.param, tmp_path_factory.mktemp("steps"))


def parts_of(chunks: StepChunks) -> Parts:
    """All steps of each part."""
    found: dict[str, list[NDArray[Any]]] = {}
    sections = {}
    for section, first, records in chunks:
        parts = found.setdefault(section.path, [])
        assert first == sum(map(len, parts))
        parts.append(records)
        sections[section.path] = section
    return {path: (sections[path], np.concatenate(parts)) for path, parts in found.items()}


def suite_blocks() -> Iterator[Block]:
    """The blocks of all good packages of the suite."""
    for file in sorted(streams_root().glob("valid/aim/**/*.aim")):
        for number, unit in good_units(file.read_bytes(), DEFAULT_LIMITS):
            yield from unit_blocks(number, unit)


def check_rans(data: bytes, section: Section, steps: NDArray[Any]) -> None:
    """7.4 in numpy: each state goes on where its last step ended, from the state that is written to 256."""
    n, begin = section.states, section.stream_bit // 8
    first_states = np.frombuffer(data, "<u2", n, begin - 2 * n)
    states = np.concatenate([first_states, steps["state_after"]])
    assert np.array_equal(steps["state_before"], states[: len(steps)])
    assert np.all(states[len(steps) :] == 256)
    x = steps["state_before"].astype(np.int64)
    slot = x & 255
    assert np.all((steps["start"] <= slot) & (slot < steps["start"].astype(np.int64) + steps["frequency"]))
    y = steps["frequency"] * (x >> 8) + slot - steps["start"]
    taken = y < 256
    assert np.array_equal(steps["taken"] != 0, taken)
    assert np.array_equal(steps["position"], np.cumsum(taken) - taken)
    stream = np.frombuffer(data + b"\0", np.uint8, -1, begin)  # the last step takes nothing
    byte = np.where(taken, stream[steps["position"]], 0)
    assert np.array_equal(steps["byte"], byte)
    assert np.array_equal(steps["state_after"], np.where(taken, y << 8 | byte, y))


def check_context(data: bytes, section: Section, steps: NDArray[Any]) -> None:
    """8.4 in numpy, as above."""
    begin = section.stream_bit // 8
    first_states = np.frombuffer(data, "<u4", 16, begin - 64)
    states = np.concatenate([first_states, steps["state_after"]])
    assert np.array_equal(steps["state_before"], states[: len(steps)])
    assert np.all(states[len(steps) :] == 65536)
    x = steps["state_before"].astype(np.int64)
    slot = x & 2047
    assert np.array_equal(steps["slot"], slot)
    y = steps["frequency"].astype(np.int64) * (x >> 11) + slot - steps["start"]
    taken = y < 65536
    assert np.array_equal(steps["taken"] != 0, taken)
    assert np.array_equal(steps["position"], 2 * (np.cumsum(taken) - taken))
    words = np.frombuffer(data, np.uint8, -1, begin)
    at = steps["position"][taken]
    assert np.array_equal(steps["word"][taken], words[at] + 256 * words[at + 1].astype(np.int64))
    assert np.array_equal(steps["state_after"], np.where(taken, y << 16 | steps["word"], y))
    assert np.array_equal(steps["context"], steps["level"] >> 6 & 3)
    code = (steps["level"] >> 6) + steps["symbol"] - 45
    assert np.array_equal(steps["code"][steps["symbol"] > 0], code[steps["symbol"] > 0])


def plane(parts: Parts, chunks: StepChunks, path: str) -> NDArray[np.uint8]:
    """The bytes of a plane, put together from the traces of what is coded of it."""
    map_ = chunks.map
    method, size = map_.methods[path], map_.sizes[path]
    if method == "rans":
        return parts[path][1]["symbol"]
    if method in ("raw", "constant"):
        piece = next(p for p in map_.pieces if p.path == path and p.part == method)
        values = np.frombuffer(chunks.block.data[piece.begin : piece.end], np.uint8)
        return np.resize(values, size)
    if method == "parts":
        names = [p for p in map_.methods if p.startswith(f"{path}.parts[") and p.count(".") == path.count(".") + 1]
        return np.concatenate([plane(parts, chunks, name) for name in names])
    assert method == "nibbles"
    low, high = (plane(parts, chunks, f"{path}.{half}") for half in ("low", "high"))
    if len(low) < size:
        low = np.stack([low & 15, low >> 4], axis=1).reshape(-1)[:size]
    return high << 4 | low


def test_planes_put_together_from_their_steps_are_the_tensor(tmp_path: Path) -> None:
    """Against the values that went in: the traced decoder gives what the plain one gives."""
    checked = 0
    for name in ("gaussian", "half", "skewed", "two bytes"):
        array = TENSORS[name]
        blocks = all_blocks(coded("lossless", tmp_path), name)
        for chunks in blocks:
            if chunks.map.mode != "planes" or "matches" in chunks.map.methods.values():
                continue
            parts = parts_of(chunks)
            width = array.itemsize
            planes = [plane(parts, chunks, f"planes[{j}]").astype(np.uint64) for j in range(width)]
            number = sum((byte << np.uint64(8 * j) for j, byte in enumerate(planes)), np.uint64(0))
            if array.dtype.kind == "f":
                low = np.uint64(1)
                number = number >> low | (number & low) << np.uint64(8 * width - 1)
            begin = chunks.block.number * blocks[0].block.records
            expected = array.reshape(-1).view(f"u{width}")[begin : begin + chunks.block.records]
            assert np.array_equal(number, expected.astype(np.uint64))
            checked += len(chunks.sections)
    assert checked > 4


def all_blocks(package: bytes, name: str) -> list[StepChunks]:
    count = step_chunks(package, name).blocks
    return [step_chunks(package, name, block) for block in range(count)]


@pytest.mark.parametrize("name", TENSORS)
def test_every_step_by_the_text(name: str, package: bytes) -> None:
    for chunks in all_blocks(package, name):
        parts = parts_of(chunks)
        assert chunks.error is None
        assert sum(len(steps) for _, steps in parts.values()) == chunks.total
        for section, steps in parts.values():
            (check_context if section.context else check_rans)(package, section, steps)


def test_codes_of_context_coding_are_those_of_the_tensor(tmp_path: Path) -> None:
    array = TENSORS["half"]
    chunks = step_chunks(coded("small", tmp_path), "half")
    assert chunks.map.mode == "context"
    _, steps = parts_of(chunks)["codes"]
    mantissa_bits = chunks.block.data[1 + 4]
    code = (array.reshape(-1).view("u2") & 0x7FFF) >> (mantissa_bits - 2)
    assert np.array_equal(steps["code"], code)


def test_every_step_of_the_suite_by_the_text() -> None:
    kinds = set()
    for block in suite_blocks():
        chunks = StepChunks(block, 1, 0, None)
        parts = parts_of(chunks)
        assert chunks.error is None
        data = bytes(block.data)
        for section, steps in parts.values():
            local = Section(**{**vars(section), "stream_bit": section.stream_bit - 8 * block.offset})
            (check_context if section.context else check_rans)(data, local, steps)
            kinds.add((section.context, section.states))
    assert kinds == {(False, 4), (False, 64), (False, 128), (False, 256), (True, 16)}


def test_escapes_are_taken_in_order(package: bytes) -> None:
    seen = 0
    for chunks in all_blocks(package, "gaussian"):
        parts = parts_of(chunks)
        for path, (section, steps) in parts.items():
            if not section.context and f"{path}.escapes" in chunks.map.methods:
                escaped = steps["symbol"][steps["escape"] != 0]
                seen += len(escaped)
                assert np.array_equal(escaped, plane(parts, chunks, f"{path}.escapes"))
    assert seen > 0 or "codes" in parts


def test_windows_are_parts_of_the_whole(package: bytes) -> None:
    whole = list(step_records(step_chunks(package, "half")))
    assert [record["number"] for record in whole] == list(range(len(whole)))
    for first, limit in ((0, 3), (255, 3), (256, 1), (700, 300), (len(whole) - 2, 10), (len(whole), 5)):
        assert list(step_records(step_chunks(package, "half", 0, first, limit))) == whole[first : first + limit]


def test_units_and_blocks_by_number(package: bytes) -> None:
    chunks = step_chunks(package, "half")
    same = step_chunks(package, f"units[{chunks.block.unit}]")
    assert same.block.offset == chunks.block.offset
    assert package[chunks.block.offset : chunks.block.offset + 1] == bytes(chunks.block.data[:1])
    for which, block in (("none", 0), ("0", 0), ("half", 1), ("units[99]", 0)):
        with pytest.raises(ArgumentError):
            step_chunks(package, which, block)


def test_damage_ends_the_steps_where_the_decoder_stops() -> None:
    """The last renormalisation byte is gone: all steps up to the one that needs it are there."""
    block = next(
        b for b in suite_blocks() if (m := map_block(b.data, b.layout, b.records)).coded and m.mode == "planes"
    )
    good = StepChunks(block, 1, 0, None)
    coded_part = next(c for c in good.map.coded if c.stream < c.end)
    whole = parts_of(good)[coded_part.path][1]
    data = bytearray(block.data[coded_part.begin : coded_part.end - 1])
    data[:4] = (len(data) - 4).to_bytes(4, "little")
    cut = Block(block.unit, block.number, 0, memoryview(bytes(data)), block.layout, block.records)
    native = native_steps(cut, coded_part._replace(begin=0, end=len(data)))
    steps = native.next(1 << 20).view(whole.dtype)
    code, bit, _ = native.status()
    assert (code, bit <= 8 * len(data)) == ("truncated", True)
    assert len(steps) == np.flatnonzero(whole["taken"])[-1]
    assert steps.tobytes() == whole[: len(steps)].tobytes()
    assert len(native.next(256)) == 0


@pytest.mark.parametrize("seed", range(40))
def test_damaged_blocks_trace_or_end_in_a_typed_error(seed: int, package: bytes) -> None:
    """And the verdict, without the checksum, is that of the plain decoder."""
    rng = np.random.default_rng(seed)
    blocks = [b for number, unit in good_units(package, DEFAULT_LIMITS) for b in unit_blocks(number, unit)]
    block = blocks[rng.integers(len(blocks))]
    data = bytearray(block.data)
    data[min(int(rng.exponential(200)), len(data) - 1)] ^= 1 << int(rng.integers(8))
    chunks = StepChunks(Block(block.unit, 0, 0, memoryview(bytes(data)), block.layout, block.records), 1, 0, None)
    records = sum(len(steps) for _, _, steps in chunks)
    output = bytearray(block.records * block.layout.record_bytes)
    layout = Layout(block.layout.record_bytes, block.layout.rotate, (1,) if block.layout.opaque else ())
    job = DecodeJob(bytes(data), [len(data)], [zlib.crc32(data)], block.records, block.records, layout, output)
    refused = bool(decode([job], 1))
    if chunks.error is not None:
        assert isinstance(chunks.error, AimcError)
        assert chunks.error.path == f"units[{block.unit}].block[0]"
        assert refused
    else:
        assert records == chunks.total
    for record in step_records(chunks):
        json.dumps(record)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", TruncatedError),
        (b"\x09", AimcError),
        (b"\x02\x02\xff\xff\xff\xff", TruncatedError),
        (b"\x00" * 9, InconsistentError),
        (b"\x02\x04\x00\x00\x00\x00", AimcError),
    ],
)
def test_maps_of_bad_blocks_cover_all_bytes(data: bytes, error: type[AimcError]) -> None:
    found = map_block(memoryview(data), BlockLayout(1, False, False), 4)
    assert isinstance(found.error, error)
    assert sum(piece.end - piece.begin for piece in found.pieces) == len(data)
