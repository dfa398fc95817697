"""Small models for tests."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from aimcodec.model.onnx import from_proto
from aimcodec.model.structures import ModelStructure
from aimcodec.package import Writer

Arrays = dict[str, NDArray[Any]]


def value(name: str, kind: int, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def model_of(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    parameters: Arrays,
    version: int = 17,
) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(array, name) for name, array in parameters.items()]
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=10)


def perceptron(width: int = 64) -> onnx.ModelProto:
    """y = relu(x w + b) v, and the sum before relu as "before"."""
    random = np.random.default_rng(5)
    parameters = {
        "w": random.standard_normal((width, width), np.float32),
        "b": random.standard_normal(width, np.float32),
        "v": random.standard_normal((width, 8), np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "b"], ["before"]),
        helper.make_node("Relu", ["before"], ["r"]),
        helper.make_node("MatMul", ["r", "v"], ["y"]),
    ]
    inputs = [value("x", TensorProto.FLOAT, "batch", width)]
    outputs = [value("y", TensorProto.FLOAT, "batch", 8), value("before", TensorProto.FLOAT, "batch", width)]
    return model_of(nodes, inputs, outputs, parameters)


def endless(trips: int = 1 << 40) -> onnx.ModelProto:
    """A loop that runs for years."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["s", "step"], ["t"])],
        "body",
        [value("i", TensorProto.INT64), value("go", TensorProto.BOOL), value("s", TensorProto.FLOAT, 4)],
        [value("on", TensorProto.BOOL), value("t", TensorProto.FLOAT, 4)],
    )
    nodes = [helper.make_node("Loop", ["trips", "", "x"], ["y"], body=body)]
    parameters = {"trips": np.array(trips, np.int64), "step": np.ones(4, np.float32)}
    ends = [value("x", TensorProto.FLOAT, 4)], [value("y", TensorProto.FLOAT, 4)]
    return model_of(nodes, *ends, parameters)


def parts(model: onnx.ModelProto) -> tuple[ModelStructure, Arrays]:
    structure, tensors = from_proto(model)
    return structure, {name: numpy_helper.to_array(tensor) for name, tensor in tensors.items()}


def package_of(model: onnx.ModelProto, **coding: Any) -> bytes:
    structure, arrays = parts(model)
    file = io.BytesIO()
    with Writer(file) as writer:
        writer.set_model(structure)
        for name, array in arrays.items():
            writer.add_tensor(name, array, **coding)
    return file.getvalue()
