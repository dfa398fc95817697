"""Names of element types: of the AIM text, of ONNX schemas, of numpy arrays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.dtypes import OPAQUE, dtype_of, from_code
from aimcodec.errors import ArgumentError, OutOfRangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["element_type", "name_of"]

STRING = "STRING"
_EXCEPTIONS = {
    "float": "FLOAT32",
    "double": "FLOAT64",
    "string": STRING,
    "float8e8m0": "FLOAT8_E8M0FNU",
    "float4e2m1": "FLOAT4_E2M1FN",
    "float6e2m3": "FLOAT6_E2M3FN",
    "float6e3m2": "FLOAT6_E3M2FN",
}


def _names() -> Iterator[str]:
    """Of all types of the format."""
    for code in range(OPAQUE):
        with suppress(OutOfRangeError):  # reserved
            yield from_code(code).name


_NAMES = {name.replace("_", "").lower(): name for name in _names()} | _EXCEPTIONS


def element_type(text: str) -> str:
    """The element type of a dense tensor written as in ONNX: "tensor(float)" is "FLOAT32"; other texts stay."""
    if text.startswith("tensor(") and text.endswith(")"):
        return _NAMES.get(text[len("tensor(") : -1], text)
    return text


def name_of(array: NDArray[Any]) -> str:
    """The name of the type of the elements of an array; texts and objects are "STRING".

    Raises:
        ArgumentError: it has none.
    """
    if array.dtype.kind in "UTO":
        if array.dtype.kind == "O" and not all(isinstance(v, str | bytes) for v in array.flat):
            raise ArgumentError("objects that are not texts")
        return STRING
    return dtype_of(np.asarray(array).dtype).name
