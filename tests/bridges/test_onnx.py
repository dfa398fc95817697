"""ONNX files in and out: values in every form, inside and beside; sniffing; limits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest

from aimcodec.bridges.model import Described
from aimcodec.bridges.onnx import OnnxFile, looks_like_onnx, write_onnx
from aimcodec.dtypes import from_name
from aimcodec.errors import AimcError, ArgumentError, InconsistentError, LimitExceededError, MalformedError
from aimcodec.limits import Limits
from aimcodec.model.onnx import differences

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - only where onnx is installed

if TYPE_CHECKING:
    from onnx import ModelProto

FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
SMALL = [
    *("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
    *("float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn", "int4", "uint4", "int2", "uint2"),
]


def array_of(name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(len(name))
    if name == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    dtype = from_name(name)
    if name.startswith("complex"):
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype.numpy)
    codes = rng.integers(0, 1 << min(dtype.bits, 32), shape, dtype=np.uint64)
    bits: np.ndarray[Any, Any] = codes.astype(f"<u{max(dtype.bits // 8, 1)}")
    if dtype.bits < 8 and name.startswith("int"):
        return (codes.astype(np.int8) - (1 << dtype.bits - 1)).astype(dtype.numpy)
    return bits.view(dtype.numpy)


def model_of(tensors: list[Any]) -> ModelProto:
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "m"])]
    node = helper.make_node("Identity", [tensors[0].name], ["y"])
    graph = helper.make_graph([node], "g", [], outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


def same(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("name", ["bool", "complex64", "complex128", *FLOATS, *INTEGERS, *SMALL])
@pytest.mark.parametrize("shape", [(3, 7), (0, 4), ()])
def test_raw_values(name: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    array = array_of(name, shape)
    onnx.save(model_of([numpy_helper.from_array(array, "w")]), tmp_path / "m.onnx")
    with_file = OnnxFile(tmp_path / "m.onnx")
    assert [(tensor.name, tensor.shape) for tensor in with_file.tensors] == [("w", shape)]
    assert same(with_file.read("w"), array)


@pytest.mark.parametrize("name", ["bool", "complex64", "complex128", *FLOATS, *INTEGERS, *SMALL])
def test_typed_values(name: str, tmp_path: Path) -> None:
    """onnx's own helper writes the typed fields, and its numpy_helper is the oracle."""
    kind = helper.np_dtype_to_tensor_dtype(from_name(name).numpy)
    values = np.arange(21) % 2 if name in {"bool", "uint2"} else np.arange(21) % 3 - (0 if name[0] == "u" else 1)
    if name == "float8_e8m0fnu":
        values = 2.0 ** (np.arange(21) - 9)
    proto = helper.make_tensor("w", kind, [3, 7], values.astype(np.complex128 if name[0] == "c" else np.float64))
    assert not proto.raw_data
    onnx.save(model_of([proto]), tmp_path / "m.onnx")
    assert same(OnnxFile(tmp_path / "m.onnx").read("w"), numpy_helper.to_array(proto))


def test_signalling_nans_of_typed_fields(tmp_path: Path) -> None:
    """Bits 7f a0 00 00, least significant first, in float_data of a message written by hand."""
    proto = TensorProto.FromString(b"\x08\x01\x10\x01\x22\x04\x00\x00\xa0\x7f\x42\x01w")
    onnx.save(model_of([proto]), tmp_path / "m.onnx")
    assert OnnxFile(tmp_path / "m.onnx").read("w").tobytes() == b"\x00\x00\xa0\x7f"


def test_surplus_bits_do_not_count(tmp_path: Path) -> None:
    proto = TensorProto(name="w", data_type=TensorProto.UINT4, dims=[3], raw_data=b"\x21\xf3")
    onnx.save(model_of([proto]), tmp_path / "m.onnx")
    assert OnnxFile(tmp_path / "m.onnx").read("w").astype(int).tolist() == [1, 2, 3]


def test_texts_stay_in_the_structure(tmp_path: Path) -> None:
    proto = TensorProto(name="w", data_type=TensorProto.STRING, dims=[2], string_data=[b"a\0", b"\xff"])
    onnx.save(model_of([proto]), tmp_path / "m.onnx")
    file = OnnxFile(tmp_path / "m.onnx")
    assert file.tensors == []
    assert file.structure.graph.parameters[0].data == (b"a\0", b"\xff")


BAD = {
    "too short": TensorProto(name="w", data_type=1, dims=[2], raw_data=b"\0" * 7),
    "too long": TensorProto(name="w", data_type=1, dims=[1], raw_data=b"\0" * 5),
    "no values": TensorProto(name="w", data_type=1, dims=[2]),
    "few values": TensorProto(name="w", data_type=1, dims=[2], float_data=[1]),
    "wrong field": TensorProto(name="w", data_type=1, dims=[1], int32_data=[1]),
    "out of range": TensorProto(name="w", data_type=TensorProto.INT8, dims=[1], int32_data=[300]),
    "negative code": TensorProto(name="w", data_type=TensorProto.FLOAT16, dims=[1], int32_data=[-1]),
    "7 bits": TensorProto(name="w", data_type=TensorProto.FLOAT6E2M3, dims=[1], int32_data=[64]),
    "no truth": TensorProto(name="w", data_type=TensorProto.BOOL, dims=[1], raw_data=b"\2"),
    "texts": TensorProto(name="w", data_type=TensorProto.STRING, dims=[2], string_data=[b"a"]),
    "negative": TensorProto(name="w", data_type=1, dims=[-1], raw_data=b""),
    "unknown type": TensorProto(name="w", data_type=99, dims=[1], raw_data=b"\0"),
    "no type": TensorProto(name="w", dims=[1], raw_data=b"\0"),
    "huge": TensorProto(name="w", data_type=1, dims=[1 << 62, 1 << 62], raw_data=b"\0"),
    "segment": TensorProto(name="w", data_type=1, dims=[1], raw_data=b"\0" * 4, segment=TensorProto.Segment(begin=0)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tensors(name: str, tmp_path: Path) -> None:
    onnx.save(model_of([BAD[name]]), tmp_path / "m.onnx")
    with pytest.raises(AimcError) as caught:
        OnnxFile(tmp_path / "m.onnx").read("w")
    assert "w" in str(caught.value) or "99" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x08\x01", b"not a model", b"\x3a\xff\xff\xff\xff\x07", b"\x12\x02\xff\xfe\x3a\x00", b"\x3a\x02" * 9],
)
def test_no_models(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(MalformedError):
        OnnxFile(tmp_path / "m.onnx")


def test_limits(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    onnx.save(model_of([numpy_helper.from_array(np.zeros((2, 3), np.float32), name) for name in "ab"]), path)
    allowed = {"max_rank": 2, "max_elements": 6, "max_units": 2, "max_output_bytes": 48}
    allowed["max_stream_bytes"] = path.stat().st_size
    OnnxFile(path, limits=Limits(**allowed))
    for name, value in allowed.items():
        with pytest.raises(LimitExceededError, match=name if name != "max_stream_bytes" else "at most"):
            OnnxFile(path, limits=Limits(**{**allowed, name: value - 1}))


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        OnnxFile(tmp_path)


def rewritten(source: Path, target: Path, **options: Any) -> None:
    file = OnnxFile(source)
    write_onnx(target, file.structure, file.tensors, file.read, **options)
    file.close()


def sample() -> ModelProto:
    rng = np.random.default_rng(1)
    return model_of(
        [
            numpy_helper.from_array(rng.normal(size=(40, 40)).astype(np.float32), "w"),
            numpy_helper.from_array(np.arange(3), "few"),
            numpy_helper.from_array((np.arange(2501) % 16).astype(ml_dtypes.uint4), "packed"),
            helper.make_tensor("texts", TensorProto.STRING, [1], [b"x"]),
            numpy_helper.from_array(rng.normal(size=1000).astype(np.float64), "last"),
        ]
    )


@pytest.mark.parametrize("external", [False, True, None])
def test_written_models(external: bool | None, tmp_path: Path) -> None:
    model = sample()
    onnx.save(model, tmp_path / "a.onnx")
    rewritten(tmp_path / "a.onnx", tmp_path / "b.onnx", external=external)
    assert differences(model, onnx.load(tmp_path / "b.onnx")) == []  # which reads the other file by itself
    assert sorted(os.listdir(tmp_path)) == ["a.onnx", "b.onnx", *(["b.onnx.data"] if external else [])]
    onnx.checker.check_model(str(tmp_path / "b.onnx"))
    rewritten(tmp_path / "b.onnx", tmp_path / "c.onnx", external=False)
    assert (tmp_path / "c.onnx").read_bytes() == _inside(tmp_path)


def _inside(folder: Path) -> bytes:
    rewritten(folder / "a.onnx", folder / "d.onnx")
    return (folder / "d.onnx").read_bytes()


def test_external_values_are_aligned(tmp_path: Path) -> None:
    onnx.save(sample(), tmp_path / "a.onnx")
    rewritten(tmp_path / "a.onnx", tmp_path / "b.onnx", external=True)
    tensors = onnx.load(tmp_path / "b.onnx", load_external_data=False).graph.initializer
    entries = [{entry.key: entry.value for entry in tensor.external_data} for tensor in tensors]
    assert [int(entry["offset"]) for entry in entries if entry] == [0, 8192, 12288]
    assert {entry["location"] for entry in entries if entry} == {"b.onnx.data"}


def test_external_values_beyond_2_gib(tmp_path: Path) -> None:
    """Of a file with a hole, so that it takes no space; the last row is not 0."""
    rows, columns = 600_001, 1000
    tensor = TensorProto(name="w", data_type=1, dims=[rows, columns], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="data")
    with (tmp_path / "data").open("wb") as file:
        file.seek((rows - 1) * columns * 4)
        file.write(np.arange(columns, dtype="<f4").tobytes())
    onnx.save(model_of([tensor]), tmp_path / "m.onnx")
    array = OnnxFile(tmp_path / "m.onnx").read("w")
    assert array.nbytes > 1 << 31
    assert np.array_equal(array[-1], np.arange(columns))
    assert not array[-2].any()


def test_a_model_over_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    model = sample()
    onnx.save(model, path)
    rewritten(path, path, external=True)
    rewritten(path, path, external=True)
    assert differences(model, onnx.load(path)) == []


def test_failed_writes_leave_what_was(tmp_path: Path) -> None:
    onnx.save(sample(), tmp_path / "a.onnx")
    file = OnnxFile(tmp_path / "a.onnx")
    (tmp_path / "b.onnx").write_bytes(b"old model")
    (tmp_path / "b.onnx.data").write_bytes(b"old data")

    def failing(name: str) -> Any:
        if name == "last":
            raise OSError("gone")
        return file.read(name)

    for external in (False, True):
        with pytest.raises(OSError, match="gone"):
            write_onnx(tmp_path / "b.onnx", file.structure, file.tensors, failing, external=external)
    assert (tmp_path / "b.onnx").read_bytes() == b"old model"
    assert (tmp_path / "b.onnx.data").read_bytes() == b"old data"
    assert sorted(os.listdir(tmp_path)) == ["a.onnx", "b.onnx", "b.onnx.data"]


@pytest.mark.parametrize("external", [False, True])
def test_parameters_have_to_fit(external: bool, tmp_path: Path) -> None:
    onnx.save(sample(), tmp_path / "a.onnx")
    file = OnnxFile(tmp_path / "a.onnx")
    rest = file.tensors[1:]
    target = tmp_path / "b.onnx"
    with pytest.raises(ArgumentError, match="'w'"):
        write_onnx(target, file.structure, rest, file.read, external=external)
    other = Described("w", from_name("float32"), (1600,))
    with pytest.raises(InconsistentError, match="'w'"):
        write_onnx(target, file.structure, [other, *rest], file.read, external=external)
    with pytest.raises(InconsistentError, match="'w'"):
        write_onnx(target, file.structure, file.tensors, lambda name: file.read(name).reshape(-1), external=external)
    assert os.listdir(tmp_path) == ["a.onnx"]


def test_sniffing() -> None:
    model = sample()
    model.producer_name = "pytorch"
    data = model.SerializeToString()
    assert all(looks_like_onnx(data[:size]) for size in (8, 16, 64, 512, len(data)))
    reordered = b"\x3a\x02\x12\x00\x08\x0a"
    assert looks_like_onnx(reordered, "m.onnx")
    assert not looks_like_onnx(reordered, "m.bin")
    others = [
        *(b"", b"\x08", b"\x08\x0b", b"GGUF\3\0\0\0", b"PK\3\4\x14\0\0\0", b"\x89HDF\r\n\x1a\n", b"\x80\x02}q\0."),
        b"\x08\x0a\0\0\0\0\0\0{}",  # safetensors with a header of 2,568 bytes
        b"\x1c\0\0\0TFL3\x14\0\0\0",
        b"\x08\x01\x12\x84\x01\x0a\x3d\x12\x05",  # SavedModel: a message where ONNX has a text
        b"\x08\x09\x12\x0e\x0a\x0c\x0a\x05input",  # Core ML
        b"\x08\x04\x10\x01\x42\x01w\x4a\x10",  # TensorProto of ONNX
        b"\x0a\x10\x0a\x04name",  # GraphDef
    ]
    assert not any(looks_like_onnx(start, "m.onnx") for start in others)
