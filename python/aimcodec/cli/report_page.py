"""aimc report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.files import map_file, replacing
from aimcodec.cli.output import print_json
from aimcodec.cli.report import ExitCode, about, note, shown_path
from aimcodec.errors import ArgumentError
from aimcodec.report import collect, page

__all__ = ["report"]


def report(
    stream: Annotated[
        Path, typer.Argument(metavar="FILE", help="The package or stream, good or damaged.", show_default=False)
    ],
    *,
    html: Annotated[bool, typer.Option("--html", help="One HTML page, which needs no network. The default.")] = False,
    json: Annotated[bool, typer.Option("--json", help="What the page shows, as one JSON object.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Else FILE.html in this folder; - is stdout.", show_default=False),
    ] = None,
) -> None:
    """Writes a page about a package or stream: sizes, tensors with histograms, units, syntax linked to bytes, findings.

    Exit code 3 if something is wrong with the file; the page tells what.
    """
    if html and json:
        raise ArgumentError("--html and --json exclude each other")
    with about(stream):
        found = collect(map_file(stream), stream.name)
    if json:
        print_json(found)
    else:
        _write(page(found), output or Path(f"{stream.name}.html"))
    if found["findings"]:
        note(f"{shown_path(stream)}: {len(found['findings'])} findings, the first: {found['findings'][0]['rule']}")
        raise typer.Exit(ExitCode.MALFORMED)


def _write(text: str, output: Path) -> None:
    if str(output) == "-":
        sys.stdout.write(text)
        return
    with about(output, stream=False), replacing(output) as part:
        part.write_text(text, "utf-8")
    print(shown_path(output))
