"""What a decoder as a program does by the contract of the kit (clause 1): arguments, files, exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aimcodec.errors import AimcError, LimitExceededError, OutOfMemoryError, UnsupportedError

__all__ = ["ACCEPTED", "FAILED", "REFUSED", "UNSUPPORTED", "Decoded", "Tensor", "exit_code", "run"]

ACCEPTED, REFUSED, UNSUPPORTED, FAILED = 0, 1, 2, 3
OPTIONS = ("hdsp", "reconstruct_lsa")


@dataclass(frozen=True)
class Tensor:
    """A decoded tensor.

    Attributes:
        memory: elements, as clause 1.3 wants them.
    """

    name: str
    dtype: str
    shape: Sequence[int]
    memory: bytes
    variant: int = 0
    alias_of: str | None = None


@dataclass(frozen=True)
class Decoded:
    """What came of one stream; `contents` are further keys of the manifest."""

    tensors: Iterable[Tensor]
    contents: Mapping[str, Any] = field(default_factory=dict)


Decode = Callable[[list[bytes], str, frozenset[str]], Iterable[Decoded]]


def run(decode: Decode, arguments: Sequence[str]) -> int:
    """Decodes and writes; returns the exit code.

    Args:
        decode: gets the streams of a sequence, the syntax and the options; gives what comes of each stream.
        arguments: streams, the directory, and options of the contract after it.
    """
    words = list(arguments)
    options = frozenset(word for word in words if word in OPTIONS)
    *streams, outdir = [Path(word) for word in words if word not in OPTIONS]
    if not streams:
        print("usage: STREAM ... OUTDIR [OPTION ...]", file=sys.stderr)
        return FAILED
    try:
        datas = [stream.read_bytes() for stream in streams]
        syntax = "aim" if streams[0].suffix == ".aim" else "nnc"
        for number, decoded in enumerate(decode(datas, syntax, options)):
            _write(decoded, outdir / str(number) if len(streams) > 1 else outdir)
    except AimcError as error:
        _write_error(error, outdir)
        return exit_code(error)
    return ACCEPTED


def exit_code(error: AimcError) -> int:
    """The exit code, or the result of a library, that an error stands for (1.2)."""
    if isinstance(error, OutOfMemoryError):
        return FAILED
    return UNSUPPORTED if isinstance(error, UnsupportedError | LimitExceededError) else REFUSED


def _write(decoded: Decoded, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    entries = []
    for number, tensor in enumerate(decoded.tensors):
        file = f"{number}.bin"
        (folder / file).write_bytes(tensor.memory)
        entry: dict[str, Any] = {"name": tensor.name, "dtype": tensor.dtype, "shape": list(tensor.shape), "file": file}
        entry |= {"variant": tensor.variant} if tensor.variant else {}
        entry |= {"alias_of": tensor.alias_of} if tensor.alias_of is not None else {}
        entries.append(entry)
    (folder / "manifest.json").write_text(json.dumps({"tensors": entries, **decoded.contents}), "utf-8")


def _write_error(error: AimcError, outdir: Path) -> None:
    facts: dict[str, Any] = {
        "message": f"{error.code}: {error.message}",
        "element": error.path,
        "bit_offset": error.bit_offset,
    }
    (outdir / "error.json").write_text(json.dumps(facts), "utf-8")
    print(f"{error.code}: {error}".encode("ascii", "backslashreplace").decode(), file=sys.stderr)
