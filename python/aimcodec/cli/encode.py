"""aimc encode."""

from __future__ import annotations

import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from aimcodec import nnc
from aimcodec.cli.files import replacing
from aimcodec.cli.output import print_json
from aimcodec.cli.progress import progress_bar
from aimcodec.cli.report import about, note, shown_path
from aimcodec.cli.tensors import read_tensors

__all__ = ["encode"]

BLOCK_ROWS = 4  # the scan order of the largest blocks: 64 rows, one entry point for each


class Switch(str, Enum):
    """A tool that is off, on, or on where it pays."""

    OFF = "off"
    AUTO = "auto"
    ON = "on"


class NonFinite(str, Enum):
    """What becomes of tensors with infinities or NaNs."""

    REFUSE = "refuse"
    RAW = "raw"


def encode(
    model: Annotated[Path, typer.Argument(metavar="MODEL.safetensors", help="The tensors.", show_default=False)],
    *,
    output: Annotated[Path, typer.Option("-o", "--output", help="The stream to write.", show_default=False)],
    qp: Annotated[int, typer.Option(help="Quantization parameter of weights; 4 more is twice the step.")] = -38,
    nonweight_qp: Annotated[int, typer.Option(help="The same for vectors.")] = -75,
    qp_density: Annotated[int, typer.Option(help="Steps double every 2^D values of the parameter.")] = 2,
    dq: Annotated[bool, typer.Option("--dq/--no-dq", help="Dependent quantization.")] = True,
    parallel: Annotated[
        bool, typer.Option("--parallel", help="Entry points, so that one tensor takes many threads.")
    ] = False,
    codebook: Annotated[Switch, typer.Option(help="Codebooks.")] = Switch.OFF,
    row_skipping: Annotated[Switch, typer.Option(help="Rows of zeros are left out.")] = Switch.OFF,
    non_finite: Annotated[NonFinite, typer.Option(help="Tensors with infinities or NaNs.")] = NonFinite.REFUSE,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Compresses the tensors of a safetensors file into an NNC stream."""
    with about(model, stream=False):
        tensors = read_tensors(model)
    for name, array in tensors.items():
        if array.ndim == 0:
            note(f"warning: the scalar {name!r} is coded with the shape [1]: the syntax has no tensors of rank 0")
    start = time.perf_counter()
    with about(model, stream=False), progress_bar("encode") as progress:
        stream = nnc.encode(
            tensors,
            qp=qp,
            nonweight_qp=nonweight_qp,
            qp_density=qp_density,
            dq=dq,
            codebook=codebook.value,
            scan_order=BLOCK_ROWS if parallel else 0,
            row_skipping={Switch.OFF: False, Switch.ON: True, Switch.AUTO: "auto"}[row_skipping],
            scalars="reshape",
            non_finite=non_finite.value,
            threads=threads,
            progress=progress,
        )
    seconds = time.perf_counter() - start
    with about(output, stream=False), replacing(output) as part:
        part.write_bytes(stream)
    elements = sum(array.size for array in tensors.values())
    bits = 8 * len(stream) / elements if elements else 0.0
    rate = elements / seconds / 1e6
    if json:
        print_json(
            {
                "output": str(output),
                "bytes": len(stream),
                "tensors": len(tensors),
                "elements": elements,
                "bits_per_weight": bits,
                "seconds": seconds,
                "mweights_per_second": rate,
            }
        )
    else:
        size = f"{len(stream):,} bytes, {bits:.3f} bits per weight"
        print(f"{shown_path(output)}: {size}, {seconds:.2f} s, {rate:.1f} Mweights/s")
