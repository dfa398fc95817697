"""Arrays that go into models and come out of them, as files and as numbers to print."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.cli.files import replacing
from aimcodec.errors import ArgumentError, MalformedError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aimcodec.inference import InputHandle

__all__ = ["filled", "named_files", "output_files", "read_array", "statistics", "write_array"]


def named_files(option: str, texts: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    """Files by the name that each text begins with, "NAME=FILE"; of a model with one input the file will do.

    Raises:
        ArgumentError: a name is not there, missing where there are several, or given twice.
    """
    files: dict[str, Path] = {}
    for text in texts:
        name = next((n for n in sorted(names, key=len, reverse=True) if text.startswith(f"{n}=")), None)
        file = text
        if name is not None:
            file = text[len(name) + 1 :]
        elif len(names) == 1 and "=" not in text:
            name = names[0]
        else:
            raise ArgumentError(f"{option} {text!r}: NAME=FILE with one of {', '.join(map(repr, names))}")
        if name in files:
            raise ArgumentError(f"{option}: {name!r} for the second time")
        files[name] = Path(file)
    return files


def output_files(texts: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    """Where each output goes: the file named for it, or one of its name in a folder, which is made.

    Raises:
        ArgumentError: a folder besides something else, or as `named_files`.
        OSError: the folder cannot be made.
    """
    folders = [text for text in texts if not text.lower().endswith(".npy")]
    if not folders:
        return named_files("--output", texts, names)
    if len(texts) > 1:
        raise ArgumentError("--output is one folder for all outputs, or NAME=X.npy for some")
    folder = Path(folders[0])
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path] = {}
    taken: set[str] = set()
    for name in names:  # of the model, so no path: what is not plain is replaced
        plain = base = re.sub(r"[^\w.-]", "_", name)[:100].lstrip(".") or "_"
        number = 1
        while plain.lower() in taken:
            number += 1
            plain = f"{base}.{number}"
        taken.add(plain.lower())
        files[name] = folder / f"{plain}.npy"
    return files


def read_array(file: Path, dtype: np.dtype[Any] | None) -> NDArray[Any]:
    """The array of a .npy file, mapped; of types that such files do not name the bytes become what is wanted.

    Raises:
        MalformedError: it is no such file.
        OSError: it cannot be read.
    """
    try:
        array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, TypeError, KeyError, SyntaxError) as error:
        raise MalformedError(f"not a .npy file of numbers: {' '.join(str(error).split())}") from None
    if not isinstance(array, np.ndarray):
        raise MalformedError("an archive; a .npy file is wanted")
    if array.dtype.kind == "V" and dtype is not None and array.dtype.itemsize == dtype.itemsize:
        return array.view(dtype)
    return array


def filled(handles: Iterable[InputHandle], random: bool, seed: int, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Arrays for inputs: zeros, or numbers from 0 to 1, the same for the same seed.

    Raises:
        UnsupportedError: an input that is no tensor of numbers, or of any rank.
    """
    generator = np.random.default_rng(seed)
    arrays = {}
    for handle in handles:
        if handle.dtype is None or handle.dtype == object or handle.shape is None:
            raise UnsupportedError(f"--fill: {handle!r} is no tensor of numbers of a known rank")
        shape = tuple(n if isinstance(n, int) else sizes.get(n or "", 1) for n in handle.shape)
        if not random:
            arrays[handle.name] = np.zeros(shape, handle.dtype)
        elif handle.dtype.kind in "biu":
            arrays[handle.name] = generator.integers(0, 2, shape).astype(handle.dtype)
        else:
            arrays[handle.name] = generator.random(shape, np.float32).astype(handle.dtype)
    return arrays


def statistics(value: Any) -> dict[str, Any]:
    """Type, shape, and numbers that say what is in it; of values that are no arrays nothing."""
    if not isinstance(value, np.ndarray):
        return {}
    found: dict[str, Any] = {"dtype": value.dtype.name, "shape": list(value.shape)}
    if value.dtype.kind in "OUSc" or not value.size:
        return found
    numbers = value.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if finite.size < numbers.size:
        found["not_finite"] = numbers.size - finite.size
    if finite.size:
        found |= {"min": float(finite.min()), "max": float(finite.max()), "mean": float(finite.mean())}
    return found


def write_array(file: Path, name: str, value: Any) -> None:
    """A .npy file; types that such files do not name are written as their bytes.

    Raises:
        UnsupportedError: the value is no array of numbers.
        OSError: the file cannot be written.
    """
    if not isinstance(value, np.ndarray) or value.dtype == object:
        raise UnsupportedError(f"output {name!r} is no tensor of numbers: .npy files cannot hold it")
    plain = value if value.dtype.type.__module__ == np.__name__ else value.view(f"V{value.dtype.itemsize}")
    with replacing(file) as target, target.open("wb") as opened:
        np.save(opened, plain, allow_pickle=False)
