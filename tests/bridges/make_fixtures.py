"""Makes the files in `data/` with the frameworks themselves: `python make_fixtures.py tensorflow|flax|paddle linear`;
`FLAGS_enable_pir_api=0 python make_fixtures.py paddle older`.

Made with TensorFlow 2.21.0 and Keras 3.15.1; JAX 0.10.2 and Flax 0.12.8; PaddlePaddle 3.3.1. Beside each file lies a
JSON file of what the framework itself reads from it or had in memory: name to type, shape and memory as hexadecimal.
"""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path(__file__).parent / "data"


def write_expected(name: str, arrays: Mapping[str, Any]) -> None:
    entries = {}
    for key, value in arrays.items():
        array = np.asarray(value)
        entries[key] = {"dtype": array.dtype.name, "shape": list(array.shape), "hex": array.tobytes().hex()}
    (DATA / f"{name}.json").write_text(json.dumps(entries) + "\n", "utf-8")


def keras_files() -> None:
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    entry = keras.Input((4, 4, 1))
    value = layers.Conv2D(2, 2, name="first")(entry)
    value = layers.BatchNormalization(scale=False)(value)
    small = keras.Model(entry, value)
    small.save(DATA / "whole.h5")
    write_expected("whole.h5", {variable.path: variable.numpy() for variable in small.variables})
    value = layers.Reshape((9, 2))(value)
    value = layers.Bidirectional(layers.GRU(1, return_sequences=True))(value)
    value = layers.MultiHeadAttention(1, 2)(value, value)
    value = keras.Sequential([layers.Dense(2, use_bias=False, name="in"), layers.LayerNormalization()], name="inner")(
        value
    )
    value = layers.TimeDistributed(layers.Dense(1))(value)
    model = keras.Model(entry, layers.Dense(1, name="head")(layers.Flatten()(value)))
    _saved(model, "functional.keras")
    last = [layers.Dense(2, dtype="bfloat16"), layers.Lambda(lambda x: x + 1)]
    _saved(keras.Sequential([keras.Input((3,)), *last]), "lambda.keras")


def _saved(model: Any, name: str) -> None:
    """An archive that Keras reads as well, but smaller: Keras does not compress."""
    model.save(DATA / name)
    with zipfile.ZipFile(DATA / name) as archive:
        members = {member: archive.read(member) for member in archive.namelist()}
    with zipfile.ZipFile(DATA / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member), content, zipfile.ZIP_DEFLATED)
    import keras

    keras.saving.load_model(DATA / name, safe_mode=False)
    write_expected(name, {variable.path: variable.numpy() for variable in model.variables})


def tflite_files() -> None:
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(2)
    layers = keras.layers
    parts = [layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(3)]
    model = keras.Sequential([keras.Input((4, 4, 2)), *parts])
    full = tf.lite.TFLiteConverter.from_keras_model(model)
    full.optimizations = [tf.lite.Optimize.DEFAULT]
    full.representative_dataset = lambda: ([np.full((1, 4, 4, 2), step, np.float32)] for step in range(3))
    _tflite("quantised", full)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def loop(x: Any) -> Any:
        step = lambda i, y: (i + 1, y * 2.0 + tf.constant([1.0, 2.0, 3.0]))  # noqa: E731
        return tf.while_loop(lambda i, y: i < 5, step, [0, x])[1]

    _tflite("loop", tf.lite.TFLiteConverter.from_concrete_functions([loop.get_concrete_function()], loop))
    wide = keras.Sequential([keras.Input((64,)), layers.Dense(16)])
    weights = wide.layers[0].get_weights()
    kept = np.repeat(np.random.default_rng(3).random((16, 16)) < 0.05, 4, axis=0)
    weights[0] = np.where(kept, weights[0], np.float32(0))
    wide.layers[0].set_weights(weights)
    sparse = tf.lite.TFLiteConverter.from_keras_model(wide)
    sparse.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
    _tflite("sparse", sparse, {"dense": wide.layers[0].get_weights()[0].T})


def _tflite(name: str, converter: Any, more: Mapping[str, Any] | None = None) -> None:
    import tensorflow as tf

    content = converter.convert()
    (DATA / f"{name}.tflite").write_bytes(content)
    kinds = tf.lite.experimental.OpResolverType
    reader = tf.lite.Interpreter(
        model_content=content, experimental_op_resolver_type=kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    found = {}
    for entry in reader.get_tensor_details():
        try:
            found[f"{entry['index']}:{entry['name']}"] = reader.get_tensor(entry["index"])
        except ValueError:  # no constant
            continue
    write_expected(f"{name}.tflite", {**found, **(more or {})})


def flax_file() -> None:
    import jax
    import jax.numpy as jnp
    from flax import serialization

    keys = jax.random.split(jax.random.key(4), 3)
    tree = {
        "params": {
            "Dense_0": {"kernel": jax.random.normal(keys[0], (3, 2)), "bias": jnp.zeros(2)},
            "Dense_1": {"kernel": jax.random.normal(keys[1], (2, 2), jnp.bfloat16)},
        },
        "quantised": [jnp.arange(-3, 4).astype(jnp.int4), jax.random.normal(keys[2], (3,)).astype(jnp.float8_e4m3fn)],
        "batch_stats": {},
        "step": 7,
        "scale": np.float32(0.5),
    }
    (DATA / "state.msgpack").write_bytes(serialization.to_bytes(tree))
    found = jax.tree_util.tree_flatten_with_path(tree)[0]
    named = {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in found}
    write_expected("state.msgpack", {name: leaf for name, leaf in named.items() if name != "step"})


def paddle_files(name: str) -> None:
    import paddle

    paddle.seed(5)
    layers = paddle.nn
    model = layers.Sequential(layers.Linear(3, 2), layers.BatchNorm1D(2), layers.Linear(2, 1))
    model.eval()
    paddle.jit.save(model, str(DATA / name), input_spec=[paddle.static.InputSpec([None, 3], "float32")])
    (DATA / f"{name}.pdiparams.info").unlink(missing_ok=True)
    write_expected(f"{name}.pdiparams", {tensor.name: tensor.numpy() for tensor in model.state_dict().values()})


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    DATA.mkdir(exist_ok=True)
    if sys.argv[1] == "tensorflow":
        keras_files()
        tflite_files()
    elif sys.argv[1] == "flax":
        flax_file()
    else:
        paddle_files(sys.argv[2])
