"""aimc decode."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.decode_nnc import decode_nnc
from aimcodec.cli.formats import is_package
from aimcodec.cli.models import PackageModel
from aimcodec.cli.output import print_json
from aimcodec.cli.packages import opened
from aimcodec.cli.report import about, shown_path
from aimcodec.cli.write_files import Written, write_file
from aimcodec.errors import ArgumentError

__all__ = ["decode"]

PACKAGE, NNC = "Packages", "NNC"


def decode(
    stream: Annotated[
        str, typer.Argument(metavar="M.aim|M.nnc", help="A package (also a URL) or a stream.", show_default=False)
    ],
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The file: .npz, .gguf, .onnx, else safetensors.", show_default=False),
    ],
    variant: Annotated[str | None, typer.Option(help="Form of the parameters.", rich_help_panel=PACKAGE)] = None,
    base: Annotated[
        Path | None,
        typer.Option(
            help="safetensors file that an update refines; the result is the refined model.", rich_help_panel=NNC
        ),
    ] = None,
    after: Annotated[
        list[Path] | None,
        typer.Option(help="Stream that the update follows; repeat for several, first to last.", rich_help_panel=NNC),
    ] = None,
    local_scaling: Annotated[
        bool, typer.Option("--local-scaling", help="Apply local scaling to the weights.", rich_help_panel=NNC)
    ] = False,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Decodes a package or an NNC stream into a file of tensors, with the metadata of the package."""
    with about(stream):
        package = is_package(stream)
    if package and (base is not None or after or local_scaling):
        raise ArgumentError("--base, --after and --local-scaling are options of NNC streams")
    if not package and variant is not None:
        raise ArgumentError("--variant is an option of packages")
    if package:
        written = _decode_package(stream, output, variant or "", threads)
    else:
        written = decode_nnc(Path(stream), output, base, after or [], local_scaling, threads)
    _print(written, output, package, json)


def _decode_package(source: str, output: Path, variant: str, threads: int | None) -> Written:
    with opened(source, variant=variant, threads=threads) as package:
        return write_file(PackageModel(package), source, output)


def _print(written: Written, output: Path, package: bool, json: bool) -> None:
    rate = (written.memory if package else written.elements) / written.seconds / 1e6
    if json:
        print_json(
            {
                "output": str(output),
                "tensors": written.tensors,
                "elements": written.elements,
                "losses": written.losses,
                "seconds": written.seconds,
                "mb_per_second" if package else "mweights_per_second": rate,
            }
        )
    else:
        size = f"{written.tensors:,} tensors, {written.elements:,} elements"
        unit = "MB/s" if package else "Mweights/s"
        print(f"{shown_path(output)}: {size}, {written.seconds:.2f} s, {rate:.1f} {unit}")
