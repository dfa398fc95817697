"""What is saved comes back bit by bit, and the slow decoder reads the same out of the file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs
from numpy.typing import NDArray

import aimcodec
from aimcodec.package import encode
from aimcodec.reference.aim import read

from .arrays import TYPES, patterns, same

CODINGS = ["lossless", "small", "raw"]


def saved(tensors: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    aimcodec.save_file(tensors, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("coding", CODINGS)
def test_every_type(coding: str) -> None:
    tensors = {name: patterns(name, (3, 5, 7)) for name in TYPES}
    data = saved(tensors, coding=coding)
    loaded = aimcodec.load_file(data)
    slow = read(data)
    assert list(loaded) == list(tensors)
    for name, array in tensors.items():
        assert same(loaded[name], array)
        assert same(slow.tensors[0, name].array, array)
        assert loaded[name].flags.writeable
    with aimcodec.open(data) as package:
        for name, array in tensors.items():
            assert same(package[name], array)
            info = package.info(name)
            assert (info.dtype, info.shape, info.coding) == (name, (3, 5, 7), "raw" if coding == "raw" else "lossless")
            assert info.nbytes == len(slow.tensors[0, name].memory)
            assert package.memory(name).tobytes() == slow.tensors[0, name].memory
        assert package.verify() == []


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,) * 32, (1,), (4096,), (0, (1 << 61) // 8)])
def test_shapes(coding: str, shape: tuple[int, ...]) -> None:
    for name in ("FLOAT32", "INT4", "BOOL", "COMPLEX128"):
        if shape and max(shape) > 1 << 50 and name != "INT4":
            continue
        array = patterns(name, shape)
        data = saved({"t": array}, coding=coding)
        assert same(aimcodec.load_file(data)["t"], array)
        assert same(read(data).tensors[0, "t"].array, array)


def test_layouts_and_byte_orders() -> None:
    base = patterns("FLOAT32", (6, 7, 8))
    tensors: dict[str, NDArray[Any]] = {
        "transposed": base.T,
        "sliced": base[::2, ::-1, 1:5],
        "broadcast": np.broadcast_to(base[:1], (5, 7, 8)),
        "fortran": np.asfortranarray(base),
        "big endian": np.arange(100, dtype=">i4").reshape(4, 25),
        "big complex": (np.arange(9) * (1 - 2j)).astype(">c16"),
        "nibbles": patterns("INT4", (7, 9)).T,
        "read-only": np.frombuffer(bytes(range(16)), np.int16),
    }
    for coding in CODINGS:
        loaded = aimcodec.load_file(saved(tensors, coding=coding))
        for name, array in tensors.items():
            assert same(loaded[name], np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"))))


def test_booleans_of_other_bytes_are_put_right() -> None:
    odd = np.array([0, 1, 2, 255], np.uint8).view(np.bool_)
    data = saved({"t": odd}, coding="raw")
    assert aimcodec.load_file(data)["t"].view(np.uint8).tolist() == [0, 1, 1, 1]
    assert read(data).tensors[0, "t"].memory == b"\0\1\1\1"


@pytest.mark.parametrize("coding", CODINGS)
def test_segments(coding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "SEGMENT_BYTES", 1)
    monkeypatch.setattr("aimcodec.coding.lossless.BLOCK_BYTES", 600)
    monkeypatch.setattr(encode, "CHUNK_BYTES", 100)
    tensors = {name: patterns(name, (70, 33)) for name in ("FLOAT32", "FLOAT6_E2M3FN", "UINT1", "COMPLEX128", "BOOL")}
    tensors["transposed"] = patterns("BFLOAT16", (33, 70)).T
    data = saved(tensors, coding=coding)
    slow = read(data)
    with aimcodec.open(data) as package:
        loaded = package.load()
        for name, array in tensors.items():
            assert same(loaded[name], np.ascontiguousarray(array))
            assert same(slow.tensors[0, name].array, np.ascontiguousarray(array))
            assert (package.info(name).units[1] > 1) == (coding != "raw" and name != "UINT1")
        assert package.verify() == []


@given(
    hs.lists(hs.tuples(hs.sampled_from(sorted(TYPES)), hs.lists(hs.integers(0, 9), max_size=4)), max_size=5), hs.data()
)
@settings(max_examples=60)
def test_any_tensors(shapes: list[tuple[str, list[int]]], data: hs.DataObject) -> None:
    tensors = {
        data.draw(hs.text(hs.characters(exclude_characters="\0", codec="utf-8"))) + f"/{n}": patterns(
            name, tuple(shape), n
        )
        for n, (name, shape) in enumerate(shapes)
    }
    file = saved(tensors, coding=data.draw(hs.sampled_from(CODINGS)))
    loaded = aimcodec.load_file(file)
    slow = read(file)
    assert list(loaded) == list(tensors)
    for name, array in tensors.items():
        assert same(loaded[name], array)
        assert same(slow.tensors[0, name].array, array)


def test_the_same_is_stored_once() -> None:
    weight = patterns("FLOAT32", (500, 20))
    view = weight.reshape(20, 500)
    tensors = {"a": weight, "tied": weight, "copy": weight.copy(), "view": view, "other": -weight, "b": weight[:]}
    data = saved(tensors, coding="raw")
    assert len(data) < 3 * weight.nbytes + 4096
    slow = read(data)
    assert {n: slow.tensors[0, n].alias for n in ("a", "view", "other")} == {"a": None, "view": None, "other": None}
    tied = {name: slow.tensors[0, name].alias for name in ("tied", "copy", "b")}
    assert {name: (a.target, a.tied) for name, a in tied.items() if a} == {
        "tied": ("a", True),
        "copy": ("a", False),
        "b": ("a", True),
    }
    loaded = aimcodec.load_file(data)
    assert loaded["tied"] is loaded["a"]
    assert loaded["b"] is loaded["a"]
    assert not np.shares_memory(loaded["copy"], loaded["a"])
    assert all(same(loaded[name], array) for name, array in tensors.items())
    with aimcodec.open(data) as package:
        assert package.info("copy").alias_of == "a"
        assert same(package["copy"], weight)
        assert package.load(["copy", "tied"]).keys() == {"copy", "tied"}


def test_empty_tensors_and_no_tensors() -> None:
    assert aimcodec.load_file(saved({})) == {}
    empty = np.empty((0, 3), np.float32)
    loaded = aimcodec.load_file(saved({"a": empty, "b": empty}))
    assert {name: array.shape for name, array in loaded.items()} == {"a": (0, 3), "b": (0, 3)}


def test_the_same_bytes_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aimcodec.coding.lossless.BLOCK_BYTES", 1000)
    tensors = {"w": np.sin(np.arange(20000, dtype=np.float32)), "n": np.arange(5000) % 7}
    assert saved(tensors, threads=1) == saved(tensors, threads=4)


@pytest.mark.parametrize("fill", [0, 1.5])
def test_constants_stay_within_default_limits(fill: float) -> None:
    """A reader with default limits takes an expansion beyond 4096 for an attack, beyond 64 MiB."""
    array = np.full(20 << 20, fill, np.float32)
    data = saved({"t": array})
    assert len(data) < array.nbytes // 1000
    assert np.array_equal(aimcodec.load_file(data)["t"], array)


def test_metadata_and_producer() -> None:
    data = saved({}, metadata={"format": "pt", "ü": "€" * 5000}, producer="someone 1.0")
    with aimcodec.open(data) as package:
        assert package.metadata == {"format": "pt", "ü": "€" * 5000}
        assert package.producer == "someone 1.0"
    slow = read(data)
    assert (slow.metadata, slow.producer) == ({"format": "pt", "ü": "€" * 5000}, "someone 1.0")


def test_progress() -> None:
    seen: list[tuple[int, int]] = []
    tensors = {"a": np.zeros(10, np.int8), "b": np.zeros(30, np.int8)}
    saved(tensors, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(10, 40), (40, 40)]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "model.aim"
    array = patterns("FLOAT16", (300, 300))
    aimcodec.save_file({"w": array}, path)
    assert list(tmp_path.iterdir()) == [path]
    assert same(aimcodec.load_file(path)["w"], array)
    assert same(aimcodec.load_file(str(path))["w"], array)
    with path.open("rb") as file:
        assert same(aimcodec.load_file(file)["w"], array)
