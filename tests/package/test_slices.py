"""Parts of tensors: what numpy gives, and no more read than that needs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

import aimcodec
from aimcodec.errors import AimcError, ArgumentError
from aimcodec.package import Package, Writer, encode

from .arrays import TYPES, patterns

SHAPES = {"a": (13, 17, 5), "b": (301,), "c": (1, 40, 30), "d": (), "e": (4, 0, 3)}


def made(name: str, coding: str, segment_bytes: int, block_bytes: int) -> Package:
    file = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode, "SEGMENT_BYTES", segment_bytes)
        patch.setattr("aimcodec.coding.lossless.BLOCK_BYTES", block_bytes)
        aimcodec.save_file({key: patterns(name, shape) for key, shape in SHAPES.items()}, file, coding=coding)
    return aimcodec.open(file.getvalue())


def indices(shape: tuple[int, ...]) -> hs.SearchStrategy[Any]:
    def part(size: int) -> hs.SearchStrategy[Any]:
        bound = hs.none() | hs.integers(-size - 2, size + 2)
        cut = hs.builds(slice, bound, bound, hs.none() | hs.sampled_from([1, 2, 3, 7, -1, -2, -5]))
        return cut | hs.integers(-size, size - 1) if size else cut

    full = hs.tuples(*(part(size) for size in shape))
    short = hs.integers(0, len(shape)).flatmap(lambda n: hs.tuples(*(part(size) for size in shape[:n])))
    tail = hs.integers(0, len(shape)).flatmap(
        lambda n: hs.tuples(hs.just(Ellipsis), *(part(size) for size in shape[len(shape) - n :]))
    )
    return full | short | tail


PACKAGES: dict[tuple[str, str, int, int], Package] = {}


@given(
    hs.sampled_from(sorted(TYPES)),
    hs.sampled_from(["lossless", "raw"]),
    hs.sampled_from([(1, 100), (1, 1000), (1 << 20, 50), (1 << 20, 1 << 20)]),
    hs.sampled_from(sorted(SHAPES)).flatmap(lambda key: hs.tuples(hs.just(key), indices(SHAPES[key]))),
)
@settings(max_examples=400)
def test_what_numpy_gives(name: str, coding: str, sizes: tuple[int, int], asked: tuple[str, Any]) -> None:
    key, index = asked
    kept = name, coding, *sizes
    package = PACKAGES.setdefault(kept, PACKAGES[kept] if kept in PACKAGES else made(*kept))
    expected = np.asarray(patterns(name, SHAPES[key])[index])
    part = package.get_slice(key)
    assert part.shape == SHAPES[key]
    assert part.dtype == expected.dtype
    given_part = part[index]
    assert given_part.shape == expected.shape
    assert given_part.tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ["FLOAT6_E2M3FN", "INT4", "UINT2", "INT1", "FLOAT16"])
@pytest.mark.parametrize("sizes", [(1, 100), (1 << 20, 50)])
def test_every_run_of_rows(name: str, sizes: tuple[int, int]) -> None:
    part = made(name, "lossless", *sizes).get_slice("a")
    array = patterns(name, SHAPES["a"])
    for first in range(13):
        for last in range(first + 1, 14):
            assert part[first:last].tobytes() == array[first:last].tobytes()


@pytest.mark.parametrize(
    "index", [np.s_[::-2, 1:3], np.s_[::-1, 3], np.s_[::-3], np.s_[10:2:-4, ::-2, 1], np.s_[5::-5, -1]]
)
@pytest.mark.parametrize("sizes", [(1, 100), (1 << 20, 50)])
def test_steps_backwards(index: Any, sizes: tuple[int, int]) -> None:
    part = made("FLOAT32", "lossless", *sizes).get_slice("a")
    assert part[index].tobytes() == patterns("FLOAT32", SHAPES["a"])[index].tobytes()


def test_more_runs_than_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aimcodec.package.select.MAX_RUNS", 20)
    part = made("FLOAT32", "lossless", 1, 100).get_slice("a")
    array = patterns("FLOAT32", SHAPES["a"])
    for index in (np.s_[::2, ::3, 1:3], np.s_[::-2, ::-3, ::2], np.s_[3, ::2, 1], np.s_[:, 1:, 2]):
        assert part[index].tobytes() == array[index].tobytes()


def test_indices_that_are_not_basic() -> None:
    part = made("FLOAT32", "lossless", 1, 100).get_slice("a")
    for index in (None, True, [1, 2], np.array([1]), "x", 1.5, (slice(None), None)):
        with pytest.raises(ArgumentError):
            part[index]
    for index in (13, -14, (0, 17), (0, 0, 0, 0), (Ellipsis, Ellipsis)):
        with pytest.raises(IndexError):
            part[index]
    assert part[np.int64(3), np.uint8(2)].shape == (5,)


@pytest.mark.parametrize("coding", ["lossless", "raw"])
def test_only_what_is_needed_is_read(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "SEGMENT_BYTES", 1 << 18)
    monkeypatch.setattr("aimcodec.coding.lossless.BLOCK_BYTES", 1 << 12)
    array = patterns("UINT8", (4096, 1024))
    file = io.BytesIO()
    aimcodec.save_file({"w": array}, file, coding=coding)
    with aimcodec.open(io.BytesIO(file.getvalue())) as package:
        part = package.get_slice("w")
        before, requests = package.bytes_fetched, package.requests
        assert np.array_equal(part[3000:3008], array[3000:3008])
        assert package.bytes_fetched - before < 8 * 1024 + 2 * 4096 + 6 * 4096
        assert package.requests - requests <= 6
        before = package.bytes_fetched
        assert np.array_equal(part[::4095, 5], array[::4095, 5])
        assert package.bytes_fetched - before < 2 * 4096 + 6 * 4096


def test_damage_elsewhere_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aimcodec.coding.lossless.BLOCK_BYTES", 1 << 10)
    array = patterns("UINT8", (64, 1024))
    file = io.BytesIO()
    aimcodec.save_file({"w": array}, file)
    data = bytearray(file.getvalue())
    with aimcodec.open(bytes(data)) as package:
        unit = package.units[1]
    data[unit.offset + unit.size - 600] ^= 1
    with aimcodec.open(bytes(data)) as package:
        part = package.get_slice("w")
        assert np.array_equal(part[:60], array[:60])
        with pytest.raises(AimcError, match="'w'") as refusal:
            part[63]
        assert refusal.value.path == "units[1].block[63]"


def test_slices_of_opaque_tensors() -> None:
    blocks = np.arange(4 * 3 * 18, dtype=np.uint8)
    file = io.BytesIO()
    with Writer(file) as writer:
        writer.add_opaque("q", blocks.data, (4, 96), "gguf:Q4_0", 32, 18)
    with aimcodec.open(file.getvalue()) as package:
        part = package.get_slice("q")
        assert part.shape == (4, 54)
        assert np.array_equal(part[1:3, 10:20], blocks.reshape(4, 54)[1:3, 10:20])
