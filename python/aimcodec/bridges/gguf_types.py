"""Types of tensors and values in GGUF files (ggml's `ggml_type`, GGUF text version 3)."""

from __future__ import annotations

from enum import IntEnum

from aimcodec.bridges.model import Described, Opaque
from aimcodec.dtypes import from_name

__all__ = ["PREFIX", "ValueType", "code_of", "described"]

PREFIX = "gguf:"  # of the names of block formats (4.1 of the AIM text)


class ValueType(IntEnum):
    """What a value of the metadata is."""

    UINT8 = 0
    INT8 = 1
    UINT16 = 2
    INT16 = 3
    UINT32 = 4
    INT32 = 5
    FLOAT32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    UINT64 = 10
    INT64 = 11
    FLOAT64 = 12


# Number in a file to the name of an element type of ours.
_PLAIN = {
    0: "FLOAT32",
    1: "FLOAT16",
    24: "INT8",
    25: "INT16",
    26: "INT32",
    27: "INT64",
    28: "FLOAT64",
    30: "BFLOAT16",
}
# Number in a file to name, elements and bytes of a block.
_BLOCKS = {
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
    41: ("Q1_0", 128, 18),
}
_PLAIN_CODES = {name: code for code, name in _PLAIN.items()}
_BLOCK_CODES = {Opaque(PREFIX + name, *sizes): code for code, (name, *sizes) in _BLOCKS.items()}


def described(name: str, code: int, shape: tuple[int, ...]) -> Described | None:
    """A tensor of a type by its number; None if there is no such type."""
    if code in _PLAIN:
        return Described(name, from_name(_PLAIN[code]), shape)
    if code in _BLOCKS:
        kind, *sizes = _BLOCKS[code]
        return Described(name, None, shape, Opaque(PREFIX + kind, *sizes))
    return None


def code_of(tensor: Described) -> int | None:
    """The number of the type of a tensor; None if the format has no such type."""
    if tensor.dtype is not None:
        return _PLAIN_CODES.get(tensor.dtype.name)
    return None if tensor.opaque is None else _BLOCK_CODES.get(tensor.opaque)
