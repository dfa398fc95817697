"""Lossless coding (clauses 7 and 8): the native coder beside a slow decoder and makers of odd blocks.

Those share no code with it. Everything runs on every instruction set, on one and two threads, and has to give the same.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aimcodec
from aimcodec.coding.lossless import DecodeJob, EncodedSegment, Layout, crc32, decode, default_block_records, encode
from aimcodec.conformance.generators.aim.blocks import Made, draw_block, draw_data, seeded
from aimcodec.conformance.generators.aim.broken import BROKEN, BrokenBlock, in_file
from aimcodec.conformance.generators.aim.context import draw_context_block
from aimcodec.errors import AimcError, ArgumentError, InternalError
from aimcodec.reference.aim import decode_block

MODES: tuple[Literal["fast", "small"], ...] = ("fast", "small")
COPIES = 3  # of a block in one job, so that two threads have something to do


def layout_of(made: Made | BrokenBlock) -> Layout:
    """Decoding asks only whether there are fields; which ones is said by the block."""
    return Layout(made.record_bytes, made.rotate, (1,) if made.opaque else ())


def on_every_path(function: Callable[[int], object]) -> list[object]:
    """What a function of the number of threads gives on each instruction set and on one and two threads."""
    before = aimcodec.isa()
    results = []
    try:
        for isa in aimcodec.available_isas():
            aimcodec.set_isa(isa)
            results += [function(1), function(2)]
    finally:
        aimcodec.set_isa(before)
    return results


def native(block: bytes, count: int, layout: Layout) -> bytes | AimcError:
    """The records or the error, which are the same for all copies of the block on all paths."""

    def run(threads: int) -> object:
        size = count * layout.record_bytes
        output = bytearray(COPIES * size)
        checksums = [zlib.crc32(block)] * COPIES
        job = DecodeJob(block * COPIES, [len(block)] * COPIES, checksums, COPIES * count, count, layout, output)
        wrong = decode([job], threads)
        if not wrong:
            assert output == output[:size] * COPIES
            return bytes(output[:size])
        assert [(number, copy) for number, copy, _ in wrong] == [(0, copy) for copy in range(COPIES)]
        errors = [error for _, _, error in wrong]
        assert len({(type(e), e.bit_offset, e.message) for e in errors}) == 1
        return errors[0]

    results = on_every_path(run)
    assert len({(type(r), str(r)) for r in results}) == 1
    first = results[0]
    assert isinstance(first, bytes | AimcError)
    if isinstance(first, AimcError):
        assert not isinstance(first, InternalError | ArgumentError)
        assert first.bit_offset is not None
        assert 0 <= first.bit_offset <= 8 * len(block)
    return first


def slow(block: bytes, count: int, layout: Layout) -> bytes | None:
    """The records, or none if the slow decoder refuses the block."""
    try:
        return decode_block(block, count, layout.record_bytes, layout.rotate, bool(layout.fields))
    except AimcError:
        return None


def assert_same(block: bytes, count: int, layout: Layout) -> None:
    """Both decoders give the same bytes, or both refuse."""
    result = native(block, count, layout)
    assert slow(block, count, layout) == (result if isinstance(result, bytes) else None)


# Decoding what others made.


@given(st.integers(0, 1 << 32), st.sampled_from([0, 1, 2, 2, 2, 3, 3]))
def test_drawn_blocks(seed: int, mode: int) -> None:
    made = draw_block(seeded(seed), max_records=400, mode=mode)
    assert native(made.block, made.count, layout_of(made)) == made.records


@given(st.integers(0, 1 << 32))
@settings(max_examples=200)
def test_drawn_context_blocks(seed: int) -> None:
    made = draw_context_block(seeded(seed), max_records=400)
    assert native(made.block, made.count, layout_of(made)) == made.records


@pytest.mark.parametrize("seed", range(24))
def test_drawn_blocks_of_many_records(seed: int) -> None:
    """Long enough for chunks and for parts."""
    made = draw_block(seeded(seed), max_records=14_000, mode=2 + seed % 2)
    assert native(made.block, made.count, layout_of(made)) == made.records


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 400))
def test_drawn_blocks_of_very_many_records(seed: int) -> None:
    made = draw_block(seeded(seed), max_records=40_000, mode=2 + seed % 2)
    assert native(made.block, made.count, layout_of(made)) == made.records


# Broken blocks.


WRAPPED = [other for broken in BROKEN if (other := in_file(broken)) is not None and other is not broken]


@pytest.mark.parametrize("broken", BROKEN + WRAPPED, ids=lambda broken: f"{broken.name}-{broken.record_bytes}")
def test_rules(broken: BrokenBlock) -> None:
    error = native(broken.block, broken.count, layout_of(broken))
    assert type(error) is broken.error
    with pytest.raises(broken.error):
        decode_block(broken.block, broken.count, broken.record_bytes, broken.rotate, broken.opaque)


def damaged(rng: random.Random, block: bytes) -> bytes:
    """A few bits or bytes changed, mostly near the front, where the structure is; or cut; or longer."""
    kind = rng.randrange(8)
    if kind == 0:
        return block[: rng.randrange(len(block))]
    if kind == 1:
        return block + rng.randbytes(rng.randrange(1, 4))
    changed = bytearray(block)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        place = rng.randrange(min(len(block), rng.choice([8, 40, len(block)])))
        changed[place] = rng.choice([changed[place] ^ 1 << rng.randrange(8), 0, 1, 255, rng.randrange(256)])
    return bytes(changed)


@given(st.integers(0, 1 << 32), st.booleans())
def test_damaged_blocks(seed: int, context: bool) -> None:
    rng = seeded(seed)
    made = draw_context_block(rng, max_records=60) if context else draw_block(rng, max_records=60)
    for _ in range(4):
        assert_same(damaged(rng, made.block), made.count, layout_of(made))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1100))
def test_damaged_long_blocks(seed: int) -> None:
    rng = seeded(seed)
    made = draw_block(rng, max_records=9000)
    for _ in range(6):
        assert_same(damaged(rng, made.block), made.count, layout_of(made))


@given(st.binary(max_size=60), st.integers(1, 20), st.sampled_from([(1, False), (2, True), (4, False), (4, True)]))
def test_any_bytes(data: bytes, count: int, records: tuple[int, bool]) -> None:
    assert_same(data, count, Layout(*records))


@pytest.mark.parametrize("seed", range(30))
def test_prefixes_are_refused(seed: int) -> None:
    made = draw_block(seeded(seed), max_records=30)
    for size in range(0, len(made.block), 1 + len(made.block) // 100):
        assert isinstance(native(made.block[:size], made.count, layout_of(made)), AimcError)


def test_a_wrong_checksum_is_refused() -> None:
    output = bytearray(4)
    ((number, block, error),) = decode([DecodeJob(b"\0abcd", [5], [1], 4, 4, Layout(1, False), output)], 1)
    assert (number, block, error.code) == (0, 0, "inconsistent")


def test_wrong_blocks_among_good_ones() -> None:
    good, bad = b"\0abcd", b"\7abcd"
    blocks = [good, bad, good, good, bad]
    output = bytearray(20)
    job = DecodeJob(b"".join(blocks), [5] * 5, [zlib.crc32(b) for b in blocks], 20, 4, Layout(1, False), output)
    wrong = decode([job], 2)
    assert [(number, block, error.code) for number, block, error in wrong] == [
        (0, 1, "out_of_range"),
        (0, 4, "out_of_range"),
    ]
    assert [bytes(output[i : i + 4]) for i in (0, 8, 12)] == [b"abcd"] * 3


# Encoding.

LAYOUTS = {
    "u8": Layout(1, False),
    "u16": Layout(2, False),
    "f16": Layout(2, True),
    "u32": Layout(4, False),
    "f32": Layout(4, True),
    "u64": Layout(8, False),
    "f64": Layout(8, True),
    "q8_0": Layout(34, False, (2, 32)),
    "q4_1": Layout(20, False, (2, 2, 16)),
    "one": Layout(1, False, (1,)),
    "odd": Layout(7, False, (3, 1, 1, 2)),
}
SPECIAL = [0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC12345, 0x7F800001, 0x80000000, 0, 1, 0x807FFFFF, 0x3F800000]

Content = Callable[[np.random.Generator, int], np.ndarray]


def random_bytes(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.integers(0, 256, size, np.uint8)


def weights(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.normal(0, 0.02, size // 4 + 1).astype("<f4").view(np.uint8)


def cut_off_weights(rng: np.random.Generator, size: int) -> np.ndarray:
    """The upper halves of binary32: bfloat16."""
    return (rng.normal(0, 0.02, size // 2 + 1).astype("<f4").view("<u4") >> 16).astype("<u2").view(np.uint8)


def special(rng: np.random.Generator, size: int) -> np.ndarray:
    """NaN with payloads, infinities, -0, subnormals, among others."""
    values = rng.normal(0, 1, size // 4 + 1).astype("<f4").view("<u4")
    chosen = rng.choice(np.array(SPECIAL, "<u4"), values.size)
    return np.where(rng.random(values.size) < 0.3, chosen, values).astype("<u4").view(np.uint8)


def sparse(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.where(rng.random(size // 8 + 1) < 0.1, rng.normal(0, 1, size // 8 + 1), 0).astype("<f8").view(np.uint8)


def repeated(rng: np.random.Generator, size: int) -> np.ndarray:
    """A few rows again and again, with a change here and there."""
    rows = rng.integers(0, 256, (3, 90), np.uint8)
    data = rows[rng.integers(0, 3, size // 90 + 1)].reshape(-1)
    return np.where(rng.random(data.size) < 0.002, 7, data).astype(np.uint8)


def halves(rng: np.random.Generator, size: int) -> np.ndarray:
    """Random, then of few values, then random ..., 33000 bytes each."""
    noise = rng.integers(0, 256, size, np.uint8)
    return np.where(np.arange(size) // 33_000 % 2 == 0, noise, noise & 3).astype(np.uint8)


def integers(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.normal(0, 20, size).clip(-127, 127).astype(np.int8).view(np.uint8)


def wide_integers(rng: np.random.Generator, size: int) -> np.ndarray:
    """Values of the same frequency, which is none that a table can have: the halves of the bytes are coded."""
    return rng.integers(0, 200, size).astype(np.uint8)


def zeros(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.zeros(size, np.uint8)


def constant(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.resize(rng.integers(0, 256, 1, np.uint8), size)


def one_other(rng: np.random.Generator, size: int) -> np.ndarray:
    data = np.full(size, 5, np.uint8)
    data[-1:] = 6
    return data


def drawn(rng: np.random.Generator, size: int) -> np.ndarray:
    return np.frombuffer(draw_data(seeded(int(rng.integers(1 << 32))), size), np.uint8)


CONTENTS: list[Content] = [
    random_bytes,
    weights,
    cut_off_weights,
    special,
    sparse,
    repeated,
    halves,
    integers,
    wide_integers,
    zeros,
    constant,
    one_other,
    drawn,
]


def encoded(
    data: bytes, layout: Layout, mode: Literal["fast", "small"], block_records: int, row: int
) -> EncodedSegment:
    """A segment that is the same on all paths."""

    def run(threads: int) -> EncodedSegment:
        return encode(data, layout, mode=mode, block_records=block_records, row_records=row, threads=threads)

    results = on_every_path(run)  # type: ignore[arg-type]
    first: EncodedSegment = results[0]  # type: ignore[assignment]
    for other in results:
        assert isinstance(other, EncodedSegment)
        assert other.payload.tobytes() == first.payload.tobytes()
        assert other.coded_sizes.tolist() == first.coded_sizes.tolist()
        assert other.block_crcs.tolist() == first.block_crcs.tolist()
    return first


def blocks_of(segment: EncodedSegment) -> list[bytes]:
    ends = np.cumsum(segment.coded_sizes, dtype=np.int64)
    payload = segment.payload.tobytes()
    assert ends[-1] == len(payload) if len(ends) else not payload
    return [payload[end - size : end] for end, size in zip(ends, segment.coded_sizes, strict=True)]


def check_round_trip(
    data: bytes, layout: Layout, mode: Literal["fast", "small"], block_records: int, row: int, *, slowly: bool = True
) -> list[bytes]:
    """Blocks that keep the bounds of 4.3, and that both decoders give back."""
    segment = encoded(data, layout, mode, block_records, row)
    blocks = blocks_of(segment)
    records = len(data) // layout.record_bytes
    assert len(blocks) == -(-records // block_records)
    step = block_records * layout.record_bytes
    for i, block in enumerate(blocks):
        part = data[i * step : (i + 1) * step]
        assert len(block) <= len(part) + 1
        assert segment.block_crcs[i] == zlib.crc32(block)
        if slowly:
            assert slow(block, len(part) // layout.record_bytes, layout) == part

    def run(threads: int) -> bytes:
        output = bytearray(len(data))
        job = DecodeJob(
            segment.payload, segment.coded_sizes, segment.block_crcs, records, block_records, layout, output
        )
        assert not decode([job], threads)
        return bytes(output)

    assert set(on_every_path(run)) == {data}
    return blocks


def make(content: Content, layout: Layout, records: int, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    size = records * layout.record_bytes
    return content(rng, size)[:size].tobytes()


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_what_is_written_is_read(name: str, content: Content) -> None:
    layout = LAYOUTS[name]
    for mode in MODES:
        for records in (0, 1, 2, 3, 37, 255, 256, 257):
            check_round_trip(make(content, layout, records, records), layout, mode, 100_000, 16)
        for records in (4095, 4096, 4097):
            data = make(content, layout, records, records)
            check_round_trip(data, layout, mode, 100_000, 50, slowly=records == 4097 and layout.record_bytes <= 8)


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", ["u8", "f16", "f32", "q8_0"])
def test_long_blocks_are_read(name: str, content: Content) -> None:
    layout = LAYOUTS[name]
    for mode in MODES:
        data = make(content, layout, 150_001 // layout.record_bytes * (1 if layout.fields else 2))
        check_round_trip(data, layout, mode, 1_000_000, 64, slowly=False)


@pytest.mark.slow
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_long_blocks_are_read_by_the_slow_decoder(name: str, content: Content) -> None:
    layout = LAYOUTS[name]
    for mode in MODES:
        check_round_trip(make(content, layout, 70_001), layout, mode, 1_000_000, 64)


@given(
    st.sampled_from(sorted(LAYOUTS)),
    st.sampled_from(CONTENTS),
    st.sampled_from(MODES),
    st.integers(0, 700),
    st.integers(1, 300),
    st.integers(1, 400),
    st.integers(0, 1 << 32),
)
@settings(max_examples=200)
def test_several_blocks(
    name: str, content: Content, mode: Literal["fast", "small"], records: int, block: int, row: int, seed: int
) -> None:
    check_round_trip(make(content, LAYOUTS[name], records, seed), LAYOUTS[name], mode, block, row)


def test_the_encoder_uses_what_the_format_has() -> None:
    """What the tests above have seen: every block mode, and every plane method at depth 0."""
    modes: set[int] = set()
    methods: set[int] = set()
    for content in CONTENTS:
        for name in ("u8", "f16"):
            for mode in MODES:
                data = make(content, LAYOUTS[name], 150_000)
                (block,) = blocks_of(
                    encode(data, LAYOUTS[name], mode=mode, block_records=200_000, row_records=500, threads=1)
                )
                modes.add(block[0])
                methods |= {block[1]} if block[0] == 2 else set()
    assert modes == {0, 1, 2, 3, 4}
    assert methods == {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize(("record_bytes", "records"), [(1, 1 << 20), (4, 1 << 18), (34, 30840), (1 << 21, 1)])
def test_blocks_of_a_megabyte(record_bytes: int, records: int) -> None:
    assert default_block_records(Layout(record_bytes, False)) == records


def test_output_past_the_cache() -> None:
    """Memory of which the start leaves the cache before the end is written."""
    for layout in (Layout(2, True), Layout(4, False), Layout(8, True)):
        size = (1 << 24) + 3 * 8 * 1001
        data = make(weights, layout, size // layout.record_bytes)
        coded = encode(data, layout, mode="fast", block_records=99_968, row_records=1, threads=2)
        records = len(data) // layout.record_bytes

        def run(threads: int, layout: Layout = layout, coded: EncodedSegment = coded, records: int = records) -> bytes:
            output = np.empty(records * layout.record_bytes + 64, np.uint8)
            output = output[-output.ctypes.data % 64 :][: records * layout.record_bytes]
            job = DecodeJob(coded.payload, coded.coded_sizes, coded.block_crcs, records, 99_968, layout, output)
            assert not decode([job], threads)
            return output.tobytes()

        assert set(on_every_path(run)) == {data}


# Checksums.


@given(st.binary(max_size=300), st.integers(0, 80), st.integers(0, 0xFFFFFFFF))
def test_checksums(data: bytes, begin: int, value: int) -> None:
    """On every instruction set, from any place, and continued."""
    part = memoryview(data)[begin:]
    assert set(on_every_path(lambda _: crc32(part, value))) == {zlib.crc32(part, value)}


def test_checksums_of_much_data() -> None:
    data = make(random_bytes, Layout(1, False), 1_000_003)
    for size in (0, 1, 63, 64, 65, 255, 256, 1023, 4096, 1_000_003):
        assert set(on_every_path(lambda _, size=size: crc32(data[:size]))) == {zlib.crc32(data[:size])}  # type: ignore[misc]
    assert crc32(b"123456789") == 0xCBF43926
