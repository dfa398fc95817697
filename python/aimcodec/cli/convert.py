"""aimc convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import aimcodec
from aimcodec.cli.encode_aim import PackageOptions, encode_package
from aimcodec.cli.encode_nnc import encode_nnc
from aimcodec.cli.files import read_stream, replacing
from aimcodec.cli.formats import Format, format_of, output_format
from aimcodec.cli.models import open_model
from aimcodec.cli.nnc_options import NncOptions
from aimcodec.cli.nnc_stream import nnc_stream
from aimcodec.cli.output import print_json
from aimcodec.cli.packages import opened
from aimcodec.cli.report import about, shown_path
from aimcodec.cli.write_files import write_file
from aimcodec.errors import ArgumentError

__all__ = ["convert"]


def convert(
    source: Annotated[str, typer.Argument(metavar="FROM", help="Any of these formats.", show_default=False)],
    output: Annotated[
        Path,
        typer.Argument(metavar="TO", help=".aim, .nnc, .safetensors or .npz, as the name says.", show_default=False),
    ],
    *,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Converts between .safetensors, .npz, .nnc and .aim.

    Nothing is lost, except from .safetensors and .npz to .nnc (see aimc encode for its options). From .nnc to .aim and
    back the units of the stream are the same bytes.
    """
    with about(source):
        kind = format_of(source)
    to = output_format(output)
    if to is Format.AIM and kind is Format.NNC:
        _wrap(source, output, threads)
    elif to is Format.AIM:
        encode_package(source, output, PackageOptions(), threads, json)
        return
    elif to is Format.NNC and kind is Format.AIM:
        with opened(source, threads=threads) as package:
            stream = nnc_stream(package)
        _write(stream, output)
    elif to is kind is Format.NNC:
        raise ArgumentError(f"{source} is a stream already")
    elif to is Format.NNC:
        encode_nnc(source, output, NncOptions(), threads, json)
        return
    else:
        with about(source), open_model(source, threads=threads) as model:
            write_file(model, source, output)
    _print(output, json)


def _wrap(source: str, output: Path, threads: int | None) -> None:
    with about(source):
        stream = read_stream(Path(source))
    with about(output, stream=False), aimcodec.Writer(output, threads=threads) as writer, about(source):
        writer.add_nnc(stream)


def _write(stream: bytes, output: Path) -> None:
    with about(output, stream=False), replacing(output) as part:
        part.write_bytes(stream)


def _print(output: Path, json: bool) -> None:
    size = output.stat().st_size
    if json:
        print_json({"output": str(output), "bytes": size})
    else:
        print(f"{shown_path(output)}: {size:,} bytes")
