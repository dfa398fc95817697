"""Context coding (clause 8): the native coder beside a slow decoder and a maker of odd blocks that share no code."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aimcodec import _core
from aimcodec._native import error_from_status
from aimcodec.conformance.generators.aim.blocks import seeded
from aimcodec.conformance.generators.aim.context import draw_context_block
from aimcodec.errors import AimcError, OutOfRangeError
from aimcodec.reference.aim.block import decode_block

CONTEXT = 4  # block_mode


def decode(block: bytes, count: int, width: int, *, rotate: bool = True) -> bytes:
    out = bytearray(count * width)
    jobs = _core.LosslessJobs()
    sizes = np.array([len(block)], np.uint32)
    checksums = np.array([zlib.crc32(block)], np.uint32)
    jobs.add(block, sizes, checksums, count, count, width, rotate, False, out)
    for _, _, status in jobs.decode(1):
        raise error_from_status(status, 0, "block")
    return bytes(out)


def encode(records: bytes, width: int, row_records: int) -> bytes:
    count = len(records) // width
    payload, sizes, _ = _core.lossless_encode(records, width, True, False, [], count, row_records, True, 1)
    assert len(sizes) == 1
    return payload.tobytes()


def outcome(block: bytes, count: int, width: int) -> bytes | None:
    """The records, or none if the slow decoder refuses them."""
    try:
        return decode_block(block, count, width, rotate=True)
    except AimcError:
        return None


def scaled(rng: np.random.Generator, rows: int, columns: int, spread: float) -> NDArray[np.float32]:
    """Gaussian weights whose rows and columns have scales of their own, a factor of 2^spread apart."""
    scale = rng.normal(0, spread, (rows, 1)) + rng.normal(0, spread, (1, columns))
    return (rng.normal(0, 0.02, (rows, columns)) * np.exp2(scale)).astype(np.float32)


def records_of(weights: NDArray[np.float32], kind: str) -> tuple[bytes, int]:
    """Records in bfloat16 (cut off), binary16 or binary32, and their width."""
    if kind == "bfloat16":
        return (weights.view(np.uint32) >> 16).astype("<u2").tobytes(), 2
    return (weights.astype("<f2").tobytes(), 2) if kind == "float16" else (weights.astype("<f4").tobytes(), 4)


# Decoding what others made.


@given(st.integers(0, 1 << 32))
def test_drawn_blocks(seed: int) -> None:
    made = draw_context_block(seeded(seed), max_records=300)
    assert decode(made.block, made.count, made.record_bytes) == made.records


@pytest.mark.parametrize("seed", range(12))
def test_drawn_blocks_of_many_records(isa: str, seed: int) -> None:
    made = draw_context_block(seeded(seed), max_records=20_000)
    assert decode(made.block, made.count, made.record_bytes) == made.records


@given(st.integers(0, 1 << 32), st.data())
def test_a_changed_block_is_refused_where_the_slow_decoder_refuses_it(seed: int, data: st.DataObject) -> None:
    made = draw_context_block(seeded(seed), max_records=80)
    block = bytearray(made.block)
    for _ in range(data.draw(st.integers(1, 3))):
        block[data.draw(st.integers(1, len(block) - 1))] = data.draw(st.integers(0, 255))
    expected = outcome(bytes(block), made.count, made.record_bytes)
    if expected is None:
        with pytest.raises(AimcError):
            decode(bytes(block), made.count, made.record_bytes)
    else:
        assert decode(bytes(block), made.count, made.record_bytes) == expected


@given(st.integers(0, 1 << 32), st.data())
@settings(max_examples=100)
def test_a_block_of_another_length_is_refused(seed: int, data: st.DataObject) -> None:
    made = draw_context_block(seeded(seed), max_records=60)
    shorter = made.block[: data.draw(st.integers(1, len(made.block) - 1))]
    longer = made.block + bytes(data.draw(st.integers(1, 70)))
    for block in (shorter, longer):
        with pytest.raises(AimcError):
            decode(block, made.count, made.record_bytes)


def test_context_coding_is_for_numbers_with_a_sign_in_front() -> None:
    made = draw_context_block(seeded(1), max_records=20)
    with pytest.raises(OutOfRangeError):
        decode(made.block, made.count, made.record_bytes, rotate=False)
    with pytest.raises(OutOfRangeError):
        decode(made.block, 4, 8)


# Encoding.


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float32"])
@pytest.mark.parametrize(("rows", "columns"), [(96, 48), (40, 101), (5, 900), (3000, 7), (2, 9000)])
def test_the_slow_decoder_reads_what_is_written(kind: str, rows: int, columns: int) -> None:
    records, width = records_of(scaled(np.random.default_rng(rows), rows, columns, 1.0), kind)
    block = encode(records, width, columns)
    assert block[0] == CONTEXT
    assert decode_block(block, rows * columns, width, rotate=True) == records
    assert decode(block, rows * columns, width) == records


@given(
    st.integers(0, 1 << 32),
    st.sampled_from([2, 4]),
    st.integers(1, 400),
    st.integers(1, 500),
    st.sampled_from([0.0, 0.02, 0.5]),
)
@settings(max_examples=150)
def test_any_records_come_back(seed: int, width: int, count: int, row_records: int, jumps: float) -> None:
    rng = np.random.default_rng(seed)
    near = rng.normal(0, 1, count).astype(np.float32).view(np.uint32) >> (32 - 8 * width)
    any_bits = rng.integers(0, 1 << 8 * width, count, dtype=np.uint64)
    values = np.where(rng.random(count) < jumps, any_bits, near.astype(np.uint64))
    records = values.astype(f"<u{width}").tobytes()
    assert decode(encode(records, width, row_records), count, width) == records


@pytest.mark.parametrize("kind", ["bfloat16", "float32"])
def test_every_instruction_set_reads_and_writes_the_same(isa: str, kind: str) -> None:
    records, width = records_of(scaled(np.random.default_rng(3), 300, 200, 0.7), kind)
    block = encode(records, width, 200)
    assert decode(block, 60_000, width) == records
    _core.set_isa("scalar")
    assert encode(records, width, 200) == block


@pytest.mark.parametrize(("kind", "bits"), [("bfloat16", 7), ("float16", 10), ("float32", 7)])
def test_the_bits_of_the_mantissa_are_found(kind: str, bits: int) -> None:
    records, width = records_of(scaled(np.random.default_rng(6), 300, 200, 0.3), kind)
    assert encode(records, width, 200)[5] == bits


def entropy(values: NDArray[np.unsignedinteger]) -> float:
    """Bits of all values together under their own frequencies."""
    counts = np.unique(values, return_counts=True)[1]
    return float(-(counts * np.log2(counts / values.size)).sum())


def test_scales_of_columns_are_used() -> None:
    # Columns have scales 2^-8 to 2^8: an exponent has 4.2 bits over all columns, 2.6 in one.
    rng = np.random.default_rng(4)
    weights = rng.normal(0, 0.02, (512, 256)) * np.exp2(rng.uniform(-8, 8, 256))
    records, width = records_of(weights.astype(np.float32), "bfloat16")
    values = np.frombuffer(records, "<u2")
    without_context = entropy((values & 0x7FFF) >> 7) + 8 * values.size
    assert 8 * len(encode(records, width, 256)) < without_context - 1.2 * values.size


def test_kernels_inside_long_rows_are_found() -> None:
    # 16 rows of 64 kernels with 64 taps: too few rows to learn 4096 columns, but the taps of all kernels are alike.
    rng = np.random.default_rng(5)
    taps = np.exp2(rng.uniform(-6, 6, 64))
    weights = (rng.normal(0, 0.02, (16 * 64, 64)) * taps).astype(np.float32)
    records, width = records_of(weights, "bfloat16")
    by_row, by_kernel = (len(encode(records, width, n)) for n in (64 * 64, 64))
    assert by_row == pytest.approx(by_kernel, rel=0.01)
