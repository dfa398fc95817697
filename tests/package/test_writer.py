"""Writers: files that appear whole or not at all, pipes, constant memory, and what they refuse."""

from __future__ import annotations

import os
import stat
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import ArgumentError
from aimcodec.package import Contributor, Evaluation, License, Variant, Writer, encode, read_stream
from aimcodec.reference.aim import read

from .arrays import patterns, same


class WriteOnly:
    """A target with nothing but a write that takes what it likes."""

    def __init__(self, most: int = 1 << 30) -> None:
        self.data = bytearray()
        self._most = most

    def write(self, data: Any) -> int:
        part = bytes(data)[: self._most]
        self.data += part
        return len(part)


class Failing(WriteOnly):
    def write(self, data: Any) -> int:
        if len(self.data) > 1000:
            raise OSError("no space left")
        return super().write(data)


def everything(target: Any) -> None:
    with Writer(target, producer="me") as writer:
        writer.add_variant("", "as trained")
        writer.add_variant("int8", "for small machines")
        writer.add_metadata({"a": "1"})
        writer.add_metadata({"b": ""})
        writer.add_contributors([Contributor("Ada", "author", "", "ada@example.org"), Contributor("Bob")])
        writer.add_license("MIT", "Do what you like ©")
        writer.add_license("", "")
        writer.add_asset("tokenizer/vocab.txt", bytes(range(256)) * 50, "text/plain")
        writer.add_asset("empty", b"")
        writer.set_structure(b"graph", "application/onnx", variant="int8")
        writer.add_evaluations([Evaluation("classify", "digits", "top-1", 0.875, "int8")])
        writer.add_tensor("w", patterns("FLOAT32", (30, 40)))
        writer.add_tensor("w", patterns("INT8", (30, 40)), variant="int8", coding="small")
        writer.add_alias("v", "w", tied=False)
        blocks = np.arange(180, dtype=np.uint8)
        for coding in ("lossless", "small", "raw"):
            writer.add_opaque(f"q.{coding}", blocks.data, (10, 32), "gguf:Q4_0", 32, 18, fields=(2, 16), coding=coding)


def test_everything_is_read_by_the_slow_decoder() -> None:
    target = WriteOnly()
    everything(target)
    slow = read(bytes(target.data))
    assert slow.producer == "me"
    assert {v.variant_id: (v.name, v.description) for v in slow.variants.values()} == {
        0: ("", "as trained"),
        1: ("int8", "for small machines"),
    }
    assert slow.metadata == {"a": "1", "b": ""}
    assert [(c.name, c.role, c.contact) for c in slow.contributors] == [
        ("Ada", "author", "ada@example.org"),
        ("Bob", "", ""),
    ]
    assert [(x.expression, x.text) for x in slow.licences] == [("MIT", "Do what you like ©"), ("", "")]
    assert {a.name: (a.media_type, a.content) for a in slow.assets.values()} == {
        "tokenizer/vocab.txt": ("text/plain", bytes(range(256)) * 50),
        "empty": ("", b""),
    }
    assert slow.structures[1].content == b"graph"
    assert [(e.variant_id, e.task, e.value) for e in slow.evaluations] == [(1, "classify", 0.875)]
    assert slow.tensors[1, "w"].array.tobytes() == patterns("INT8", (30, 40)).tobytes()
    assert all(slow.tensors[0, f"q.{c}"].memory == bytes(range(180)) for c in ("lossless", "small", "raw"))


def test_everything_is_read_by_the_package() -> None:
    target = WriteOnly()
    everything(target)
    with aimcodec.open(bytes(target.data)) as package:
        assert package.variants == [Variant("", "as trained"), Variant("int8", "for small machines")]
        assert package.metadata == {"a": "1", "b": ""}
        assert [c.name for c in package.contributors] == ["Ada", "Bob"]
        assert package.licenses == [License("MIT", "Do what you like ©"), License("", "")]
        assert list(package.assets) == ["tokenizer/vocab.txt", "empty"]
        assert package.assets["tokenizer/vocab.txt"].data == bytes(range(256)) * 50
        assert package.structure is None
        assert package.evaluations == [Evaluation("classify", "digits", "top-1", 0.875, "int8")]
        assert list(package) == ["w", "v", "q.lossless", "q.small", "q.raw"]
        assert package["q.small"].shape == (10, 18)
        assert package.info("q.small").dtype == "OPAQUE"
        assert package.verify() == []
        assert [unit.kind for unit in package.units][:3] == [0, 1, 1]
    with aimcodec.open(bytes(target.data), variant="int8") as package:
        assert list(package) == ["w"]
        assert same(package["w"], patterns("INT8", (30, 40)))
        assert package.structure is not None
        assert package.structure.data == b"graph"
    with pytest.raises(ArgumentError):
        aimcodec.open(bytes(target.data), variant="int4")


def test_every_target_gets_the_same_bytes(tmp_path: Path) -> None:
    whole, pieces = WriteOnly(), WriteOnly(777)
    everything(whole)
    everything(pieces)
    everything(tmp_path / "a.aim")
    assert whole.data == pieces.data == (tmp_path / "a.aim").read_bytes()


def test_a_pipe() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as out, os.fdopen(writing, "wb", buffering=0) as into:
        thread = threading.Thread(target=lambda: (everything(into), into.close()))
        thread.start()
        kinds = [int(unit.kind) for unit in read_stream(out)]
        thread.join()
    assert kinds == [0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 16, 16, 17, 16, 16, 16, 254, 255]


def test_memory_is_constant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A memmap of 48 MiB, in segments of 1 MiB: what Python and numpy allocate stays small."""
    monkeypatch.setattr(encode, "SEGMENT_BYTES", 1 << 20)
    monkeypatch.setattr(encode, "CHUNK_BYTES", 1 << 18)
    source = tmp_path / "weights"
    np.lib.format.open_memmap(source, "w+", np.float32, (12 << 20,))[:] = 1.5  # type: ignore[no-untyped-call]
    array = np.load(source, mmap_mode="r")
    for coding in ("lossless", "raw"):
        target = tmp_path / "m.aim"
        with Writer(target, threads=1) as writer:
            tracemalloc.start()
            writer.add_tensor("w", array, coding=coding)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 8 << 20
        with aimcodec.open(target) as package:
            assert package.get_slice("w")[-1] == 1.5


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "m.aim"
    path.write_bytes(b"before")
    path.chmod(0o640)
    writer = Writer(path)
    writer.add_tensor("w", np.arange(5))
    assert path.read_bytes() == b"before"
    writer.close()
    assert aimcodec.load_file(path)["w"].tolist() == [0, 1, 2, 3, 4]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]
    writer.close()
    with pytest.raises(ArgumentError):
        writer.add_tensor("v", np.arange(5))


def test_nothing_is_left_of_a_file_given_up(tmp_path: Path) -> None:
    path = tmp_path / "m.aim"
    with pytest.raises(ArgumentError), Writer(path) as writer:
        writer.add_tensor("", np.array([object()]))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ArgumentError):
        aimcodec.save_file({"w": np.array(["text"])}, path)
    assert list(tmp_path.iterdir()) == []
    writer = Writer(path)
    del writer
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_fails() -> None:
    writer = Writer(Failing())
    writer.add_tensor("w", np.arange(10), coding="raw")
    with pytest.raises(OSError, match="no space"):
        writer.add_tensor("u", np.arange(500), coding="raw")
    with pytest.raises(ArgumentError):
        writer.add_tensor("v", np.arange(5))


def test_a_large_coded_tensor_that_fails() -> None:
    """Digests and writes of large payloads happen beside the coding of the next ones."""
    writer = Writer(Failing())
    writer.add_tensor("w", patterns("FLOAT32", (1 << 20,)))
    with pytest.raises(OSError, match="no space"):
        writer.close()


class Slow(WriteOnly):
    """Takes its time wherever it is called beside the main thread."""

    def write(self, data: Any) -> int:
        if threading.current_thread() is not threading.main_thread():
            time.sleep(0.02)
        return super().write(data)


def test_units_keep_their_order() -> None:
    target = Slow()
    noise = patterns("FLOAT32", (1 << 19,))
    with Writer(target) as writer:
        for n in range(2):
            writer.add_tensor(f"large {n}", noise)
            writer.add_tensor(f"small {n}", np.arange(n + 3), coding="raw")
    with aimcodec.open(bytes(target.data)) as package:
        assert package.verify() == []
        assert same(package["large 1"], noise)
        assert package["small 1"].tolist() == [0, 1, 2, 3]


def test_targets_that_are_none(tmp_path: Path) -> None:
    for target in (5, None, b"bytes", "a\0b"):
        with pytest.raises(ArgumentError):
            Writer(target)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        Writer(tmp_path)
    with pytest.raises(OSError, match="No such file"):
        Writer(tmp_path / "no" / "m.aim")


def test_refusals() -> None:
    with Writer(WriteOnly()) as writer:
        writer.add_tensor("w", np.arange(6))
        writer.add_alias("v", "w")
        writer.add_variant("int8")
        writer.add_metadata({"a": "1"})
        writer.add_asset("a", b"")
        writer.set_structure(b"", "")
        before = writer._emitter.position
        array = np.arange(5)
        refused: list[Any] = [
            lambda: writer.add_tensor("w", array),
            lambda: writer.add_tensor("v", array),
            lambda: writer.add_tensor(5, array),  # type: ignore[arg-type]
            lambda: writer.add_tensor("a\0", array),
            lambda: writer.add_tensor("\ud800", array),
            lambda: writer.add_tensor("n" * 65536, array),
            lambda: writer.add_tensor("x", array, variant="int4"),
            lambda: writer.add_tensor("x", array, coding="zip"),  # type: ignore[arg-type]
            lambda: writer.add_tensor("x", np.array([object()])),
            lambda: writer.add_tensor("x", [[1], [2, 3]]),
            lambda: writer.add_tensor("x", np.zeros((1,) * 33)),
            lambda: writer.add_alias("x", "nothing"),
            lambda: writer.add_alias("x", "v"),
            lambda: writer.add_alias("w", "w"),
            lambda: writer.add_variant("int8"),
            lambda: writer.add_metadata({"a": "2"}),
            lambda: writer.add_metadata({"b": 2}),  # type: ignore[dict-item]
            lambda: writer.add_asset("a", b""),
            lambda: writer.add_asset("../a", b""),
            lambda: writer.add_asset("b", "text"),  # type: ignore[arg-type]
            lambda: writer.set_structure(b"", ""),
            lambda: writer.add_license("a\0"),
            lambda: writer.add_contributors([Contributor("x" * 65536)]),
            lambda: writer.add_evaluations([Evaluation("t", "d", "m", 1.0, "int4")]),
            lambda: writer.add_opaque("x", b"", (), "q", 1, 1),
            lambda: writer.add_opaque("x", b"ab", (3,), "q", 2, 1),
            lambda: writer.add_opaque("x", b"ab", (4,), "q", 2, 2),
            lambda: writer.add_opaque("x", b"ab", (4,), "q", 2, 1, fields=(2,)),
            lambda: writer.add_opaque("x", b"ab", (4,), "q", 0, 1),
        ]
        for number, attempt in enumerate(refused):
            with pytest.raises(ArgumentError):
                attempt()
            assert writer._emitter.position == before, number


@pytest.mark.parametrize("options", [{"coding": "zip"}, {"qp": 3}, {"coding": "nnc", "colour": 3}, {"threads": 0}])
def test_settings_that_are_none(options: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        aimcodec.save_file({"w": np.ones((3, 3), np.float32)}, WriteOnly(), **options)


@pytest.mark.parametrize("block_bytes", [1, 255, 256, 600, 70000])
def test_opaque_blocks_of_any_size(block_bytes: int) -> None:
    blocks = patterns("UINT8", (5 * block_bytes,)).tobytes()
    target = WriteOnly()
    with Writer(target) as writer:
        writer.add_opaque("q", blocks, (5, 3), "x", 3, block_bytes)
        writer.add_opaque("zero", bytes(5 * block_bytes), (5, 3), "x", 3, block_bytes)
    slow = read(bytes(target.data))
    assert slow.tensors[0, "q"].memory == blocks
    loaded = aimcodec.load_file(bytes(target.data))
    assert loaded["q"].tobytes() == blocks
    assert loaded["zero"].shape == (5, block_bytes)
