"""JAX pytrees to models and back, and files of Flax.

>>> model = from_pytree(params)
>>> params = to_pytree(aimcodec.open("model.aim"), like=params)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.bridges.memory import MemoryModel
from aimcodec.bridges.optional import needed
from aimcodec.errors import ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["from_pytree", "to_pytree"]

SEPARATOR = "."


def from_pytree(tree: Any) -> MemoryModel:
    """The arrays of a pytree: dicts, lists, tuples, dataclasses, Flax modules and states, and what else JAX knows.

    Args:
        tree: leaves are arrays of JAX or numpy. A leaf that is there twice is stored once and tied.

    Returns:
        Tensors by the paths of leaves with dots, for example "layers.0.kernel".

    Raises:
        ArgumentError: a leaf is no array, is a random key, or is spread over other processes; two have one path.
        ModuleNotFoundError: jax is not installed.
    """
    arrays: dict[str, NDArray[Any]] = {}
    tied: dict[str, str] = {}
    seen: dict[int, str] = {}
    for name, leaf in _leaves(tree):
        if name in arrays:
            raise ArgumentError(f"two leaves have the path {name!r}")
        arrays[name] = _array(name, leaf)
        first = seen.setdefault(id(leaf), name)
        if first != name:
            tied[name] = first
    return MemoryModel(arrays, losses=("the functions of the model: a pytree has parameters only",), tied=tied)


def to_pytree(arrays: Mapping[str, NDArray[Any]], like: Any) -> Any:
    """A pytree of the form of another, with other arrays.

    Args:
        arrays: by the paths of leaves: an open package, or what `aimcodec.load_file` gives.
        like: the form; leaves are arrays, or have their `shape` and `dtype` (`jax.eval_shape` makes such).

    Returns:
        The pytree: leaves are of numpy where those of `like` are, else of JAX.

    Raises:
        ArgumentError: a leaf is missing, or of another shape or type; an array has no leaf.
        UnsupportedError: JAX would change the type, as it does with 64 bits unless `jax_enable_x64` is set.
        ModuleNotFoundError: jax is not installed.
    """
    leaves = _leaves(like)
    surplus = sorted(set(arrays) - {name for name, _ in leaves})
    if surplus:
        raise ArgumentError(f"no leaf for {len(surplus)} arrays, of which the first is {surplus[0]!r}")
    tree_util = _library().tree_util
    filled = [_filled(name, leaf, arrays) for name, leaf in leaves]
    return tree_util.tree_unflatten(tree_util.tree_structure(like), filled)


def _filled(name: str, leaf: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if name not in arrays:
        raise ArgumentError(f"no array for the leaf {name!r}")
    array = arrays[name]
    dtype = np.dtype(leaf.dtype)
    if array.shape != tuple(leaf.shape) or array.dtype != dtype:
        shown = f"{array.dtype} {array.shape}, wanted {dtype} {tuple(leaf.shape)}"
        raise ArgumentError(f"the array for the leaf {name!r} is {shown}")
    if isinstance(leaf, np.ndarray | np.generic):
        return array
    jax = _library()
    # JAX narrows 64 bits with no more than a warning.
    if jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise UnsupportedError(f"JAX does not keep {dtype} of the leaf {name!r} as it is; set jax_enable_x64")
    return jax.numpy.asarray(array)


def _leaves(tree: Any) -> list[tuple[str, Any]]:
    tree_util = _library().tree_util
    found, _ = tree_util.tree_flatten_with_path(tree)
    return [(tree_util.keystr(path, simple=True, separator=SEPARATOR), leaf) for path, leaf in found]


def _array(name: str, leaf: Any) -> NDArray[Any]:
    jax = _library()
    if isinstance(leaf, jax.Array):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            raise ArgumentError(f"the leaf {name!r} is a random key; jax.random.key_data has its numbers")
        if not leaf.is_fully_addressable:
            raise ArgumentError(f"the leaf {name!r} is spread over other processes; gather it first")
    elif not isinstance(leaf, np.ndarray | np.generic):
        raise ArgumentError(f"the leaf {name!r} is no array but {type(leaf).__name__}")
    return np.asarray(leaf)


def _library() -> Any:
    with needed("pytrees need JAX", "jax", "jax"):
        import jax  # type: ignore[import-not-found, unused-ignore]
    return jax
