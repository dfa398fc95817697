"""aimc bench."""

from __future__ import annotations

import io
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

import aimcodec
from aimcodec._native import thread_count
from aimcodec.cli.models import open_model
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import about, shown_path
from aimcodec.cli.write_model import CODINGS, Coding
from aimcodec.errors import ArgumentError
from aimcodec.inspect import compiler
from aimcodec.inspect.text import Column, table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bench"]

COLUMNS = (
    Column(""),
    Column("bytes", right=True),
    Column("ratio", right=True),
    Column("seconds", right=True),
    Column("MB/s", right=True),
)


def bench(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The tensors: .aim, .safetensors, .npz or .nnc.", show_default=False)
    ],
    *,
    coding: Annotated[list[Coding] | None, typer.Option(help="Repeat for several; lossless by default.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each; medians are shown.")] = 3,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Times encoding and decoding of the tensors of a model in memory, beside a copy of the same bytes in the same run.

    All tensors are held in memory several times. Rates are bytes of the memory of the tensors, in millions a second.
    """
    with about(model), open_model(model, threads=threads) as opened:
        tensors = {tensor.name: np.array(opened.read(tensor.name)) for tensor in opened.tensors}
        memory = sum(tensor.nbytes or tensors[tensor.name].nbytes for tensor in opened.tensors)
    if not memory:
        raise ArgumentError(f"{model} has no tensors to measure")
    results = _measure(tensors, memory, coding or [Coding.LOSSLESS], rounds, threads)
    record = {
        "model": model,
        "tensors": len(tensors),
        "memory_bytes": memory,
        "rounds": rounds,
        "threads": thread_count(threads),
        "isa": aimcodec.isa(),
        "cpu": _cpu(),
        "versions": _versions(),
        "results": results,
    }
    if json:
        print_json(record)
    else:
        print_lines(_lines(record))


def _measure(
    tensors: dict[str, NDArray[Any]], memory: int, codings: list[Coding], rounds: int, threads: int | None
) -> list[dict[str, Any]]:
    """Every step once in each round, so that what slows the machine down slows down all of them."""
    copies = {name: np.empty_like(array) for name, array in tensors.items()}
    files: dict[Coding, bytes] = {}
    steps: dict[str, Callable[[], None]] = {"memcpy": partial(_copy, tensors, copies)}
    for coding in codings:
        steps[f"encode {coding.value}"] = partial(_encode, tensors, coding, threads, files)
        steps[f"decode {coding.value}"] = partial(_decode, files, coding, threads)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    sizes = {f"{what} {coding.value}": len(files[coding]) for coding in codings for what in ("encode", "decode")}
    return [_result(name, memory, sizes.get(name), statistics.median(taken)) for name, taken in times.items()]


def _result(name: str, memory: int, size: int | None, seconds: float) -> dict[str, Any]:
    return {
        "step": name,
        "bytes": size,
        "ratio": size / memory if size is not None and memory else None,
        "seconds": seconds,
        "mb_per_second": memory / seconds / 1e6,
    }


def _copy(tensors: dict[str, NDArray[Any]], copies: dict[str, NDArray[Any]]) -> None:
    for name, array in tensors.items():
        np.copyto(copies[name], array)


def _encode(tensors: dict[str, NDArray[Any]], coding: Coding, threads: int | None, files: dict[Coding, bytes]) -> None:
    file = io.BytesIO()
    if coding is Coding.NNC:
        aimcodec.save_file(tensors, file, coding="nnc", threads=threads)
    else:
        with aimcodec.Writer(file, threads=threads) as writer:
            for name, array in tensors.items():
                writer.add_tensor(name, array, coding=CODINGS[coding])
    files[coding] = file.getvalue()


def _decode(files: dict[Coding, bytes], coding: Coding, threads: int | None) -> None:
    aimcodec.load_file(files[coding], threads=threads)


def _cpu() -> str:
    """The name of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions() -> dict[str, str]:
    return {
        "aimcodec": aimcodec.__version__,
        "compiler": compiler(),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def _lines(record: dict[str, Any]) -> Iterator[str]:
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    yield f"{shown_path(record['model'])}: {record['tensors']:,} tensors, {record['memory_bytes']:,} bytes"
    yield f"{record['cpu']}, {record['isa']}, {record['threads']} threads; {versions}"
    yield f"medians of {record['rounds']} rounds"
    yield ""
    rows = [
        [
            result["step"],
            "" if result["bytes"] is None else f"{result['bytes']:,}",
            "" if result["ratio"] is None else f"{result['ratio']:.4f}",
            f"{result['seconds']:.4f}",
            f"{result['mb_per_second']:,.1f}",
        ]
        for result in record["results"]
    ]
    yield from table(COLUMNS, rows, width())
