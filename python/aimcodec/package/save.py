"""Whole models to files and back in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from aimcodec.errors import ArgumentError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.package.memory import ArrayMemory, as_array
from aimcodec.package.package import open_package
from aimcodec.package.same import find_same
from aimcodec.package.source import SourceLike
from aimcodec.package.target import TargetLike
from aimcodec.package.writer import DEFAULT_PRODUCER, TensorCoding, Writer
from aimcodec.syntax.aim.types import REAL_TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["load_file", "save_file"]


def save_file(
    tensors: Mapping[str, Any],
    path: TargetLike,
    *,
    coding: TensorCoding | Literal["nnc"] = "lossless",
    metadata: Mapping[str, str] | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    producer: str = DEFAULT_PRODUCER,
    **nnc: Any,
) -> None:
    """Save tensors as a package.

    Tensors in the same memory, or of equal content, are stored once.

    Args:
        tensors: numpy arrays by name, of any layout.
        path: path of the file, or an object with a `write`.
        coding: "lossless" is quick to read, "small" takes longer and less room, "raw" can be mapped in place; "nnc"
            is lossy: real numbers are quantised (ISO/IEC 15938-17), all others are lossless.
        metadata: texts by key.
        threads: threads for coding; as many as the process may use when None. The bytes do not depend on it.
        progress: called with the bytes of memory that are done and of all tensors.
        producer: the software that the file names as its origin.
        nnc: settings of `aimcodec.nnc.encode`, such as qp=-38, where coding is "nnc".

    Raises:
        ArgumentError: a name or tensor that the format cannot carry, or an unknown setting.
        OSError: the file cannot be written; nothing is left of it.
    """
    if nnc and coding != "nnc":
        raise ArgumentError(f"unknown setting: {', '.join(nnc)}")
    memories = {name: as_array(name, array) for name, array in tensors.items()}
    same = find_same(memories)
    lossy = [n for n, m in memories.items() if coding == "nnc" and n not in same and _nnc_can_carry(m)]
    stream = _nnc_stream({name: memories[name].array for name in lossy}, threads, nnc) if lossy else b""
    sizes = {name: memory.array.nbytes for name, memory in memories.items()}
    done, total = 0, sum(sizes.values())
    with Writer(path, producer=producer, threads=threads) as writer:
        if metadata:
            writer.add_metadata(metadata)
        for name, memory in memories.items():
            if name in same:
                writer.add_alias(name, same[name].target, tied=same[name].tied)
            elif name not in lossy:
                writer.add_tensor(name, memory.array, coding="lossless" if coding == "nnc" else coding)
            elif name == lossy[0]:
                dtypes = {n: memories[n].array.dtype for n in lossy}
                writer.add_nnc(stream, dtypes=dtypes, shapes={n: memories[n].array.shape for n in lossy})
            done += sizes[name]
            if progress is not None:
                progress(done, total)


def _nnc_can_carry(memory: ArrayMemory) -> bool:
    """Whether the values are finite real numbers of 16 bits or more."""
    if memory.dtype.code not in REAL_TYPES or not memory.array.size:
        return False
    with np.errstate(over="ignore"):
        return bool(np.isfinite(memory.array.astype(np.float32)).all())


def _nnc_stream(arrays: Mapping[str, NDArray[Any]], threads: int | None, settings: Mapping[str, Any]) -> bytes:
    from aimcodec.nnc import encode  # what needs no NNC does not load it

    return encode(arrays, **{"scalars": "reshape", "threads": threads, **settings})


def load_file(
    path: SourceLike, *, threads: int | None = None, variant: str = "", limits: Limits = DEFAULT_LIMITS
) -> dict[str, NDArray[Any]]:
    """Load all tensors of a package.

    Args:
        path: as for `aimcodec.open`.
        threads: threads for decoding; as many as the process may use when None.
        variant: name of the variant wanted.
        limits: what may be spent.

    Returns:
        Arrays by name, in the order of the file. Tied tensors are one array object.

    Raises:
        AimcError: the file is damaged, or beyond a limit.
        OSError: it cannot be read.
    """
    with open_package(path, limits=limits, variant=variant, threads=threads) as package:
        return package.load()
