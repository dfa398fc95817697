"""GGUF files beside the library of the format; bad ones by hand."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aimcodec
from aimcodec.bridges.gguf import ASSET, GgufFile
from aimcodec.bridges.gguf_types import code_of, described
from aimcodec.bridges.gguf_write import write_gguf
from aimcodec.bridges.model import Described, Opaque
from aimcodec.cli.app import run
from aimcodec.dtypes import from_name
from aimcodec.errors import (
    AimcError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)

gguf = pytest.importorskip("gguf")

PLAIN = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"}
QUANTS = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]


def written(file: Path, fill: Any, **options: Any) -> bytes:
    """A file that the library writes; `fill` gets its writer."""
    writer = gguf.GGUFWriter(file, "llama", **options)
    fill(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file.read_bytes()


def fill_all(writer: Any) -> None:
    """A value of each type, a tensor of each type that can be made here."""
    random = np.random.default_rng(1)
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"):
        getattr(writer, f"add_{name}")(f"k.{name}", 7)
    writer.add_float32("k.float32", 0.1)
    writer.add_float64("k.float64", 0.1)
    writer.add_bool("k.bool", True)
    writer.add_string("k.string", "naïve \x1b[31m")
    writer.add_array("k.numbers", [1, 2, 3])
    writer.add_array("tokenizer.ggml.tokens", [f"t{i}" for i in range(100)])
    writer.add_array("k.deep", [[1, 2], [3], [4, 5, 6]])
    for name, kind in PLAIN.items():
        writer.add_tensor(f"t.{name}", random.integers(-9, 9, (3, 5)).astype(kind))
    for name in QUANTS:
        kind = gguf.GGMLQuantizationType[name]
        weights = random.normal(size=(2, 3, 64)).astype(np.float32)
        writer.add_tensor(f"q.{name}", gguf.quants.quantize(weights, kind), raw_dtype=kind)


def round_trip(file: Path) -> bytes:
    package, back = file.with_suffix(".aim"), file.with_name("back.gguf")
    assert run(["convert", str(file), str(package)]) == 0
    assert run(["convert", str(package), str(back)]) == 0
    return back.read_bytes()


def test_block_types_are_those_of_the_library() -> None:
    sizes = {kind.value: (kind.name, *size) for kind, size in gguf.GGML_QUANT_SIZES.items()}
    for code in range(64):
        tensor = described("t", code, (1, 256))
        if code not in sizes:
            assert tensor is None
            continue
        name, elements, size = sizes[code]
        assert tensor is not None
        assert code_of(tensor) == code
        assert tensor.nbytes == 256 // elements * size
        if tensor.opaque is not None:
            assert tensor.opaque == Opaque(f"gguf:{name}", elements, size)
        else:
            assert tensor.dtype is not None
            assert tensor.dtype.name[0] + str(tensor.dtype.bits) == name.replace("BF16", "B16")


def test_tensors_and_texts_are_those_of_the_library(tmp_path: Path) -> None:
    written(tmp_path / "m.gguf", fill_all)
    model = GgufFile(tmp_path / "m.gguf")
    theirs = gguf.GGUFReader(tmp_path / "m.gguf")
    assert [tensor.name for tensor in model.tensors] == [tensor.name for tensor in theirs.tensors]
    for tensor in theirs.tensors:
        ours = next(t for t in model.tensors if t.name == tensor.name)
        assert ours.shape == tuple(reversed(tensor.shape.tolist()))
        assert model.read(tensor.name).tobytes() == tensor.data.tobytes()
    assert {key: text for key, text in model.metadata.items() if key.startswith("k.")} == {
        **{f"k.{name}": "7" for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")},
        "k.float32": "0.1",
        "k.float64": "0.1",
        "k.bool": "true",
        "k.string": "naïve \x1b[31m",
        "k.numbers": "[1, 2, 3]",
    }
    assert "tokenizer.ggml.tokens" not in model.metadata  # which is in the asset alone
    assert not model.losses


def test_a_file_comes_back_through_a_package(tmp_path: Path) -> None:
    data = written(tmp_path / "m.gguf", fill_all)
    assert round_trip(tmp_path / "m.gguf") == data
    with aimcodec.open(tmp_path / "m.aim") as package:
        assert package.info("q.Q4_1").dtype == "OPAQUE"
        assert package["t.F16"].dtype == np.float16


VALUES = st.one_of(
    st.tuples(st.just("add_string"), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    st.tuples(st.just("add_int32"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("add_float32"), st.floats(width=32)),
    st.tuples(st.just("add_bool"), st.booleans()),
    st.tuples(st.just("add_array"), st.lists(st.integers(0, 99), min_size=1, max_size=40)),
    st.tuples(st.just("add_array"), st.lists(st.text("abé", max_size=4), min_size=1, max_size=40)),
)
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@settings(max_examples=100)
@given(
    st.dictionaries(st.text("abc._", min_size=1, max_size=6), VALUES, max_size=6),
    st.dictionaries(
        st.text("xyz.", min_size=1, max_size=6), st.tuples(st.sampled_from(sorted(PLAIN)), SHAPES), max_size=4
    ),
    st.sampled_from([None, 8, 64, 4096]),
)
def test_what_the_library_writes_is_written_the_same(
    tmp_path_factory: Any, values: dict[str, Any], tensors: dict[str, Any], alignment: int | None
) -> None:
    def fill(writer: Any) -> None:
        if alignment:
            writer.add_custom_alignment(alignment)
        for key, (method, value) in values.items():
            getattr(writer, method)(key, value)
        for name, (kind, shape) in tensors.items():
            writer.add_tensor(name, np.arange(np.prod(shape)).reshape(shape).astype(PLAIN[kind]))

    file = tmp_path_factory.getbasetemp() / "h.gguf"
    data = written(file, fill)
    model = GgufFile(file)
    back = io.BytesIO()
    write_gguf(back, model.tensors, model.metadata, model.assets, model.read)
    assert back.getvalue() == data


def test_texts_alone_make_a_file(tmp_path: Path) -> None:
    weights = np.arange(6, dtype="<f4").reshape(2, 3)
    with (tmp_path / "m.gguf").open("wb") as file:
        tensor = Described("w", from_name("FLOAT32"), (2, 3))
        write_gguf(file, [tensor], {"general.architecture": "bert", "note": "n"}, {}, lambda _: weights)
    theirs = gguf.GGUFReader(tmp_path / "m.gguf")
    assert theirs.fields["general.architecture"].contents() == "bert"
    assert theirs.fields["note"].contents() == "n"
    assert theirs.tensors[0].shape.tolist() == [3, 2]
    assert np.array_equal(theirs.tensors[0].data, weights)


def rewritten(model: GgufFile, texts: dict[str, str], file: Path) -> Any:
    with file.open("wb") as target:
        write_gguf(target, model.tensors, {**model.metadata, **texts}, model.assets, model.read)
    return gguf.GGUFReader(file).fields


def test_changed_texts_replace_values_of_the_same_type(tmp_path: Path) -> None:
    written(tmp_path / "m.gguf", fill_all)
    model = GgufFile(tmp_path / "m.gguf")
    fields = rewritten(
        model, {"k.string": "other", "k.int16": "-3", "k.bool": "false", "new": "x"}, tmp_path / "n.gguf"
    )
    assert fields["k.string"].contents() == "other"
    assert fields["k.int16"].contents() == -3
    assert fields["k.int16"].types == [gguf.GGUFValueType.INT16]
    assert fields["k.bool"].contents() is False
    assert fields["new"].contents() == "x"
    assert len(fields["tokenizer.ggml.tokens"].contents()) == 100


@pytest.mark.parametrize(
    ("key", "text"), [("k.uint8", "256"), ("k.uint8", "x"), ("k.bool", "1"), ("k.int8", "true"), ("k.numbers", "[1]")]
)
def test_texts_of_another_type_are_refused(key: str, text: str, tmp_path: Path) -> None:
    written(tmp_path / "m.gguf", fill_all)
    model = GgufFile(tmp_path / "m.gguf")
    with pytest.raises(UnsupportedError, match=key):
        rewritten(model, {key: text}, tmp_path / "n.gguf")


@pytest.mark.parametrize(
    "tensor",
    [
        Described("u8", from_name("UINT8"), (2,)),
        Described("deep", from_name("FLOAT32"), (1, 1, 1, 1, 1)),
        Described("n" * 65, from_name("FLOAT32"), (2,)),
        Described("q", None, (32,), Opaque("gguf:Q4_0", 32, 20)),
        Described("o", None, (32,), Opaque("other:Q4_0", 32, 18)),
    ],
    ids=lambda tensor: tensor.name[:5],
)
def test_tensors_that_do_not_fit_are_refused(tensor: Described) -> None:
    file = io.BytesIO()
    with pytest.raises(UnsupportedError, match=tensor.name):
        write_gguf(file, [tensor], {}, {}, lambda _: np.zeros(0))
    assert not file.getvalue()


# Bad files, made by hand.


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)


def text(value: bytes) -> bytes:
    return u64(len(value)) + value


def pair(key: bytes, kind: int, value: bytes) -> bytes:
    return text(key) + u32(kind) + value


def info(name: bytes, dims: list[int], kind: int, offset: int) -> bytes:
    return text(name) + u32(len(dims)) + b"".join(map(u64, dims)) + u32(kind) + u64(offset)


def build(
    pairs: list[bytes], infos: list[bytes], data: bytes, counts: tuple[int, int] | None = None, version: int = 3
) -> bytes:
    tensors, keys = counts or (len(infos), len(pairs))
    head = b"GGUF" + u32(version) + u64(tensors) + u64(keys) + b"".join(pairs) + b"".join(infos)
    return head + bytes(-len(head) % 32) + data


F32 = bytes(range(1, 17)) + bytes(16)
W = info(b"w", [2, 2], 0, 0)
GOOD = [pair(b"general.architecture", 8, text(b"x"))]
HUGE = 1 << 63

BAD: dict[str, tuple[type[AimcError], str, bytes]] = {
    "empty": (TruncatedError, "empty", b""),
    "magic": (MalformedError, "not a GGUF", b"GGUX" + bytes(60)),
    "version 1": (UnsupportedError, "version 1", build(GOOD, [], b"", version=1)),
    "big-endian": (UnsupportedError, "most significant", b"GGUF\0\0\0\3" + bytes(60)),
    "43 bytes": (TruncatedError, "cannot hold", (b"GGUF" + u32(3) + u64(HUGE) + u64(HUGE) + bytes(43))[:43]),
    "keys": (TruncatedError, "metadata entries", build(GOOD, [W], F32, (1, HUGE))),
    "tensors": (LimitExceededError, "max_units", build(GOOD, [W], F32, (HUGE, 1))),
    "tensors within limits": (TruncatedError, "cannot hold", build(GOOD, [W], F32, (1 << 19, 1))),
    "key length": (TruncatedError, "key", build([u64(HUGE) + b"a"], [W], F32)),
    "long key": (LimitExceededError, "max_string_bytes", build([pair(b"a" * 5000, 7, b"\0")], [W], F32)),
    "string length": (TruncatedError, "value of 'a'", build([pair(b"a", 8, u64(1 << 40))], [W], F32)),
    "array length": (TruncatedError, "elements of 'a'", build([pair(b"a", 9, u32(0) + u64(HUGE))], [W], F32)),
    "deep arrays": (
        LimitExceededError,
        "deep",
        build([pair(b"a", 9, (u32(9) + u64(1)) * 20 + u32(0) + u64(1) + b"\1")], [W], F32),
    ),
    "type of value": (OutOfRangeError, "13 is not known", build([pair(b"a", 13, b"")], [W], F32)),
    "bool": (OutOfRangeError, "bool", build([pair(b"a", 7, b"\2")], [W], F32)),
    "alignment 0": (OutOfRangeError, "power of two", build([pair(b"general.alignment", 4, u32(0))], [W], F32)),
    "alignment 24": (OutOfRangeError, "power of two", build([pair(b"general.alignment", 4, u32(24))], [W], F32)),
    "alignment 2^31": (OutOfRangeError, "power", build([pair(b"general.alignment", 4, u32(1 << 31))], [W], F32)),
    "alignment text": (OutOfRangeError, "UINT32", build([pair(b"general.alignment", 8, text(b"32"))], [W], F32)),
    "key twice": (MalformedError, "second time", build(GOOD * 2, [W], F32)),
    "key no UTF-8": (MalformedError, "UTF-8", build([pair(b"\xff", 7, b"\0")], [W], F32)),
    "tensor twice": (MalformedError, "second time", build(GOOD, [W, info(b"w", [2, 2], 0, 32)], F32 * 2)),
    "rank": (OutOfRangeError, "5 dimensions", build(GOOD, [info(b"w", [1] * 5, 0, 0)], F32)),
    "overflow": (LimitExceededError, "max_elements", build(GOOD, [info(b"w", [1 << 32, 1 << 32], 0, 0)], F32)),
    "huge dimension": (LimitExceededError, "max_elements", build(GOOD, [info(b"w", [2**64 - 1], 0, 0)], F32)),
    "tensor type": (UnsupportedError, "type 99", build(GOOD, [info(b"w", [2, 2], 99, 0)], F32)),
    "part of a block": (MalformedError, "blocks", build(GOOD, [info(b"w", [16], 2, 0)], F32)),
    "offset": (MalformedError, "is at 64", build(GOOD, [info(b"w", [2, 2], 0, 64)], F32 * 3)),
    "offset in header": (MalformedError, "is at", build(GOOD, [info(b"w", [2, 2], 0, 2**64 - 64)], F32)),
    "overlap": (MalformedError, "'v' is at 0", build(GOOD, [W, info(b"v", [2, 2], 0, 0)], F32)),
    "gap": (MalformedError, "'v' is at 64", build(GOOD, [W, info(b"v", [2, 2], 0, 64)], F32 * 3)),
    "hidden": (MalformedError, "not zero", build(GOOD, [W], F32[:16] + b"\1" * 16)),
    "trailing": (MalformedError, "after the last", build(GOOD, [W], F32 + bytes(32))),
    "short data": (TruncatedError, "'w' ends", build(GOOD, [W], F32[:12])),
    "no data": (TruncatedError, "padding to byte 128", build(GOOD, [W], b"")[:-1]),
}


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.replace(" ", "-"))
def test_a_bad_file_is_one_typed_error(case: str, tmp_path: Path) -> None:
    kind, words, data = BAD[case]
    (tmp_path / "bad.gguf").write_bytes(data)
    with pytest.raises(AimcError, match=words) as caught:
        GgufFile(tmp_path / "bad.gguf")
    assert type(caught.value) is kind


def test_the_good_one_is_good(tmp_path: Path) -> None:
    """Else the bad ones would be refused for something else."""
    (tmp_path / "good.gguf").write_bytes(build(GOOD, [W, info(b"v", [2, 2], 0, 32)], F32 * 2))
    model = GgufFile(tmp_path / "good.gguf")
    assert model.read("v").tobytes() == F32[:16]


def test_version_2_comes_back_as_version_2(tmp_path: Path) -> None:
    data = build(GOOD, [W], F32, version=2)
    (tmp_path / "m.gguf").write_bytes(data)
    assert round_trip(tmp_path / "m.gguf") == data


def test_padding_that_is_missing_at_the_end_is_a_loss(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(build(GOOD, [W], F32[:16]))
    assert GgufFile(tmp_path / "m.gguf").losses
    assert round_trip(tmp_path / "m.gguf") == build(GOOD, [W], F32)


def test_every_changed_byte_is_read_or_a_typed_error(tmp_path: Path) -> None:
    """What is still read is written as it is, byte by byte."""
    pairs = [*GOOD, pair(b"n", 9, u32(8) + u64(2) + text(b"a") + text(b"")), pair(b"f", 6, b"abcd")]
    data = build(pairs, [W, info(b"q", [32, 1], 2, 32)], F32 + bytes(range(18)) + bytes(14))
    file, read = tmp_path / "m.gguf", 0
    for place in range(len(data)):
        for value in (data[place] ^ 1, 255):
            changed = data[:place] + bytes([value]) + data[place + 1 :]
            file.write_bytes(changed)
            try:
                model = GgufFile(file)
                back = io.BytesIO()
                write_gguf(back, model.tensors, model.metadata, model.assets, model.read)
            except AimcError:
                continue
            read += 1
            assert back.getvalue() == changed
    assert read > 50
    for size in range(len(data)):
        file.write_bytes(data[:size])
        try:
            assert GgufFile(file).losses
        except AimcError:
            continue


def test_a_damaged_asset_is_a_typed_error() -> None:
    with pytest.raises(AimcError):
        write_gguf(io.BytesIO(), [], {}, {ASSET: ("", b"GGUF\3\0\0\0")}, lambda _: np.zeros(0))
    head = b"GGUF" + u32(3) + u64(0) + u64(0)
    with pytest.raises(MalformedError, match="after the metadata"):
        write_gguf(io.BytesIO(), [], {}, {ASSET: ("", head + b"x")}, lambda _: np.zeros(0))
