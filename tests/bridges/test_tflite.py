"""TFLite models: values as TFLite's own interpreter has them, networks, and files that are wrong."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from aimcodec.bridges.tflite import TfliteFile, looks_like_tflite
from aimcodec.errors import LimitExceededError, MalformedError
from aimcodec.limits import Limits
from aimcodec.model import AttributeKind, TensorType

from .fixture_files import DATA, assert_equal, expected, read_all, typed_error

pytest.importorskip("tflite")

MODELS = ("quantised", "loop", "sparse")


def opened(name: str) -> TfliteFile:
    return TfliteFile(DATA / f"{name}.tflite")


def content(path: Path) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in read_all(TfliteFile(path)).items()}


def attributes(node: object) -> dict[str, object]:
    return {attribute.name: attribute.value for attribute in node.attributes}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MODELS)
def test_constants_are_those_of_the_interpreter(name: str) -> None:
    found = read_all(opened(name))
    wanted = {key.partition(":")[2]: array for key, array in expected(f"{name}.tflite").items() if ":" in key}
    sparse = {key for key, array in wanted.items() if key in found and found[key].size != array.size}
    assert len(sparse) == (name == "sparse")  # of that one the interpreter shows what is stored
    for key in wanted.keys() - sparse:
        assert_equal(found[key], wanted[key])
    assert wanted.keys() <= found.keys()


def test_a_sparse_tensor_is_dense() -> None:
    model = opened("sparse")
    wanted = expected("sparse.tflite")["dense"]
    found = [array for array in read_all(model).values() if array.shape == wanted.shape]
    assert len(found) == 1
    assert_equal(found[0], wanted)
    assert 0 < np.count_nonzero(wanted) < wanted.size / 4
    assert any("sparse form of 1 tensors" in loss for loss in model.losses)


def test_the_network_of_a_model() -> None:
    model = opened("quantised")
    graph = model.structure.graph
    assert [node.operator for node in graph.nodes] == [
        *("QUANTIZE", "CONV_2D", "SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE", "FULLY_CONNECTED", "DEQUANTIZE")
    ]
    assert {node.domain for node in graph.nodes} == {"tflite"}
    first = graph.nodes[1]
    wanted = {"stride_w": 1, "stride_h": 1, "padding": 1, "fused_activation_function": 1}
    assert wanted.items() <= attributes(first).items()
    assert int(first.metadata["tflite.version"]) >= 1
    types = [variable.type for variable in (*graph.inputs, *graph.outputs)]
    assert all(isinstance(kind, TensorType) for kind in types)
    shapes = [[size.value for size in kind.size or ()] for kind in types if isinstance(kind, TensorType)]
    assert shapes == [[None, 4, 4, 2], [None, 3]]  # the batch is open
    parameters = {tensor.name: tensor for tensor in graph.parameters}
    assert parameters.keys() == {tensor.name for tensor in model.tensors}
    assert all(tensor.parameter == name for name, tensor in parameters.items())
    given = {variable.name for variable in graph.inputs} | parameters.keys()
    for node in graph.nodes:  # in an order in which they can be executed
        assert {name for name in node.inputs if name} <= given
        given |= set(node.outputs)
    kernel = json.loads(parameters[first.inputs[1]].metadata["tflite.quantization"])
    assert len(kernel["scale"]) == 4
    assert kernel["zero_point"] == [0] * 4
    assert kernel["quantized_dimension"] == 0


def test_subgraphs_become_functions() -> None:
    structure = opened("loop").structure
    loop = next(node for node in structure.graph.nodes if node.operator == "WHILE")
    numbers = [attributes(loop)[f"{part}_subgraph_index"] for part in ("cond", "body")]
    functions = {function.name: function for function in structure.functions}
    assert [f"subgraph_{number}" in functions for number in numbers] == [True, True]
    body = functions[f"subgraph_{numbers[1]}"]
    assert {"ADD", "MUL", "Constant"} <= {node.operator for node in body.nodes}
    values = read_all(opened("loop"))
    constants = [node.attributes[0].value for node in body.nodes if node.operator == "Constant"]
    added = [values[tensor.parameter] for tensor in constants if tensor.shape == (3,)]
    assert [array.tolist() for array in added] == [[1.0, 2.0, 3.0]]
    assert len(body.inputs) == len(loop.inputs)


def test_kinds_of_attributes() -> None:
    kinds = {
        attribute.kind
        for name in MODELS
        for node in opened(name).structure.graph.nodes
        for attribute in node.attributes
    }
    assert kinds <= {AttributeKind.INT, AttributeKind.FLOAT, AttributeKind.INTS, AttributeKind.STRING}


def test_what_is_told_by_first_bytes(tmp_path: Path) -> None:
    data = (DATA / "loop.tflite").read_bytes()
    assert looks_like_tflite(data[:64], "model.onnx")
    assert not looks_like_tflite(b"\x08\x00" + data[2:4] + b"ONNX", "model.tflite")
    (tmp_path / "m.tflite").write_bytes(b"no model at all")
    with pytest.raises(MalformedError, match="identifier"):
        TfliteFile(tmp_path / "m.tflite")


@pytest.mark.parametrize("name", MODELS)
def test_every_prefix_is_refused_or_whole(name: str, tmp_path: Path) -> None:
    data = (DATA / f"{name}.tflite").read_bytes()
    whole = content(DATA / f"{name}.tflite")
    file = tmp_path / "m.tflite"
    refused = 0
    for size in range(8, len(data), 11):
        file.write_bytes(data[:size])
        found: dict[str, bytes] = {}
        if typed_error(lambda: found.update(content(file))):  # noqa: B023 - called at once
            refused += 1
        else:
            assert found == whole
    assert refused > len(data) // 22


@pytest.mark.parametrize("name", MODELS)
def test_mutated_files_give_typed_errors(name: str, tmp_path: Path) -> None:
    data = (DATA / f"{name}.tflite").read_bytes()
    draw = random.Random(name)  # noqa: S311
    file = tmp_path / "m.tflite"
    refused = 0
    for _ in range(400):
        changed = bytearray(data)
        for _ in range(draw.choice((1, 1, 2, 4))):
            place = draw.randrange(8, len(changed) - 4)
            value = draw.choice((0, 1, 0xFFFFFFFF, 0x7FFFFFFF, draw.getrandbits(32), 256))
            struct.pack_into("<I", changed, place, value)
        file.write_bytes(changed)
        refused += typed_error(lambda: content(file)) is not None
    assert refused > 80


def test_limits() -> None:
    path = DATA / "quantised.tflite"
    for limits in (Limits(max_units=3), Limits(max_elements=8), Limits(max_rank=1), Limits(max_output_bytes=64)):
        with pytest.raises(LimitExceededError):
            TfliteFile(path, limits=limits)
    with pytest.raises(LimitExceededError):
        TfliteFile(path, limits=Limits(max_stream_bytes=100))
