"""TFLite models built field by field: what converters make seldom, and what they never make."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from aimcodec.bridges.tflite import TfliteFile
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)

flatbuffers = pytest.importorskip("flatbuffers")
tflite = pytest.importorskip("tflite")

FLOAT32, STRING, BOOL, INT8, INT4 = 0, 5, 6, 9, 17


class Built:
    """A model of one subgraph; each part may be left to its default."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)
        self.tensors: list[int] = []
        self.buffers: list[int] = [self._buffer(None)]
        self.operators: list[int] = []
        self.codes: list[int] = []
        self.sides: dict[str, int] = {}

    def _vector(self, items: Sequence[int]) -> int:
        self.builder.StartVector(4, len(items), 4)
        for item in reversed(items):
            self.builder.PrependUOffsetTRelative(item)
        return int(self.builder.EndVector())

    def integers(self, values: Sequence[int]) -> int:
        return int(self.builder.CreateNumpyVector(np.array(values, np.int32)))

    def _buffer(self, data: bytes | None) -> int:
        vector = self.builder.CreateByteVector(data) if data is not None else 0
        tflite.BufferStart(self.builder)
        if data is not None:
            tflite.BufferAddData(self.builder, vector)
        return int(tflite.BufferEnd(self.builder))

    def buffer(self, data: bytes) -> int:
        self.buffers.append(self._buffer(data))
        return len(self.buffers) - 1

    def outside(self, offset: int, size: int) -> int:
        tflite.BufferStart(self.builder)
        self.builder.PrependUint64Slot(1, offset, 0)
        self.builder.PrependUint64Slot(2, size, 0)
        self.buffers.append(int(self.builder.EndObject()))
        return len(self.buffers) - 1

    def tensor(self, name: int | str, kind: int, shape: int | Sequence[int], buffer: int, **more: int) -> None:
        builder = self.builder
        name = builder.CreateString(name) if isinstance(name, str) else name
        shape = shape if isinstance(shape, int) else self.integers(shape)
        tflite.TensorStart(builder)
        tflite.TensorAddName(builder, name)
        tflite.TensorAddShape(builder, shape)
        tflite.TensorAddType(builder, kind)
        tflite.TensorAddBuffer(builder, buffer)
        for field, value in more.items():
            getattr(tflite, f"TensorAdd{field}")(builder, value)
        self.tensors.append(int(tflite.TensorEnd(builder)))

    def quantization(self, scale: Sequence[float], dimension: int = 0) -> int:
        vector = self.builder.CreateNumpyVector(np.array(scale, np.float32))
        tflite.QuantizationParametersStart(self.builder)
        tflite.QuantizationParametersAddScale(self.builder, vector)
        tflite.QuantizationParametersAddQuantizedDimension(self.builder, dimension)
        return int(tflite.QuantizationParametersEnd(self.builder))

    def custom(self, name: str, inputs: Sequence[int], outputs: Sequence[int], options: bytes) -> None:
        builder = self.builder
        text = builder.CreateString(name)
        tflite.OperatorCodeStart(builder)
        tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, 32)
        tflite.OperatorCodeAddBuiltinCode(builder, 32)
        tflite.OperatorCodeAddCustomCode(builder, text)
        self.codes.append(int(tflite.OperatorCodeEnd(builder)))
        given, made, content = self.integers(inputs), self.integers(outputs), builder.CreateByteVector(options)
        tflite.OperatorStart(builder)
        tflite.OperatorAddOpcodeIndex(builder, len(self.codes) - 1)
        tflite.OperatorAddInputs(builder, given)
        tflite.OperatorAddOutputs(builder, made)
        tflite.OperatorAddCustomOptions(builder, content)
        self.operators.append(int(tflite.OperatorEnd(builder)))

    def save(self, path: Path, *, inputs: Sequence[int] = (), outputs: Sequence[int] = (), tail: bytes = b"") -> Path:
        builder = self.builder
        tensors, operators = self._vector(self.tensors), self._vector(self.operators)
        codes, buffers = self._vector(self.codes), self._vector(self.buffers)
        given, made = self.integers(inputs), self.integers(outputs)
        tflite.SubGraphStart(builder)
        tflite.SubGraphAddTensors(builder, tensors)
        tflite.SubGraphAddOperators(builder, operators)
        tflite.SubGraphAddInputs(builder, given)
        tflite.SubGraphAddOutputs(builder, made)
        graph = self._vector([int(tflite.SubGraphEnd(builder))])
        tflite.ModelStart(builder)
        tflite.ModelAddVersion(builder, 3)
        tflite.ModelAddOperatorCodes(builder, codes)
        tflite.ModelAddSubgraphs(builder, graph)
        tflite.ModelAddBuffers(builder, buffers)
        builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
        path.write_bytes(bytes(builder.Output()) + tail)
        return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "m.tflite"


def test_four_bits_the_first_element_low(file: Path) -> None:
    built = Built()
    built.tensor("x", INT4, [3], built.buffer(bytes([0x21, 0x0F])))
    model = TfliteFile(built.save(file))
    found = model.read("x")
    assert found.dtype == ml_dtypes.int4
    assert found.astype(int).tolist() == [1, 2, -1]


def test_names_and_ties(file: Path) -> None:
    built = Built()
    place = built.buffer(np.arange(4, dtype="<f4").tobytes())
    built.tensor("x", FLOAT32, [4], place)
    built.tensor("x", FLOAT32, [4], place)
    built.tensor("x#2", FLOAT32, [2, 2], place)
    built.tensor("", FLOAT32, [4], place)
    model = TfliteFile(built.save(file))
    assert [(tensor.name, tensor.tied_to) for tensor in model.tensors] == [
        *[("x", None), ("x#2", "x"), ("x#2#2", None), ("tensor_3", "x")]
    ]
    assert model.structure.graph.parameters[1].metadata["tflite.name"] == "x"
    assert model.read("x#2#2").tolist() == [[0, 1], [2, 3]]


def test_a_custom_operator(file: Path) -> None:
    built = Built()
    built.tensor("a", FLOAT32, [2], 0)
    built.tensor("b", FLOAT32, [2], 0)
    built.custom("My\x1bOp", [0, -1], [1], b"\0\xff")
    model = TfliteFile(built.save(file, inputs=[0], outputs=[1]))
    node = model.structure.graph.nodes[0]
    assert (node.operator, node.domain, node.inputs, node.outputs) == ("My\x1bOp", "tflite.custom", ["a", ""], ["b"])
    assert [(attribute.name, attribute.value) for attribute in node.attributes] == [("custom_options", b"\0\xff")]
    assert model.tensors == []


def test_texts(file: Path) -> None:
    built = Built()
    content = b"".join(number.to_bytes(4, "little") for number in (2, 16, 18, 21)) + b"abcde"
    built.tensor("t", STRING, [2], built.buffer(content))
    model = TfliteFile(built.save(file))
    assert [tensor.data for tensor in model.structure.graph.parameters] == [(b"ab", b"cde")]
    assert model.tensors == []


def test_values_after_the_tables(file: Path) -> None:
    values = np.arange(3, dtype="<f4").tobytes()
    built = Built()
    built.tensor("x", FLOAT32, [3], built.outside(1 << 10, len(values)))
    data = built.save(file).read_bytes()
    file.write_bytes(data.ljust(1 << 10, b"\0") + values)
    assert TfliteFile(file).read("x").tolist() == [0, 1, 2]
    file.write_bytes(data.ljust(1 << 10, b"\0") + values[:-1])
    with pytest.raises(TruncatedError):
        TfliteFile(file)


def test_an_archive_after_the_model_is_told(file: Path) -> None:
    built = Built()
    built.tensor("x", FLOAT32, [1], built.buffer(b"\0\0\0\0"))
    tail = b"PK\x05\x06" + bytes(18)
    assert "files in an archive after the model" in TfliteFile(built.save(file, tail=tail)).losses


def test_quantisation(file: Path) -> None:
    built = Built()
    place = built.buffer(bytes(6))
    built.tensor("x", INT8, [2, 3], place, Quantization=built.quantization([0.5, 0.25, 2.0], 1))
    [tensor] = TfliteFile(built.save(file)).structure.graph.parameters
    assert json.loads(tensor.metadata["tflite.quantization"]) == {"scale": [0.5, 0.25, 2.0], "quantized_dimension": 1}


def shared_names(built: Built) -> None:
    name = built.builder.CreateString("n" * 4000)
    for _ in range(3000):
        built.tensor(name, FLOAT32, [1], 0)


def shared_shapes(built: Built) -> None:
    shape = built.integers([1] * 200_000)
    for _ in range(200):
        built.tensor("x", FLOAT32, shape, 0)


def scales_of_another_number(built: Built) -> None:
    built.tensor("x", INT8, [2, 3], built.buffer(bytes(6)), Quantization=built.quantization([0.5] * 2, 1))


def scale_of_no_number(built: Built) -> None:
    built.tensor("x", INT8, [1], built.buffer(bytes(1)), Quantization=built.quantization([float("nan")]))


def dense_and_sparse_texts(built: Built) -> None:
    tflite.SparsityParametersStart(built.builder)
    sparse = tflite.SparsityParametersEnd(built.builder)
    built.tensor("x", STRING, [1], built.buffer(bytes(8)), Sparsity=sparse)


HOSTILE: dict[str, tuple[type[AimcError], Callable[[Built], Any]]] = {
    "one name for many tensors": (LimitExceededError, shared_names),
    "one shape for many tensors": (LimitExceededError, shared_shapes),
    "too few bytes": (InconsistentError, lambda built: built.tensor("x", FLOAT32, [3], built.buffer(bytes(8)))),
    "too many bytes": (InconsistentError, lambda built: built.tensor("x", FLOAT32, [3], built.buffer(bytes(16)))),
    "negative size": (OutOfRangeError, lambda built: built.tensor("x", FLOAT32, [-1, 4], built.buffer(bytes(4)))),
    "elements beyond 64 bits": (LimitExceededError, lambda built: built.tensor("x", FLOAT32, [1 << 30] * 4, 0)),
    "unknown type": (OutOfRangeError, lambda built: built.tensor("x", 99, [1], 0)),
    "no such buffer": (OutOfRangeError, lambda built: built.tensor("x", FLOAT32, [1], 7)),
    "no such tensor": (OutOfRangeError, lambda built: built.custom("Op", [5], [], b"")),
    "tensor below -1": (OutOfRangeError, lambda built: built.custom("Op", [-2], [], b"")),
    "text beyond its end": (
        MalformedError,
        lambda built: built.tensor("x", STRING, [1], built.buffer(b"\1\0\0\0\xff\0\0\0")),
    ),
    "scales": (MalformedError, scales_of_another_number),
    "scale of no number": (MalformedError, scale_of_no_number),
    "sparse texts": (UnsupportedError, dense_and_sparse_texts),
    "buffer beyond the file": (TruncatedError, lambda built: built.outside(1 << 20, 1)),
    "buffer beyond 64 bits": (TruncatedError, lambda built: built.outside((1 << 64) - 1, (1 << 64) - 1)),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_refused(case: str, file: Path) -> None:
    kind, fill = HOSTILE[case]
    built = Built()
    fill(built)
    with pytest.raises(kind):
        TfliteFile(built.save(file))


def test_values_that_are_no_bool_are_refused(file: Path) -> None:
    built = Built()
    built.tensor("x", BOOL, [2], built.buffer(b"\1\2"))
    model = TfliteFile(built.save(file))
    with pytest.raises(OutOfRangeError):
        model.read("x")
