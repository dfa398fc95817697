"""Calls of a shared library that exports conform_plugin.h, made in a child of their own (see child_server).

The child writes what the library says as a program would: manifest.json and files of elements, or a stream; so all that
follows is the same for programs and libraries.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["ABI_VERSION", "BROKEN_LIBRARY", "FAILED", "call", "declarations", "declare", "header"]

ABI_VERSION = 1
FAILED = 3  # AIMC_CONFORM_FAILED
BROKEN_LIBRARY = 125  # it cannot be loaded, or lacks a function
MAX_RANK = 64
DIRECTIVES = re.compile(r"#ifdef __cplusplus.*?#endif|^[ \t]*#[^\n]*$", re.DOTALL | re.MULTILINE)

_state: dict[str, Any] = {}


def header() -> Path:
    """The header of plug-ins: beside the package in a source tree, else what was installed with it.

    Raises:
        FileNotFoundError: there is none.
    """
    package = Path(__file__).resolve().parents[1]
    places = (package.parents[1] / "csrc" / "include", package / "include")
    for place in places:
        if (found := place / "aimc" / "conform_plugin.h").is_file():
            return found
    raise FileNotFoundError("conform_plugin.h is not installed")


def declarations(text: str) -> str:
    """What cffi is to read of the header: no directives of the preprocessor, no attributes."""
    return DIRECTIVES.sub("", text).replace("AIMC_CONFORM_EXPORT ", "")


def declare() -> None:
    """Reads the header, once in a process. Raises ImportError without cffi, OSError without header."""
    if "ffi" in _state:
        return
    ffi = import_module("cffi").FFI()
    ffi.cdef(declarations(header().read_text("utf-8")))
    _state["ffi"] = ffi


def call(library: str, request: Mapping[str, Any]) -> int:
    """Makes one call; returns the exit code that a program would have had (conformance-kit.md, 1.2 and 2).

    Args:
        library: its path.
        request: `do`: "info" (a JSON object on stdout), "decode" or "encode"; see the functions below.
    """
    ffi = _state["ffi"]
    try:
        loaded = ffi.dlopen(library)
        info = _info(ffi, loaded)
        work = {"info": _print_info, "decode": _decode, "encode": _encode}[request["do"]]
        return work(ffi, loaded, info, request)
    except (OSError, AttributeError) as error:  # it is no library, or lacks a function
        print(error, file=sys.stderr, flush=True)
        return BROKEN_LIBRARY
    except MemoryError:
        print("MemoryError", file=sys.stderr, flush=True)
        return FAILED


def _info(ffi: Any, loaded: Any) -> dict[str, str]:
    found = loaded.aimc_conform_get_info()
    if found == ffi.NULL or found.struct_size < ffi.sizeof("aimc_conform_info"):
        raise OSError("aimc_conform_get_info gives nothing usable")
    if found.abi_version != ABI_VERSION:
        raise OSError(f"abi_version is {found.abi_version}, not {ABI_VERSION}")
    return {name: _text(ffi, getattr(found, name)) for name in ("name", "version", "syntaxes")}


def _print_info(ffi: Any, loaded: Any, info: dict[str, str], request: Mapping[str, Any]) -> int:
    print(json.dumps(info), flush=True)
    return 0


def _text(ffi: Any, string: Any, most: int = 1000) -> str:
    return "" if string == ffi.NULL else ffi.string(string, most).decode("utf-8", "backslashreplace")


def _decode(ffi: Any, loaded: Any, info: dict[str, str], request: Mapping[str, Any]) -> int:
    """Decodes `streams` (paths) of `syntax` with `options` (words) and writes what comes to `outdir`."""
    datas = [Path(path).read_bytes() for path in request["streams"]]
    buffers = [ffi.from_buffer("uint8_t[]", data) for data in datas]
    streams = ffi.new("uint8_t*[]", buffers)
    sizes = ffi.new("size_t[]", [len(data) for data in datas])
    syntax = ffi.new("char[]", request["syntax"].encode())
    options = ffi.new("char[]", " ".join(request["options"]).encode())
    size = ffi.sizeof("aimc_conform_input")
    given = ffi.new("aimc_conform_input*", [size, len(datas), streams, sizes, syntax, options])
    error = _new_error(ffi)
    outdir = Path(request["outdir"])
    folders = [outdir / str(i) for i in range(len(datas))] if len(datas) > 1 else [outdir]
    writers = [_Folder(folder) for folder in folders]

    def take(_: Any, tensor: Any) -> int:
        if tensor == ffi.NULL or tensor.struct_size < ffi.sizeof("aimc_conform_tensor"):
            raise ValueError("struct_size of a tensor is too small")
        writers[tensor.stream].take(ffi, tensor)
        return 0

    taking = ffi.callback("aimc_conform_tensor_fn", take, error=FAILED)
    result = int(loaded.aimc_conform_decode(given, taking, ffi.NULL, error))
    if result == 0:
        for writer in writers:
            writer.finish()
    else:
        _write_error(ffi, error, outdir)
    return result if 0 <= result <= FAILED else FAILED


class _Folder:
    """Writes the tensors of a stream."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: list[dict[str, Any]] = []
        folder.mkdir(exist_ok=True)

    def take(self, ffi: Any, tensor: Any) -> None:
        if tensor.rank > MAX_RANK:
            raise ValueError(f"rank {tensor.rank} of a tensor")
        file = f"{len(self._entries)}.bin"
        data = ffi.buffer(ffi.cast("char*", tensor.data), tensor.data_size) if tensor.data_size else b""
        (self._folder / file).write_bytes(data)
        entry = {
            "name": bytes(ffi.buffer(tensor.name, tensor.name_size)).decode("utf-8") if tensor.name_size else "",
            "dtype": _text(ffi, tensor.dtype),
            "shape": [int(tensor.shape[i]) for i in range(tensor.rank)],
            "variant": int(tensor.variant),
            "file": file,
        }
        self._entries.append(entry)

    def finish(self) -> None:
        (self._folder / "manifest.json").write_text(json.dumps({"tensors": self._entries}), "utf-8")


def _encode(ffi: Any, loaded: Any, info: dict[str, str], request: Mapping[str, Any]) -> int:
    """Encodes the tensors in `model`, a folder with manifest.json (1.3), as `syntax` with `options` to `out`."""
    folder = Path(request["model"])
    entries = json.loads((folder / "manifest.json").read_text("utf-8"))["tensors"]
    keep: list[Any] = []  # what the structures point to
    tensors = ffi.new("aimc_conform_tensor[]", max(1, len(entries)))
    for tensor, entry in zip(tensors, entries, strict=False):
        _fill(ffi, tensor, entry, (folder / entry["file"]).read_bytes(), keep)
    syntax = ffi.new("char[]", request["syntax"].encode())
    options = ffi.new("char[]", " ".join(request["options"]).encode())
    error = _new_error(ffi)
    with open(request["out"], "wb") as out:

        def write(_: Any, data: Any, size: int) -> int:
            out.write(ffi.buffer(ffi.cast("char*", data), size) if size else b"")
            return 0

        writing = ffi.callback("aimc_conform_write_fn", write, error=FAILED)
        result = int(loaded.aimc_conform_encode(tensors, len(entries), syntax, options, writing, ffi.NULL, error))
    if result:
        print(_text(ffi, error.message, 511), file=sys.stderr, flush=True)
    return result if 0 <= result <= FAILED else FAILED


def _fill(ffi: Any, tensor: Any, entry: Mapping[str, Any], data: bytes, keep: list[Any]) -> None:
    name = entry["name"].encode("utf-8")
    shape: Sequence[int] = entry["shape"]
    keep += [
        ffi.new("char[]", name),
        ffi.new("char[]", entry["dtype"].encode()),
        ffi.new("uint64_t[]", list(shape) or [0]),
        ffi.new("char[]", data),
    ]
    tensor.struct_size = ffi.sizeof("aimc_conform_tensor")
    tensor.name, tensor.dtype, tensor.shape, tensor.data = keep[-4:]
    tensor.variant = entry.get("variant", 0)
    tensor.name_size, tensor.rank, tensor.data_size = len(name), len(shape), len(data)


def _new_error(ffi: Any) -> Any:
    error = ffi.new("aimc_conform_error*")
    error.struct_size = ffi.sizeof("aimc_conform_error")
    error.bit_offset = -1
    return error


def _write_error(ffi: Any, error: Any, outdir: Path) -> None:
    facts: dict[str, Any] = {name: _text(ffi, getattr(error, name), 511) for name in ("element", "message")}
    if error.bit_offset >= 0:
        facts["bit_offset"] = int(error.bit_offset)
    (outdir / "error.json").write_text(json.dumps(facts), "utf-8")
