"""Keras models that are in memory: variables, and networks as ONNX, through packages."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import aimcodec

from .fixture_files import assert_equal, read_all

keras = pytest.importorskip("keras")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def model() -> Any:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,), batch_size=2), *layers])
    model(np.zeros((2, 3), np.float32))
    return model


def test_variables(model: Any) -> None:
    from aimcodec.bridges.keras_models import from_keras

    found = read_all(from_keras(model))
    assert found.keys() == {variable.path for variable in model.variables}
    for variable in model.variables:
        assert_equal(found[variable.path], np.asarray(variable.numpy()))


@pytest.mark.filterwarnings("ignore")  # of the converters that Keras calls
def test_a_network_gives_the_same_output(model: Any, tmp_path: Any) -> None:
    from aimcodec.bridges.keras_models import export_keras
    from aimcodec.model.onnx import to_proto

    source = export_keras(model)
    file = io.BytesIO()
    with aimcodec.Writer(file) as writer:
        for tensor in source.tensors:
            writer.add_tensor(tensor.name, source.read(tensor.name))
        writer.set_model(source.structure)
    with aimcodec.open(file.getvalue()) as package:
        assert package.model is not None
        proto = to_proto(package.model, package.__getitem__)
    model.export(tmp_path / "direct.onnx", format="onnx", verbose=False)
    entry = np.random.default_rng(2).random((2, 3), np.float32)
    outputs = [_run(content, entry) for content in (proto.SerializeToString(), (tmp_path / "direct.onnx").read_bytes())]
    assert outputs[0].tobytes() == outputs[1].tobytes()
    assert np.abs(outputs[0] - keras.ops.convert_to_numpy(model(entry))).max() < 1e-6


def _run(content: bytes, entry: Any) -> Any:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: entry})[0]
