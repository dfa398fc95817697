"""Files of numpy that a stranger wrote."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy_format

__all__ = ["NpyArray", "NpyError", "read_npy"]


class NpyError(ValueError):
    """No file of numpy, or not one of numbers."""


@dataclass(frozen=True)
class NpyArray:
    """An array in a file that is open.

    Attributes:
        dtype: name, or "void" for a type that numpy does not know.
    """

    file: BinaryIO
    kind: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    packed_bits: int

    @property
    def dtype(self) -> str:
        """Name of the type, or "void" for one that numpy does not know."""
        return "void" if self.kind.kind == "V" else self.kind.name

    def memory(self) -> bytes:
        """Elements, row-major and little endian; those of less than 8 bits packed."""
        array = np.frombuffer(self.file.read(), self.kind)
        ordered = array.reshape(self.shape, order="F" if self.fortran else "C")
        if self.packed_bits:
            from aimcodec.dtypes import pack

            return pack(np.ascontiguousarray(ordered).reshape(-1).view(np.uint8), self.packed_bits).tobytes()
        return ordered.astype(self.kind.newbyteorder("<"), copy=False).tobytes("C")


def read_npy(file: BinaryIO, packed_bits: int) -> NpyArray:
    """The header; elements are read by `memory`.

    Raises:
        NpyError: it is none, has objects, or not as many elements as it says.
    """
    try:
        version = npy_format.read_magic(file)
        read = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}[version]
        shape, fortran, kind = read(file)
    except Exception as error:  # the header is a Python literal: its parsers have many kinds of errors
        raise NpyError(f"no file of numpy: {error}") from error
    if kind.hasobject or kind.fields is not None or kind.subdtype is not None or kind.kind not in "biufcV":
        raise NpyError(f"elements of type {kind}")
    left = os.fstat(file.fileno()).st_size - file.tell()
    if any(size < 0 for size in shape) or math.prod(shape) * kind.itemsize != left:
        raise NpyError(f"{left} bytes for shape {shape} of {kind}")
    return NpyArray(file, kind, tuple(shape), bool(fortran), packed_bits)
