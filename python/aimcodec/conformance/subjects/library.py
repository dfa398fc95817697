"""Our fast codecs as a shared library of the kit (docs/spec/conformance-kit.md, clause 3): its side in Python.

The library is `aimcodec.capi.plugin_path()`. It works only inside a Python process: the kit loads it into one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.subjects import native
from aimcodec.conformance.subjects.contract import ACCEPTED, FAILED, UNSUPPORTED, exit_code
from aimcodec.dtypes import from_name, unpack
from aimcodec.errors import AimcError, ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Facts", "Take", "decode", "encode"]

# Result, number of the stream, bit offset or -1, element, message.
Facts = tuple[int, int, int, str, str]

# Takes number of the stream, variant, name, dtype, shape and memory of a tensor; 0 for more of them.
Take = Callable[[int, int, str, str, tuple[int, ...], bytes], int]

GOOD: Facts = (ACCEPTED, 0, -1, "", "")


def decode(streams: list[bytes], syntax: str, options: str, take: Take) -> Facts:
    """Decodes the streams of a sequence, or a package, and hands over their tensors.

    Args:
        streams: in order.
        syntax: "nnc" or "aim".
        options: words of the contract, clause 1.4.
        take: gets every tensor.
    """
    if syntax not in ("nnc", "aim"):
        return _failed(UNSUPPORTED, f"syntax {syntax!r}")
    number = 0
    try:
        for decoded in native.decode(streams, syntax, frozenset(options.split())):
            for t in decoded.tensors:
                if take(number, t.variant, t.name, t.dtype, tuple(t.shape), t.memory) != 0:
                    return _failed(FAILED, "stopped by the caller")
            number += 1
    except AimcError as error:
        place = -1 if error.bit_offset is None else error.bit_offset
        return exit_code(error), number, place, error.path, f"{error.code}: {error.message}"
    return GOOD


def encode(
    tensors: Sequence[tuple[str, str, tuple[int, ...], bytes]], syntax: str, options: str
) -> tuple[Facts, bytes]:
    """Encodes tensors.

    Args:
        tensors: name, dtype, shape and memory of each; types below 8 bits packed (6.2 of the AIM text).
        syntax: "nnc" or "aim".
        options: words NAME=JSON: arguments of `aimcodec.nnc.encode` or `aimcodec.save_file`.
    """
    try:
        settings = {name: json.loads(value) for name, _, value in (word.partition("=") for word in options.split())}
        arrays = {name: _array(dtype, shape, memory) for name, dtype, shape, memory in tensors}
        return GOOD, _encode(arrays, syntax, {"threads": 1, **settings})
    except (ArgumentError, UnsupportedError) as error:
        return _failed(UNSUPPORTED, str(error)), b""
    except (AimcError, ValueError, TypeError) as error:
        return _failed(FAILED, str(error)), b""


def _failed(result: int, message: str) -> Facts:
    return result, 0, -1, "", message


def _array(dtype: str, shape: tuple[int, ...], memory: bytes) -> NDArray[Any]:
    kind = from_name(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if kind.is_packed:
        return unpack(np.frombuffer(memory, np.uint8), kind, count).reshape(shape)
    return np.frombuffer(memory, kind.numpy).reshape(shape)


def _encode(arrays: dict[str, NDArray[Any]], syntax: str, settings: dict[str, Any]) -> bytes:
    if syntax == "nnc":
        from aimcodec.nnc import encode as encode_nnc

        return encode_nnc(arrays, **settings)
    if syntax != "aim":
        raise UnsupportedError(f"syntax {syntax!r}")
    from aimcodec.package import save_file

    file = BytesIO()
    save_file(arrays, file, **settings)
    return file.getvalue()
