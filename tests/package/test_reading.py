"""Packages as mappings: sources, views, memory of the caller, many threads, pipes."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import ArgumentError, MalformedError, TruncatedError
from aimcodec.package import Writer, read_stream
from aimcodec.package.source import BytesSource, FileObjectSource, LocalSource

from .arrays import patterns, same

TENSORS = {
    "w": patterns("FLOAT32", (300, 100)),
    "h": patterns("BFLOAT16", (77,)),
    "n": patterns("INT4", (9, 9)),
    "s": patterns("FLOAT64", ()),
}


def packaged(coding: str = "lossless") -> bytes:
    file = io.BytesIO()
    aimcodec.save_file({**TENSORS, "tied": TENSORS["w"]}, file, coding=coding)  # type: ignore[arg-type]
    return file.getvalue()


def test_a_lazy_mapping() -> None:
    with aimcodec.open(packaged()) as package:
        assert list(package) == [*TENSORS, "tied"]
        assert len(package) == 5
        assert "w" in package
        assert "x" not in package
        assert package.get("x") is None
        with pytest.raises(KeyError):
            package["x"]
        with pytest.raises(KeyError):
            package.info("x")
        with pytest.raises(KeyError):
            package.load(["x"])
        before = package.bytes_fetched
        info = package.info("w")
        assert package.bytes_fetched == before
        assert (info.dtype, info.shape, info.nbytes, info.elements) == ("FLOAT32", (300, 100), 120000, 30000)
        assert info.ratio == info.coded_bytes / 120000
        assert len(package.digest) == 32
        first = package["w"]
        first[:] = 0
        assert same(package["w"], TENSORS["w"])
        assert dict(package).keys() == package.load().keys()


@pytest.mark.parametrize("kind", ["path", "bytes", "memoryview", "file", "source"])
def test_sources(kind: str, tmp_path: Path) -> None:
    data = packaged()
    path = tmp_path / "m.aim"
    path.write_bytes(data)
    made: dict[str, Any] = {
        "path": path,
        "bytes": bytearray(data),
        "memoryview": memoryview(data),
        "file": io.BytesIO(data),
        "source": FileObjectSource(io.BytesIO(data)),
    }
    with aimcodec.open(made[kind]) as package:
        assert all(same(package[name], array) for name, array in TENSORS.items())
        assert package.requests > 0


def test_sources_that_are_none(tmp_path: Path) -> None:
    for source in (5, None, "a\0b", object()):
        with pytest.raises(ArgumentError):
            aimcodec.open(source)
    with pytest.raises(FileNotFoundError):
        aimcodec.open(tmp_path / "nothing.aim")
    (tmp_path / "empty").touch()
    with pytest.raises(TruncatedError):
        aimcodec.open(tmp_path / "empty")


def test_bounds_of_sources(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(range(100)))
    for source in (LocalSource(path), BytesSource(path.read_bytes()), FileObjectSource(path.open("rb"))):
        assert bytes(source.read_at(90, 10)) == bytes(range(90, 100))
        assert bytes(source.read_at(100, 0)) == b""
        assert (source.requests, source.bytes_fetched) == (2, 10)
        with pytest.raises(TruncatedError):
            source.read_at(91, 10)
        source.close()
        if isinstance(source, FileObjectSource):
            source._file.close()


@pytest.mark.parametrize("coding", ["lossless", "raw"])
def test_memory_of_the_caller(coding: str) -> None:
    with aimcodec.open(packaged(coding)) as package:
        targets: dict[str, Any] = {name: np.empty(a.shape, a.dtype) for name, a in TENSORS.items()}
        targets["tied"] = np.empty((100, 300), np.float32).T
        package.load_into(targets)
        assert all(same(targets[name], array) for name, array in TENSORS.items())
        assert np.array_equal(targets["tied"].view(np.uint32), TENSORS["w"].view(np.uint32))
        buffer = bytearray(TENSORS["w"].nbytes)
        package.load_into({"w": buffer})
        assert bytes(buffer) == TENSORS["w"].tobytes()
        unfit: list[Any] = [
            np.empty((300, 101), np.float32),
            np.empty((300, 100), np.int32),
            np.empty((300, 100), ">f4"),
            bytearray(5),
            TENSORS["w"].tobytes(),
            None,
        ]
        for target in unfit:
            with pytest.raises(ArgumentError):
                package.load_into({"w": target})
        with pytest.raises(KeyError):
            package.load_into({"x": targets["w"]})


def test_views_of_raw_tensors(tmp_path: Path) -> None:
    path = tmp_path / "m.aim"
    path.write_bytes(packaged("raw"))
    with aimcodec.open(path) as package:
        view = package.raw_map("w")
        before = package.bytes_fetched
        scalar = package.raw_map("s")
        with pytest.raises(ArgumentError):
            package.raw_map("n")
    assert same(view, TENSORS["w"])
    assert same(scalar, TENSORS["s"])
    assert view.ctypes.data % 64 == 0
    assert not view.flags.writeable
    assert not view.flags.owndata
    assert before < 100_000
    with aimcodec.open(packaged()) as package, pytest.raises(ArgumentError):
        package.raw_map("w")
    with aimcodec.open(io.BytesIO(packaged("raw"))) as package, pytest.raises(ArgumentError):
        package.raw_map("w")


def test_opening_reads_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "m.aim"
    with Writer(path) as writer:
        for n in range(50):
            writer.add_tensor(f"w{n}", patterns("FLOAT32", (1000,), n))
    with aimcodec.open(path) as package:
        assert package.requests == 3
        assert package.bytes_fetched < 15_000
        before = package.bytes_fetched
        package["w30"]
        assert package.bytes_fetched - before < 4500


def test_many_threads(tmp_path: Path) -> None:
    path = tmp_path / "m.aim"
    path.write_bytes(packaged())
    wrong: list[str] = []
    with aimcodec.open(path) as package, path.open("rb") as file, aimcodec.open(file) as shared:

        def read() -> None:
            for _ in range(20):
                wrong.extend(n for p in (package, shared) for n, a in TENSORS.items() if not same(p[n], a))

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


class Trickle:
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, 11))


def test_front_to_back() -> None:
    data = packaged("raw")
    units = list(read_stream(Trickle(data)))
    assert [int(unit.kind) for unit in units] == [0, 16, 16, 16, 16, 17, 254, 255]
    assert bytes(units[1].payload) == TENSORS["w"].tobytes()
    for rest in (b"\n", data):
        with pytest.raises(MalformedError):
            list(read_stream(Trickle(data + rest)))
    with pytest.raises(MalformedError):
        list(read_stream(Trickle(b"PK\3\4" + bytes(100))))
