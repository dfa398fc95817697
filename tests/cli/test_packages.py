"""Files of tensors to packages and back, bit for bit."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file as load_safetensors
from safetensors.numpy import save_file as save_safetensors

import aimcodec

from .command import STREAM, Command, changed, run_python
from .models import every_type, rich_package, weights, write_safetensors

METADATA = {"format": "pt", "ü": "\x01é\n"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "rich.aim"
    rich_package(file)
    return file


@pytest.mark.parametrize("coding", ["lossless", "small", "raw"])
def test_safetensors_files_come_back_byte_for_byte(coding: str, aimc: Command, tmp_path: Path) -> None:
    model, packed, back = (tmp_path / name for name in ("m.safetensors", "m.aim", "back.safetensors"))
    write_safetensors(model, every_type(), METADATA)
    encoded = aimc("encode", model, "-o", packed, "--coding", coding, "--json")
    assert encoded.code == 0, encoded.err
    summary = json.loads(encoded.out)
    assert summary["tensors"] == len(every_type())
    assert summary["bytes"] == packed.stat().st_size
    assert summary["memory_bytes"] == sum(len(data) for _, _, data in every_type().values())
    assert aimc("decode", packed, "-o", back).code == 0
    assert back.read_bytes() == model.read_bytes()


def test_files_of_the_library_come_back_byte_for_byte(aimc: Command, tmp_path: Path) -> None:
    model, packed, back = (tmp_path / name for name in ("m.safetensors", "m.aim", "back.safetensors"))
    tensors = {"b.w": weights(), "a.w": weights(3).astype(np.float64), "s": np.array(3), "f": np.array([True, False])}
    save_safetensors({**tensors, "h": weights(5).astype(np.float16)}, model, metadata={"format": "np"})
    assert aimc("encode", model, "-o", packed).code == 0
    assert aimc("decode", packed, "-o", back).code == 0
    assert back.read_bytes() == model.read_bytes()
    with aimcodec.open(packed) as opened:
        assert opened.metadata == {"format": "np"}


def test_the_library_reads_what_is_written(aimc: Command, package: Path) -> None:
    back = package.with_name("back.safetensors")
    assert aimc("decode", package, "-o", back, "--variant", "half").code == 0
    assert load_safetensors(back)["w"].tobytes() == weights().astype(np.float16).tobytes()
    with safe_open(back, "numpy") as opened:
        assert opened.metadata() == {"title": "tiny \x1b[31m", "k": "v"}


def test_archives_come_back(aimc: Command, tmp_path: Path) -> None:
    arrays = {
        "w": weights(),
        "f": np.asfortranarray(weights(4, 5)),
        "big": np.arange(5, dtype=">i4"),
        "c": np.array([1 + 2j]),
        "s": np.array(3.5),
    }
    model, packed, back = (tmp_path / name for name in ("m.npz", "m.aim", "back.npz"))
    np.savez_compressed(model, **arrays)
    assert aimc("encode", model, "-o", packed).code == 0
    assert aimc("decode", packed, "-o", back).code == 0
    with np.load(back) as loaded:
        assert list(loaded) == list(arrays)
        for name, array in arrays.items():
            assert loaded[name].dtype == array.dtype.newbyteorder("<"), name
            assert loaded[name].shape == array.shape
            assert loaded[name].tolist() == array.tolist()


def test_types_that_a_file_cannot_hold_leave_nothing(aimc: Command, package: Path) -> None:
    before = set(package.parent.iterdir())
    aimcodec.save_file({"w": np.zeros(8, ml_dtypes.bfloat16)}, package)
    result = aimc("decode", package, "-o", package.with_name("x.npz"))
    assert (result.code, "'w'" in result.err) == (4, True)
    aimcodec.save_file({"w": np.zeros(8, ml_dtypes.int4)}, package)
    result = aimc("decode", package, "-o", package.with_name("x.safetensors"))
    assert (result.code, "INT4" in result.err) == (4, True)
    assert set(package.parent.iterdir()) == before


def test_lossy_packages(aimc: Command, tmp_path: Path) -> None:
    model, packed, back = (tmp_path / name for name in ("m.safetensors", "m.aim", "back.npz"))
    tensors = {"w": weights(), "i": np.arange(5), "h": weights(20).astype(np.float16)}
    tensors["bad"] = np.array([np.nan, 1], np.float32)
    save_safetensors(tensors, model)
    assert aimc("encode", model, "-o", packed, "--coding", "nnc", "--qp", "-20").code == 0
    codings = {r["name"]: r["coding"] for r in map(json.loads, aimc("ls", packed, "--json").lines)}
    assert codings == {"w": "nnc", "h": "nnc", "i": "lossless", "bad": "lossless"}
    assert aimc("decode", packed, "-o", back).code == 0
    with np.load(back) as loaded:
        expected = aimcodec.nnc.decode(
            aimcodec.nnc.encode({n: tensors[n] for n in ("h", "w")}, qp=-20, nonweight_qp=-75)
        )
        assert loaded["w"].tobytes() == expected["w"].tobytes()
        assert loaded["h"].tobytes() == expected["h"].astype(np.float16).tobytes()
        assert loaded["i"].tolist() == tensors["i"].tolist()
        assert loaded["bad"].tobytes() == tensors["bad"].tobytes()


def test_equal_tensors_are_stored_once(aimc: Command, tmp_path: Path) -> None:
    model, packed = tmp_path / "m.safetensors", tmp_path / "m.aim"
    array = weights()
    save_safetensors({"a": array, "b": array.copy(), "c": array + 1, "d": array.copy()}, model)
    assert aimc("encode", model, "-o", packed, "--coding", "raw").code == 0
    aliases = {r["name"]: r["alias_of"] for r in map(json.loads, aimc("ls", packed, "--json").lines)}
    assert aliases == {"a": None, "b": "a", "c": None, "d": "a"}
    assert packed.stat().st_size < 2 * array.nbytes + 4096
    assert aimcodec.load_file(packed)["d"].tobytes() == array.tobytes()


def test_packages_are_coded_anew_with_all_they_hold(aimc: Command, package: Path) -> None:
    other = package.with_name("other.aim")
    result = aimc("encode", package, "-o", other, "--coding", "raw", "--metadata", "k=new", "--metadata", "n=1=2")
    assert result.code == 0, result.err
    for variant in ("", "half"):
        with aimcodec.open(package, variant=variant) as old, aimcodec.open(other, variant=variant) as new:
            assert list(new) == list(old)
            for name in old:
                assert (new.info(name).dtype, new.info(name).alias_of) == (
                    old.info(name).dtype,
                    old.info(name).alias_of,
                )
                assert new.info(name).coding == "raw"
                assert new[name].tobytes() == old[name].tobytes()
            assert new.metadata == {**old.metadata, "k": "new", "n": "1=2"}
            assert new.structure == old.structure
            for part in ("contributors", "licenses", "evaluations", "variants"):
                assert getattr(new, part) == getattr(old, part)
                assert getattr(new, part)
            assert {n: a.data for n, a in new.assets.items()} == {"tokenizer/vocab.json": b'{"a": 1}'}
            if not variant:
                loaded = new.load(["w", "tied", "b", "equal"])
                assert loaded["tied"] is loaded["w"]
                assert loaded["equal"] is not loaded["b"]


def test_licence_and_assets(aimc: Command, tmp_path: Path) -> None:
    model, packed, vocabulary = tmp_path / "m.npz", tmp_path / "m.aim", tmp_path / "vocab.json"
    np.savez(model, w=weights())
    vocabulary.write_bytes(b"[1]")
    assert aimc("encode", model, "-o", packed, "--license", "Apache-2.0", "--asset", vocabulary).code == 0
    with aimcodec.open(packed) as opened:
        assert [found.expression for found in opened.licenses] == ["Apache-2.0"]
        asset = opened.assets["vocab.json"]
        assert (asset.data, asset.media_type) == (b"[1]", "application/json")
    code = aimc("encode", model, "-o", packed, "--asset", tmp_path / "missing").code
    assert code == 6
    assert aimc("verify", packed).code == 0


@pytest.mark.parametrize("streams", ["valid/nnc", "uncommon/nnc"])
def test_streams_come_back_byte_for_byte(
    streams: str, aimc: Command, conformance_streams: Path, tmp_path: Path
) -> None:
    files = sorted((conformance_streams / streams).rglob("stream.nnc"), key=lambda f: f.stat().st_size)[:12]
    assert files
    for file in files:
        packed, back, tensors = tmp_path / "m.aim", tmp_path / "back.nnc", tmp_path / "t.npz"
        result = aimc("convert", file, packed)
        assert result.code == 0, (file, result.err)
        assert aimc("convert", packed, back).code == 0
        assert back.read_bytes() == file.read_bytes()
        assert aimc("convert", packed, tensors).code == 0
        expected = aimcodec.nnc.decode(file.read_bytes())
        with np.load(tensors) as loaded:
            assert {n: a.tobytes() for n, a in loaded.items()} == {n: a.tobytes() for n, a in expected.items()}, file


def test_conversions_are_told_by_content_and_name(aimc: Command, tmp_path: Path) -> None:
    """The names of the inputs say nothing."""
    source = tmp_path / "x.bin"
    array = weights(9, 8)
    for suffix in (".aim", ".npz", ".safetensors"):
        first = tmp_path / f"a{suffix}"
        np.savez(source.with_suffix(".npz"), w=array)
        source.with_suffix(".npz").rename(source)
        assert aimc("convert", source, first).code == 0
        first.rename(source)
        last = tmp_path / "back.npz"
        assert aimc("convert", source, last).code == 0
        with np.load(last) as loaded:
            assert loaded["w"].tobytes() == array.tobytes()


def test_a_mixed_package_has_no_stream(aimc: Command, package: Path) -> None:
    result = aimc("convert", package, package.with_name("x.nnc"))
    assert result.code == 4
    assert not package.with_name("x.nnc").exists()


def test_extract_writes_tensors_and_parts(aimc: Command, package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package.parent)
    array = weights()
    assert aimc("extract", package, "w").code == 0
    assert np.load("w.npy").tobytes() == array.tobytes()
    assert aimc("extract", package, "w").code == 2  # it is there
    for text, index in {
        "0:128,:": np.s_[0:128, :],
        "-1": np.s_[-1],
        "...,3": np.s_[..., 3],
        "::7, 5:2:-1": np.s_[::7, 5:2:-1],
    }.items():
        assert aimc("extract", package, "w", "--slice", text, "-o", "part.npy").code == 0
        assert np.load("part.npy").tolist() == array[index].tolist()
    for text in ("a", "1:2:3:4", "1,2,3", "999", ""):
        assert aimc("extract", package, "w", "--slice", text, "-o", "none.npy").code == 2
    assert aimc("extract", package, "w", "-o", "w.safetensors", "--variant", "half").code == 0
    assert load_safetensors("w.safetensors")["w"].tobytes() == array.astype(np.float16).tobytes()
    assert aimc("extract", package, "--asset", "tokenizer/vocab.json").code == 0
    assert Path("vocab.json").read_bytes() == b'{"a": 1}'
    assert aimc("extract", package, "nobody").code == 2
    assert aimc("extract", package, "--asset", "nobody").code == 2
    assert aimc("extract", package).code == 2
    assert not Path("none.npy").exists()


def test_names_of_tensors_choose_no_place(aimc: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    names = ["../up", "/absolute", ".hidden", "a/b", "x\x1b\n", ".."]
    aimcodec.save_file({name: np.zeros(1) for name in names}, "m.aim")
    for name in names:
        assert aimc("extract", "m.aim", name).code == 0
    assert list(tmp_path.iterdir()) == [folder]
    files = {file.name for file in folder.iterdir()}
    assert len(files) == len(names) + 1
    assert all(name.isprintable() and not name.startswith(".") for name in files)


def safetensors_bytes(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
BAD_SAFETENSORS = {
    "header too long": b"\xff" * 7 + b"\x00{}",
    "huge header": (10**8 + 1).to_bytes(8, "little") + b"{" + b" " * 50,
    "no object": safetensors_bytes(b"[]"),
    "space first": safetensors_bytes(b" {}"),
    "not UTF-8": safetensors_bytes(b'{"\xff": 1}'),
    "deep": safetensors_bytes(b'{"a":' + b"[" * 100_000),
    "long number": safetensors_bytes(b'{"a":' + b"9" * 5000 + b"}"),
    "twice": safetensors_bytes(b'{"a":1,"a":1}'),
    "gap": safetensors_bytes({"a": {**ENTRY, "data_offsets": [4, 12]}}, bytes(12)),
    "overlap": safetensors_bytes({"a": ENTRY, "b": ENTRY}, bytes(8)),
    "short": safetensors_bytes({"a": ENTRY}, bytes(7)),
    "trailing": safetensors_bytes({"a": ENTRY}, bytes(9)),
    "size": safetensors_bytes({"a": {**ENTRY, "shape": [3]}}, bytes(8)),
    "product": safetensors_bytes({"a": {**ENTRY, "shape": [2**40, 2**40]}}, bytes(8)),
    "negative": safetensors_bytes({"a": {**ENTRY, "shape": [-2]}}, bytes(8)),
    "boolean": safetensors_bytes({"a": {**ENTRY, "shape": [True, 2]}}, bytes(8)),
    "fraction": safetensors_bytes({"a": {**ENTRY, "shape": [2.0]}}, bytes(8)),
    "backwards": safetensors_bytes({"a": {**ENTRY, "data_offsets": [8, 0]}}, bytes(8)),
    "three offsets": safetensors_bytes({"a": {**ENTRY, "data_offsets": [0, 8, 9]}}, bytes(8)),
    "missing": safetensors_bytes({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)),
    "surrogate": safetensors_bytes(b'{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
    "metadata": safetensors_bytes({"__metadata__": {"a": 1}}),
    "half a byte": safetensors_bytes({"a": {"dtype": "F4", "shape": [3], "data_offsets": [0, 2]}}, bytes(2)),
}


@pytest.mark.parametrize("name", BAD_SAFETENSORS)
def test_bad_safetensors_files_are_refused(name: str, aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    model.write_bytes(BAD_SAFETENSORS[name])
    for output in ("m.aim", "m.nnc"):
        result = aimc("encode", model, "-o", tmp_path / output)
        assert result.code == 3, result.err
        assert result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [model]


def test_unknown_types_are_unsupported(aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    model.write_bytes(safetensors_bytes({"a": {**ENTRY, "dtype": "F7"}}, bytes(8)))
    result = aimc("encode", model, "-o", tmp_path / "m.aim")
    assert (result.code, "'F7'" in result.err) == (4, True)


def archive(file: Path, name: str, data: bytes, method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", method) as opened:
        opened.writestr(name, data)


def npy(shape: str, kind: str = "<f4", version: bytes = b"\x01\x00") -> bytes:
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header


BAD_ARCHIVES = {
    "no array": ("a.txt", b"x", 4),
    "no magic": ("a.npy", b"x" * 200, 3),
    "too large a shape": ("a.npy", npy("(1000000, 1000000)") + bytes(8), 3),
    "negative": ("a.npy", npy("(-2,)") + bytes(8), 3),
    "trailing": ("a.npy", npy("(1,)") + bytes(8), 3),
    "objects": ("a.npy", npy("(1,)", "|O") + bytes(8), 4),
    "texts": ("a.npy", npy("(1,)", "<U2") + bytes(8), 4),
    "code": ("a.npy", npy("__import__('os')") + bytes(8), 3),
    "version": ("a.npy", npy("(2,)", version=b"\x09\x00") + bytes(8), 4),
}


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_bad_archives_are_refused(name: str, aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.npz"
    member, data, code = BAD_ARCHIVES[name]
    archive(model, member, data)
    result = aimc("encode", model, "-o", tmp_path / "m.aim")
    assert result.code == code, result.err
    assert list(tmp_path.iterdir()) == [model]


def test_bombs_are_refused(aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.npz"
    archive(model, "a.npy", npy("(20000000,)") + bytes(80_000_000), zipfile.ZIP_BZIP2)
    assert aimc("encode", model, "-o", tmp_path / "m.aim").code == 4


def test_damaged_archives_are_refused(aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.npz"
    np.savez_compressed(model, w=weights())
    good = model.read_bytes()
    for place in range(0, len(good), max(1, len(good) // 150)):
        model.write_bytes(changed(good, (place, good[place] ^ 0x55)))
        result = aimc("encode", model, "-o", tmp_path / "m.aim")
        assert result.code in {0, 3, 4}, (place, result.err)
    model.write_bytes(good[:-30])
    assert aimc("encode", model, "-o", tmp_path / "m.aim").code == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["encode", "M", "-o", "x.aim", "--qp", "-20"], 2),
        (["encode", "M", "-o", "x.aim", "--non-finite", "raw"], 2),
        (["encode", "M", "-o", "x.nnc", "--coding", "small"], 2),
        (["encode", "M", "-o", "x.nnc", "--license", "MIT"], 2),
        (["encode", "M", "-o", "x.aim", "--metadata", "novalue"], 2),
        (["encode", "M", "-o", "x.aim", "--metadata", "a=1", "--metadata", "a=2"], 2),
        (["encode", "M", "-o", "missing/x.aim"], 6),
        (["decode", "M", "-o", "x.npz", "--base", "M"], 2),
        (["decode", "M", "-o", "x.npz", "--variant", "none"], 2),
        (["decode", "S", "-o", "x.npz", "--variant", "none"], 2),
        (["convert", "M", "x.txt"], 2),
        (["convert", "S", "x.nnc"], 2),
        (["ls", "M", "--json", "--csv"], 2),
        (["ls", "S"], 3),
        (["verify", "S"], 3),
        (["inspect", "M", "--bins", "missing"], 2),
        (["inspect", "M", "--bins", "w", "--block", "99"], 2),
        (["ls", "missing.aim"], 6),
        (["verify", "missing.aim"], 6),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_codes_of_usage(
    arguments: list[str], code: int, aimc: Command, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package.parent)
    stream = package.with_name("s.nnc")
    stream.write_bytes(STREAM)
    before = set(package.parent.iterdir())
    result = aimc(*[{"M": package, "S": stream}.get(a, a) for a in arguments])
    assert result.code == code, result.err
    assert result.err.startswith("aimc: ")
    assert result.err.count("\n") == 1
    assert set(package.parent.iterdir()) == before


def test_damaged_headers_never_end_in_a_defect(aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    write_safetensors(model, {"a": ("F32", [2, 3], bytes(24)), "b": ("F4", [2], b"\x21")}, {"k": "v"})
    good = model.read_bytes()
    random = np.random.default_rng(0)
    for place in range(len(good) - 25):
        model.write_bytes(changed(good, (place, int(random.integers(0, 256)))))
        result = aimc("encode", model, "-o", tmp_path / "m.aim")
        assert result.code in {0, 3, 4}, (place, result.err)


def test_names_that_packages_cannot_hold_are_unsupported(aimc: Command, tmp_path: Path) -> None:
    model = tmp_path / "m.safetensors"
    write_safetensors(model, {"a\0b": ("F32", [1], bytes(4))}, {})
    result = aimc("encode", model, "-o", tmp_path / "m.aim")
    assert (result.code, "U+0000" in result.err) == (4, True)
    assert list(tmp_path.iterdir()) == [model]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_only_the_largest_tensor_is_in_memory(tmp_path: Path) -> None:
    """Models of 2 and of 20 tensors of 8 MB take the same memory."""
    program = (
        "import sys; from aimcodec.cli.app import run; assert run(sys.argv[1:]) == 0;"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    )
    values = weights(2048, 1024)
    peaks: dict[tuple[str, int], int] = {}
    for count in (2, 20):
        model, packed, back = (tmp_path / f"{count}{suffix}" for suffix in (".safetensors", ".aim", "back.safetensors"))
        tensors = {str(n): ("F32", [2048, 1024], (values * np.float32(1 + n)).tobytes()) for n in range(count)}
        write_safetensors(model, tensors, {})
        for arguments in (["encode", model, "-o", packed], ["decode", packed, "-o", back]):
            result = run_python("-c", program, *arguments, "--threads", 2)
            assert result.code == 0, result.err
            peaks[str(arguments[0]), count] = 1024 * int(result.lines[-1])
        assert back.read_bytes() == model.read_bytes()
    assert peaks["encode", 20] - peaks["encode", 2] < 48 << 20
    assert peaks["decode", 20] - peaks["decode", 2] < 48 << 20
