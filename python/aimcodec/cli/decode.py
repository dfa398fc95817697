"""aimc decode."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from aimcodec import nnc
from aimcodec.cli.files import read_stream, replacing
from aimcodec.cli.output import print_json
from aimcodec.cli.report import about, shown_path
from aimcodec.cli.tensors import read_tensors, write_tensors

__all__ = ["decode"]


def decode(
    stream: Annotated[Path, typer.Argument(metavar="M.nnc", help="The stream.", show_default=False)],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The safetensors file to write.", show_default=False)],
    base: Annotated[
        Path | None, typer.Option(help="safetensors file that an update refines; the result is the refined model.")
    ] = None,
    after: Annotated[
        list[Path] | None, typer.Option(help="Stream that the update follows; repeat for several, first to last.")
    ] = None,
    local_scaling: Annotated[bool, typer.Option("--local-scaling", help="Apply local scaling to the weights.")] = False,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Decodes an NNC stream into a safetensors file."""
    base_tensors = None
    if base is not None:
        with about(base, stream=False):
            base_tensors = read_tensors(base)
    decoder = nnc.Decoder(base_tensors, threads=threads, local_scaling=local_scaling)
    for earlier in after or []:
        with about(earlier):
            decoder.decode(read_stream(earlier))
    with about(stream):
        data = read_stream(stream)
        start = time.perf_counter()
        differences = decoder.decode(data)
        seconds = time.perf_counter() - start
    tensors = differences if decoder.parameters is None else decoder.parameters
    with about(output, stream=False), replacing(output) as part:
        write_tensors(tensors, part)
    elements = sum(array.size for array in tensors.values())
    rate = elements / seconds / 1e6
    if json:
        print_json(
            {
                "output": str(output),
                "tensors": len(tensors),
                "elements": elements,
                "seconds": seconds,
                "mweights_per_second": rate,
            }
        )
    else:
        size = f"{len(tensors):,} tensors, {elements:,} elements"
        print(f"{shown_path(output)}: {size}, {seconds:.2f} s, {rate:.1f} Mweights/s")
