"""Pytrees of JAX go in and come back, bit by bit, through packages."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.bridges.jax import from_pytree, to_pytree
from aimcodec.bridges.model import Model
from aimcodec.errors import ArgumentError, UnsupportedError

from .fixture_files import read_all

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")


def through_a_package(model: Model) -> dict[str, Any]:
    file = io.BytesIO()
    aimcodec.save_file(read_all(model), file)
    return dict(aimcodec.load_file(file.getvalue()))


def tree_of_types() -> dict[str, Any]:
    names = (
        "float32",
        "bfloat16",
        "float16",
        "float8_e4m3fn",
        "float8_e5m2",
        "int4",
        "uint2",
        "int8",
        "bool",
        "complex64",
    )
    return {name: jnp.arange(6).reshape(2, 3).astype(name) for name in names}


def test_there_and_back() -> None:
    tree = {"layers": [tree_of_types(), (np.arange(3, dtype=np.float64), jnp.zeros(()))], "empty": {}, "none": None}
    back = to_pytree(through_a_package(from_pytree(tree)), tree)
    assert jax.tree_util.tree_structure(back) == jax.tree_util.tree_structure(tree)
    for found, wanted in zip(jax.tree_util.tree_leaves(back), jax.tree_util.tree_leaves(tree), strict=True):
        assert isinstance(found, np.ndarray) == isinstance(wanted, np.ndarray)
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        assert np.asarray(found).tobytes() == np.asarray(wanted).tobytes()


def test_names_and_ties() -> None:
    shared = jnp.ones(2)
    model = from_pytree({"a": [shared, {"b": shared}]})
    assert [(tensor.name, tensor.tied_to) for tensor in model.tensors] == [("a.0", None), ("a.1.b", "a.0")]


def test_a_model_of_flax_gives_the_same_output() -> None:
    linen = pytest.importorskip("flax.linen")
    model = linen.Sequential([linen.Dense(5), linen.relu, linen.Dense(3, param_dtype=jnp.bfloat16)])
    entry = jax.random.normal(jax.random.key(1), (4, 6))
    state = model.init(jax.random.key(2), entry)
    form = jax.eval_shape(lambda: model.init(jax.random.key(0), entry))
    back = to_pytree(through_a_package(from_pytree(state)), form)
    assert "params.layers_0.kernel" in {tensor.name for tensor in from_pytree(state).tensors}
    assert np.asarray(model.apply(back, entry)).tobytes() == np.asarray(model.apply(state, entry)).tobytes()


def test_a_state_of_nnx() -> None:
    nnx = pytest.importorskip("flax.nnx")
    state = nnx.state(nnx.Linear(3, 2, rngs=nnx.Rngs(0)), nnx.Param)
    back = to_pytree(through_a_package(from_pytree(state)), state)
    assert [tensor.name for tensor in from_pytree(nnx.to_pure_dict(state)).tensors] == ["bias", "kernel"]
    assert np.array_equal(back["kernel"][...], state["kernel"][...])


def test_leaves_that_are_refused() -> None:
    for tree, reason in (
        ({"k": jax.random.key(0)}, "random key"),
        ({"x": 1.5}, "no array but float"),
        ({"x": "text"}, "no array but str"),
        ({"x": np.array(["a"])}, "cannot be stored"),
        ({"a": {"b": np.zeros(1)}, "a.b": np.zeros(1)}, "the path 'a.b'"),
    ):
        with pytest.raises(ArgumentError, match=reason):
            from_pytree(tree)


def test_arrays_that_do_not_fit() -> None:
    like = {"x": jnp.zeros((2, 3))}
    for arrays in (
        {},
        {"x": np.zeros((3, 2), "f")},
        {"x": np.zeros((2, 3), "i4")},
        {"x": np.zeros((2, 3), "f"), "y": 0},
    ):
        with pytest.raises(ArgumentError):
            to_pytree(arrays, like)
    form = {"x": jax.ShapeDtypeStruct((1,), np.float64)}
    with pytest.raises(UnsupportedError, match="x64"):
        to_pytree({"x": np.zeros(1)}, form)
