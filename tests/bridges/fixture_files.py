"""The files that `make_fixtures.py` made, and what the frameworks read from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aimcodec.bridges.model import Model
from aimcodec.dtypes import from_name
from aimcodec.errors import AimcError, InternalError

DATA = Path(__file__).parent / "data"

Arrays = dict[str, NDArray[Any]]


def expected(name: str) -> Arrays:
    entries = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    return {key: _array(entry) for key, entry in entries.items()}


def _array(entry: dict[str, Any]) -> NDArray[Any]:
    dtype = from_name(entry["dtype"]).numpy
    return np.frombuffer(bytes.fromhex(entry["hex"]), dtype).reshape(entry["shape"])


def assert_equal(found: NDArray[Any], wanted: NDArray[Any]) -> None:
    """Type, shape and every bit."""
    assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
    assert found.tobytes() == wanted.tobytes()


def typed_error(action: Callable[[], object]) -> AimcError | None:
    """The error of an action, which has to be a typed one; None if it goes well."""
    try:
        action()
    except InternalError:
        raise
    except AimcError as error:
        return error
    return None


def read_all(model: Model) -> Arrays:
    """Every tensor, each of the type and shape that was described."""
    arrays = {}
    for tensor in model.tensors:
        array = model.read(tensor.name)
        assert tensor.dtype is not None
        assert (array.dtype, array.shape) == (tensor.dtype.numpy, tensor.shape)
        arrays[tensor.name] = array
    return arrays
