"""aimc convert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import aimcodec
from aimcodec.bridges.formats import SHARDS, WriteOptions, written_format
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
    source: Annotated[str, typer.Argument(metavar="FROM", help="Any format that is read.", show_default=False)],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="TO",
            help=".aim, .nnc, .safetensors, .safetensors.index.json, .npz, .gguf or .onnx, as the name says.",
            show_default=False,
        ),
    ],
    *,
    variant: Annotated[str | None, typer.Option(help="Form of the parameters of a package.")] = None,
    shard_bytes: Annotated[
        int | None, typer.Option(min=1, help="Bytes of a file of .safetensors.index.json; 5 GB by default.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> None:
    """Converts between formats of models, told by their first bytes: docs/convert.md has the table.

    To .aim nothing is lost but what is told on stderr; tensors are the same bits in all formats but .nnc (see aimc
    encode for its options). From .nnc to .aim and back the units of the stream are the same bytes.
    """
    with about(source):
        kind = format_of(source)
    to = output_format(output)
    _check_options(kind, to, output, variant, shard_bytes)
    losses: list[str] = []
    if to is Format.AIM and kind is Format.NNC:
        _wrap(source, output, threads)
    elif to is Format.AIM:
        encode_package(source, output, PackageOptions(), threads, json)
        return
    elif to is Format.NNC and kind is Format.AIM:
        with opened(source, variant=variant or "", threads=threads) as package:
            stream = nnc_stream(package)
        _write(stream, output)
    elif to is kind is Format.NNC:
        raise ArgumentError(f"{source} is a stream already")
    elif to is Format.NNC:
        encode_nnc(source, output, NncOptions(), threads, json)
        return
    else:
        options = WriteOptions() if shard_bytes is None else WriteOptions(shard_bytes)
        with about(source), open_model(source, variant=variant or "", threads=threads) as model:
            losses = write_file(model, source, output, options).losses
    _print(output, losses, json)


def _check_options(kind: Format, to: Format, output: Path, variant: str | None, shard_bytes: int | None) -> None:
    """Options that would do nothing."""
    if variant is not None and (kind is not Format.AIM or to is Format.AIM):
        raise ArgumentError("--variant is an option of packages that become something else; packages keep all variants")
    if shard_bytes is not None and written_format(output) is not SHARDS:
        raise ArgumentError("--shard-bytes is an option of files *.safetensors.index.json")


def _wrap(source: str, output: Path, threads: int | None) -> None:
    with about(source):
        stream = read_stream(Path(source))
    with about(output, stream=False), aimcodec.Writer(output, threads=threads) as writer, about(source):
        writer.add_nnc(stream)


def _write(stream: bytes, output: Path) -> None:
    with about(output, stream=False), replacing(output) as part:
        part.write_bytes(stream)


def _print(output: Path, losses: list[str], json: bool) -> None:
    size = output.stat().st_size
    if json:
        print_json({"output": str(output), "bytes": size, "losses": losses})
    else:
        print(f"{shown_path(output)}: {size:,} bytes")
