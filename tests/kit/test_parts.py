"""Parts of the decoder runner: commands, files of numpy, distances."""

from __future__ import annotations

import struct
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.conformance.command import parse_command
from aimcodec.conformance.distance import first_difference
from aimcodec.conformance.outputs import UnusableError, file_name, read_outputs
from aimcodec.errors import ArgumentError

# Commands.


@pytest.mark.parametrize(
    ("text", "streams", "options", "expected"),
    [
        ("dec {in} {outdir}", ["a"], [], ["dec", "a", "o"]),
        (
            "dec -x --in={in} {outdir} {options}",
            ["a", "b c"],
            ["hdsp"],
            ["dec", "-x", "--in=a", "--in=b c", "o", "hdsp"],
        ),
        ("'my dec' {options} -- {in} {outdir}/x", ["{outdir}"], [], ["my dec", "--", "{outdir}", "o/x"]),
        ("dec '{x}' $HOME; {in} > {outdir}", ["a"], [], ["dec", "{x}", "$HOME;", "a", ">", "o"]),
    ],
)
def test_commands(text: str, streams: list[str], options: list[str], expected: list[str]) -> None:
    command = parse_command(text, "in", "outdir")
    assert command.filled({"in": streams, "outdir": ["o"], "options": options}) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "dec {in}", "dec {outdir}", "dec '{in} {outdir}", "dec {IN} {outdir}", "d\0 {in} {outdir}"),
        *("dec {in} {outdir} {option}", "dec {in} {outdir} --trace={tarce}", "dec {in} {outdir} {model}"),
    ],
)
def test_commands_that_cannot_be_used(text: str) -> None:
    with pytest.raises(ArgumentError):
        parse_command(text, "in", "outdir")


# Files of numpy.


@pytest.mark.parametrize("name", ["w", "layers.0/w:0", "..", "重み", "a b%", "A-z_9."])
def test_names_of_files_are_those_of_the_contract(name: str) -> None:
    coded = file_name(name)
    assert "/" not in coded
    assert coded.isascii()
    pieces = iter(coded.removesuffix(".npy").encode())
    back = bytes(int(bytes([next(pieces), next(pieces)]), 16) if byte == ord("%") else byte for byte in pieces)
    assert back.decode() == name


VALUES = np.arange(6, dtype=np.float32).reshape(2, 3) - 2.5


@pytest.mark.parametrize(
    "array",
    [VALUES, VALUES.astype(">f4"), np.asfortranarray(VALUES)],
    ids=["as it is", "big endian", "column by column"],
)
def test_forms_of_arrays_are_the_same_memory(array: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / file_name("a/b"), array)
    outputs = read_outputs(tmp_path)
    tensor = outputs.tensors[0, "a/b"]
    assert (tensor.dtype, tensor.shape) == ("float32", (2, 3))
    assert outputs.memory(tensor, 24) == struct.pack("<6f", -2.5, -1.5, -0.5, 0.5, 1.5, 2.5)


def test_types_that_numpy_lacks_are_void(tmp_path: Path) -> None:
    np.save(tmp_path / "half.npy", np.array([1.0, -2.0], ml_dtypes.bfloat16))
    np.save(tmp_path / "four.npy", np.array([1, -2, 7], ml_dtypes.int4))
    outputs = read_outputs(tmp_path)
    half, four = outputs.tensors[0, "half"], outputs.tensors[0, "four"]
    assert {half.dtype, four.dtype} == {"void"}
    assert outputs.memory(half, 4) == bytes.fromhex("803f00c0")
    assert outputs.memory(four, 2, 4) == bytes([0xE1, 0x07])


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", bytes(7)),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 60,)}"),
        npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({1 << 62}, {1 << 62})}}"),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n(S'true'\ntR."),
        npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", bytes(4)),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').abort()}"),
        npy("(" * 5000),
    ],
)
def test_files_that_are_no_arrays_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "w.npy").write_bytes(content)
    with pytest.raises(UnusableError, match=r"w\.npy"):
        read_outputs(tmp_path)


# Distances.


@pytest.mark.parametrize(
    ("dtype", "a", "b", "ulp"),
    [
        ("float32", 1.0, np.nextafter(np.float32(1), np.float32(2)), 1),
        ("float32", 1.0, np.nextafter(np.float32(1), np.float32(0)), 1),
        ("float32", 0.0, -0.0, 0),
        ("float32", np.float32(1e-45), np.float32(-1e-45), 2),
        ("float64", 1.0, 2.0, 1 << 52),
        ("float16", 65504.0, np.inf, 1),
        ("float32", 1.0, np.nan, None),
        ("bfloat16", 1.0, 2.0, 128),
        ("float8_e5m2", 1.0, -1.0, 2 * 0x3C),
        ("float4_e2m1fn", 0.5, -0.5, 2),
        ("float8_e8m0fnu", 1.0, 4.0, 2),
        ("int64", -(1 << 63), (1 << 63) - 1, (1 << 64) - 1),
        ("uint8", 0, 255, 255),
        ("int4", -8, 7, 15),
        ("bool", False, True, None),
    ],
)
def test_distances(dtype: str, a: object, b: object, ulp: int | None) -> None:
    kind = np.dtype(getattr(ml_dtypes, dtype, None) or dtype)
    memories = [np.array([value], kind).tobytes() for value in (a, b)]
    if dtype.endswith("4") and "int" in dtype and dtype != "int64":
        memories = [bytes([memory[0] & 15]) for memory in memories]
    difference = first_difference(*memories, dtype, (1,))
    assert difference is not None
    assert (difference.index, difference.ulp, difference.differing, difference.elements) == ((0,), ulp, 1, 1)


@given(st.lists(st.integers(-8, 7), min_size=1, max_size=50), st.data())
def test_the_first_difference_is_found_in_packed_elements(values: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    other = list(values)
    other[place] = values[place] ^ 1
    memories = [packed(v) for v in (values, other)]
    assert first_difference(memories[0], memories[0], "int4", (len(values),)) is None
    difference = first_difference(*memories, "int4", (len(values),))
    assert difference is not None
    assert (difference.index, difference.expected, difference.got) == ((place,), str(values[place]), str(other[place]))


def packed(values: list[int]) -> bytes:
    word = sum((value & 15) << 4 * i for i, value in enumerate(values))
    return word.to_bytes((len(values) + 1) // 2, "little")


def test_indices_are_row_major() -> None:
    a = np.zeros((2, 3, 4), np.int32)
    b = a.copy()
    b[1, 2, 3] = b[1, 0, 2] = 5
    difference = first_difference(a.tobytes(), b.tobytes(), "int32", a.shape)
    assert difference is not None
    assert (difference.index, difference.differing) == ((1, 0, 2), 2)


def test_opaque_bytes() -> None:
    difference = first_difference(b"abcd", b"abxd", "opaque", (1,))
    assert difference is not None
    assert (difference.index, difference.expected, difference.got) == ((2,), "99", "120")
