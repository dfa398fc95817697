"""all-MiniLM-L6-v2 as an ONNX model: the real weights, in a graph built from its configuration.

Run as a program it writes the model: python bench/minilm_onnx.py DIRECTORY [OUTPUT]. Inputs are input_ids and
attention_mask (INT64 [batch, length]); outputs last_hidden_state and embedding, the mean over the tokens, of length 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from models import minilm
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, WIDTH, EPSILON = 6, 12, 384, 1e-12


class Builder:
    """Nodes one after another; each gives the name of what it computes."""

    def __init__(self, weights: dict[str, NDArray[np.generic]]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def parameter(self, name: str, transposed: bool = False) -> str:
        array = self.weights[name]
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array.T if transposed else array), name))
        return name

    def constant(self, name: str, array: object) -> str:
        if all(one.name != name for one in self.initializers):
            self.initializers.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def __call__(self, operator: str, *inputs: str, **attributes: object) -> str:
        name = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def linear(self, x: str, name: str) -> str:
        product = self("MatMul", x, self.parameter(f"{name}.weight", transposed=True))
        return self("Add", product, self.parameter(f"{name}.bias"))

    def norm(self, x: str, name: str) -> str:
        scale, bias = self.parameter(f"{name}.weight"), self.parameter(f"{name}.bias")
        return self("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def heads(self, x: str, order: list[int]) -> str:
        shape = self.constant("shape.heads", np.array([0, 0, HEADS, WIDTH // HEADS]))
        return self("Transpose", self("Reshape", x, shape), perm=order)

    def layer(self, x: str, mask: str, name: str) -> str:
        own = f"{name}.attention.self"
        query = self.heads(self.linear(x, f"{own}.query"), [0, 2, 1, 3])
        key = self.heads(self.linear(x, f"{own}.key"), [0, 2, 3, 1])
        value = self.heads(self.linear(x, f"{own}.value"), [0, 2, 1, 3])
        scale = self.constant("scale", np.float32((WIDTH / HEADS) ** 0.5))
        scores = self("Add", self("Div", self("MatMul", query, key), scale), mask)
        context = self("Transpose", self("MatMul", self("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
        context = self("Reshape", context, self.constant("shape.flat", np.array([0, 0, WIDTH])))
        attended = self.linear(context, f"{name}.attention.output.dense")
        x = self.norm(self("Add", attended, x), f"{name}.attention.output.LayerNorm")
        inner = self.gelu(self.linear(x, f"{name}.intermediate.dense"))
        return self.norm(self("Add", self.linear(inner, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def gelu(self, x: str) -> str:
        root, one, half = (
            self.constant(name, np.float32(number)) for name, number in (("root2", 2**0.5), ("one", 1), ("half", 0.5))
        )
        grown = self("Add", self("Erf", self("Div", x, root)), one)
        return self("Mul", self("Mul", x, grown), half)

    def embeddings(self) -> str:
        words = self("Gather", self.parameter("embeddings.word_embeddings.weight"), "input_ids")
        length = self("Gather", self("Shape", "input_ids"), self.constant("place", np.array([1])))
        ends = self.constant("start", np.array([0])), length, self.constant("axis0", np.array([0]))
        positions = self("Slice", self.parameter("embeddings.position_embeddings.weight"), *ends)
        kinds = self.parameter("embeddings.token_type_embeddings.weight")
        kind = self("Gather", kinds, self.constant("kind", np.array(0)))
        return self.norm(self("Add", self("Add", words, kind), positions), "embeddings.LayerNorm")

    def embedding(self, x: str, mask: str) -> None:
        ones = self("Unsqueeze", mask, self.constant("last", np.array([-1])))
        axes = self.constant("axis1", np.array([1]))
        total = self("ReduceSum", self("Mul", x, ones), axes, keepdims=0)
        mean = self("Div", total, self("ReduceSum", ones, axes, keepdims=0))
        length = self("ReduceL2", mean, axes=[1], keepdims=1)
        self.nodes.append(helper.make_node("Div", [mean, length], ["embedding"], "embedding"))


def build(weights: dict[str, NDArray[np.generic]]) -> onnx.ModelProto:
    """The model, 90.3 MB."""
    make = Builder(weights)
    mask = make("Cast", "attention_mask", to=TensorProto.FLOAT)
    missing = make("Sub", make.constant("one", np.float32(1)), mask)
    spread = make("Unsqueeze", missing, make.constant("middle", np.array([1, 2])))
    penalty = make("Mul", spread, make.constant("lowest", np.finfo(np.float32).min))
    x = make.embeddings()
    for number in range(LAYERS):
        x = make.layer(x, penalty, f"encoder.layer.{number}")
    make.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"], "last_hidden_state"))
    make.embedding(x, mask)
    kinds = {"input_ids": TensorProto.INT64, "attention_mask": TensorProto.INT64}
    inputs = [helper.make_tensor_value_info(name, kind, ["batch", "length"]) for name, kind in kinds.items()]
    outputs = [
        helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", WIDTH]),
        helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", WIDTH]),
    ]
    graph = helper.make_graph(make.nodes, "all-MiniLM-L6-v2", inputs, outputs, make.initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def example(length: int = 16, batch: int = 1) -> dict[str, NDArray[np.int64]]:
    """Inputs; of the last sentence the second half is padding."""
    ids = np.random.default_rng(3).integers(1000, 30000, (batch, length))
    mask = np.ones((batch, length), np.int64)
    mask[-1, length // 2 :] = 0
    return {"input_ids": ids, "attention_mask": mask}


if __name__ == "__main__":
    directory = Path(sys.argv[1])
    output = Path(sys.argv[2]) if len(sys.argv) > 2 else directory / "minilm.onnx"
    output.write_bytes(build(minilm(directory)).SerializeToString())
    print(output)
