"""Files that appear whole or not at all, and tensors in safetensors files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aimcodec.cli.files import replacing
from aimcodec.cli.tensors import read_tensors, write_tensors
from aimcodec.errors import ArgumentError, MalformedError, TruncatedError, UnsupportedError


class StopError(Exception):
    pass


def write_half(file: Path) -> None:
    with replacing(file) as part:
        part.write_bytes(b"half of the n")
        raise StopError


def test_a_file_is_replaced_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"old")
    with replacing(file) as part:
        part.write_bytes(b"new")
        assert file.read_bytes() == b"old"
        assert part.parent == file.parent
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_nothing_happens_when_the_block_fails(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"old")
    with pytest.raises(StopError):
        write_half(file)
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_permissions_stay(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "x"
    file.touch()
    file.chmod(mode)
    with replacing(file):
        pass
    assert file.stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    usual, file = tmp_path / "usual", tmp_path / "x"
    usual.touch()
    with replacing(file):
        pass
    assert file.stat().st_mode == usual.stat().st_mode


def test_links_stay_links(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with replacing(link) as part:
        part.write_bytes(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_only_files_are_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        with pytest.raises(ArgumentError), replacing(place):
            pass


def write_raw(file: Path, kind: str, shape: list[int], data: bytes) -> None:
    """A safetensors file by hand: length of the header, header, data."""
    header = json.dumps({"w": {"dtype": kind, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + data)


def test_bfloat16_is_read_exactly(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    values = {0x3F80: 1.0, 0xC049: -3.140625, 0x0001: 2.0**-133, 0x7F80: np.inf, 0x8000: -0.0, 0x4120: 10.0}
    write_raw(file, "BF16", [2, 3], np.array(list(values), "<u2").tobytes())
    array = read_tensors(file)["w"]
    assert array.dtype == np.float32
    assert array.tolist() == np.array(list(values.values())).reshape(2, 3).tolist()
    assert np.signbit(array[1, 1])


def test_other_tensors_before_do_not_shift_bfloat16(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    entries: dict[str, Any] = {
        "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
        "b": {"dtype": "BF16", "shape": [1], "data_offsets": [4, 6]},
    }
    header = json.dumps(entries).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header + np.float32(7).tobytes() + b"\x80\x3f")
    assert {name: array.tolist() for name, array in read_tensors(file).items()} == {"a": [7.0], "b": [1.0]}


def test_types_that_numpy_lacks_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    write_raw(file, "F8_E4M3", [2], b"\0\0")
    with pytest.raises(UnsupportedError, match="F8_E4M3"):
        read_tensors(file)


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 40, b"\x02\0\0\0\0\0\0\0{}x"])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(data)
    with pytest.raises((MalformedError, TruncatedError)):
        read_tensors(file)


def test_tensors_come_back(tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    tensors = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3).T,
        "ü": np.array([1, -(2**31)], np.int32),
        "half": np.array([0.5], np.float16),
    }
    write_tensors(tensors, file)
    read = read_tensors(file)
    assert {n: (a.dtype, a.tolist()) for n, a in read.items()} == {n: (a.dtype, a.tolist()) for n, a in tensors.items()}


def test_the_one_name_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="__metadata__"):
        write_tensors({"__metadata__": np.zeros(1, np.float32)}, tmp_path / "x")
