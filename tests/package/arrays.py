"""Arrays of every type, with all their bit patterns."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

__all__ = ["PACKED_BITS", "TYPES", "patterns", "same"]

NUMPY_NAMES = [
    *("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
]
ML_NAMES = [
    *("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2", "float8_e5m2fnuz"),
    *("float8_e8m0fnu", "float8_e3m4", "float8_e4m3", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn"),
    *("int4", "uint4", "int2", "uint2", "int1", "uint1"),
]
TYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(np.bool_),
    **{
        name.upper(): np.dtype(name)
        for name in [
            "uint8",
            "int8",
            "uint16",
            "int16",
            "uint32",
            "int32",
            "uint64",
            "int64",
            "float16",
            "float32",
            "float64",
            "complex64",
            "complex128",
        ]
    },
    **{
        name.upper(): np.dtype(getattr(ml_dtypes, name))
        for name in [
            "bfloat16",
            "float8_e4m3fn",
            "float8_e4m3fnuz",
            "float8_e4m3b11fnuz",
            "float8_e5m2",
            "float8_e5m2fnuz",
            "float8_e8m0fnu",
            "float8_e3m4",
            "float8_e4m3",
            "float6_e2m3fn",
            "float6_e3m2fn",
            "float4_e2m1fn",
            "int4",
            "uint4",
            "int2",
            "uint2",
            "int1",
            "uint1",
        ]
    },
}
PACKED_BITS = {
    "FLOAT6_E2M3FN": 6,
    "FLOAT6_E3M2FN": 6,
    "FLOAT4_E2M1FN": 4,
    "INT4": 4,
    "UINT4": 4,
    "INT2": 2,
    "UINT2": 2,
    "INT1": 1,
    "UINT1": 1,
}


def patterns(name: str, shape: tuple[int, ...], seed: int = 0) -> NDArray[Any]:
    """An array of random bits, NaNs and all."""
    dtype = TYPES[name]
    rng = np.random.default_rng(seed)
    count = int(np.prod(shape, dtype=np.int64))
    if name == "BOOL":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if name in PACKED_BITS:
        codes = rng.integers(0, 1 << PACKED_BITS[name], count).astype(np.uint8)
        return codes.view(dtype).reshape(shape)
    return np.frombuffer(rng.bytes(count * dtype.itemsize), dtype).reshape(shape)


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Equal in type, shape and every bit."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
