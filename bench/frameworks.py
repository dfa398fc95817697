"""Real models of Keras, TFLite and JAX through packages: which made the trip, and whether every bit is the same.

Needs one framework at a time: `python bench/frameworks.py keras|tflite|jax [FILE ...]`. Keras: MobileNetV2 with random
weights, and an LSTM. TFLite: the files given, or those of the mediapipe package; the interpreter of ai-edge-litert is
the judge. JAX: a Transformer of Flax; its output is compared too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from models import fetch

import aimcodec
from aimcodec.bridges.memory import unique_names
from aimcodec.bridges.model import Model

MEDIAPIPE = "mediapipe==0.10.21"
MEMBERS = ("face_landmark/face_landmark", "pose_detection/pose_detection", "pose_landmark/pose_landmark_full")
HEAD = "| model | tensors | bytes | package | ratio | seconds | equal to the framework's | note |"


def packed(model: Model, path: Path) -> tuple[dict[str, Any], int]:
    """Tensors read back from a package, and bytes of the package."""
    with aimcodec.Writer(path) as writer:
        writer.add_metadata(model.metadata)
        for name, (kind, data) in model.assets.items():
            writer.add_asset(name, data, kind)
        for tensor in model.tensors:
            if tensor.tied_to is None:
                writer.add_tensor(tensor.name, model.read(tensor.name))
            else:
                writer.add_alias(tensor.name, tensor.tied_to, tied=True)
        if model.structure is not None:
            writer.set_model(model.structure)
    with aimcodec.open(path) as package:
        if package.model != model.structure:
            sys.exit("the structure did not come back")
        return dict(package.load(list(package))), path.stat().st_size


def row(
    name: str, model: Model, wanted: dict[str, Any], note: str = "", same: Callable[[Any], str] | None = None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found, size = packed(model, Path(folder) / "m.aim")
        seconds = time.perf_counter() - start
    equal = sum(
        key in found and found[key].dtype == value.dtype and found[key].tobytes() == value.tobytes()
        for key, value in wanted.items()
    )
    total = sum(tensor.nbytes for tensor in model.tensors)
    more = "; ".join(part for part in (note, same(found) if same else "") if part)
    cells = (name, len(model.tensors), f"{total:,}", f"{size:,}", f"{size / total:.3f}", f"{seconds:.2f}")
    print("|", " | ".join(map(str, cells)), f"| {equal} of {len(wanted)} | {more} |", flush=True)


def keras_rows() -> None:
    import keras

    from aimcodec.bridges.keras import KerasFile

    keras.utils.set_random_seed(1)
    vision = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3))
    layers = [keras.layers.Embedding(5000, 64), keras.layers.LSTM(64), keras.layers.Dense(2, dtype="bfloat16")]
    text = keras.Sequential([keras.Input((32,)), *layers])
    with tempfile.TemporaryDirectory() as folder:
        for name, model in (("MobileNetV2", vision), ("LSTM", text)):
            for suffix in (".keras", ".weights.h5"):
                path = Path(folder) / (name + suffix)
                model.save(path) if suffix == ".keras" else model.save_weights(path)
                source = KerasFile(path)
                variables = {variable.path: np.asarray(variable.numpy()) for variable in model.variables}
                # Keras makes these for dropout that is never used, and does not save them.
                wanted = {name: value for name, value in variables.items() if "seed_generator" not in name}
                if suffix == ".keras":
                    row(name + suffix, source, wanted, "names of Keras")
                else:
                    values = sorted(array.tobytes() for array in wanted.values())
                    found = sorted(source.read(tensor.name).tobytes() for tensor in source.tensors)
                    places = {tensor.name: np.array(source.read(tensor.name)) for tensor in source.tensors}
                    row(
                        name + suffix,
                        source,
                        places,
                        f"names of places, values {'equal' if values == found else 'differ'}",
                    )
                source.close()


def tflite_rows(files: list[Path]) -> None:
    from aimcodec.bridges.tflite import TfliteFile

    for path in files:
        source = TfliteFile(path)
        row(path.name, source, dict(_constants(path, source)), f"{len(source.structure.graph.nodes)} operators")


def _constants(path: Path, source: Any) -> Iterator[tuple[str, Any]]:
    """What the interpreter has for our tensors; for sparse ones, what its DENSIFY makes of them."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    kind = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(
        model_path=str(path), experimental_op_resolver_type=kind, experimental_preserve_all_tensors=True
    )
    graph = source.structure.graph
    dense = {node.inputs[0]: node.outputs[0] for node in graph.nodes if node.operator == "DENSIFY"}
    if dense:
        interpreter.allocate_tensors()
        interpreter.invoke()
    ours = {tensor.name: tensor.shape for tensor in source.tensors}
    places = _places(path)
    for name, shape in ours.items():
        value = interpreter.get_tensor(places[name])
        yield name, interpreter.get_tensor(places[dense[name]]) if value.shape != shape else value


def _places(path: Path) -> dict[str, int]:
    """Numbers of the tensors of the first subgraph by our names for them."""
    import tflite

    graph = tflite.Model.GetRootAs(path.read_bytes()).Subgraphs(0)
    names = [graph.Tensors(number).Name().decode() for number in range(graph.TensorsLength())]
    return {name: number for number, name in enumerate(unique_names(names))}


def jax_rows() -> None:
    import jax
    import jax.numpy as jnp
    from flax import linen, serialization

    from aimcodec.bridges.flax import FlaxFile
    from aimcodec.bridges.jax import from_pytree, to_pytree

    class Block(linen.Module):
        @linen.compact
        def __call__(self, x: Any) -> Any:
            x = x + linen.MultiHeadDotProductAttention(num_heads=8, param_dtype=jnp.bfloat16)(linen.LayerNorm()(x))
            return x + linen.Dense(256)(linen.gelu(linen.Dense(1024)(linen.LayerNorm()(x))))

    class Transformer(linen.Module):
        @linen.compact
        def __call__(self, tokens: Any) -> Any:
            x = linen.Embed(8000, 256)(tokens)
            for _ in range(4):
                x = Block()(x)
            return linen.Dense(10)(x)

    model, tokens = Transformer(), jnp.arange(32).reshape(2, 16)
    state = model.init(jax.random.key(1), tokens)
    paths = jax.tree_util.tree_flatten_with_path(state)[0]
    wanted = {jax.tree_util.keystr(path, simple=True, separator="."): np.asarray(leaf) for path, leaf in paths}
    before = np.asarray(model.apply(state, tokens)).tobytes()

    def same(found: Any) -> str:
        after = np.asarray(model.apply(to_pytree(found, state), tokens)).tobytes()
        return "output equal" if after == before else "output differs"

    row("Transformer, pytree", from_pytree(state), wanted, same=same)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.msgpack"
        path.write_bytes(serialization.to_bytes(state))
        row("Transformer, msgpack", FlaxFile(path), wanted, same=same)


def main() -> None:
    kind, files = sys.argv[1], [Path(name) for name in sys.argv[2:]]
    print(HEAD, "| --- | --- | --- | --- | --- | --- | --- | --- |", sep="\n")
    if kind == "keras":
        keras_rows()
    elif kind == "jax":
        jax_rows()
    else:
        cache = Path(tempfile.gettempdir()) / "aimcodec-models"
        modules = "mediapipe/modules"
        tflite_rows(files or [fetch(MEDIAPIPE, f"{modules}/{member}.tflite", cache) for member in MEMBERS])


if __name__ == "__main__":
    main()
