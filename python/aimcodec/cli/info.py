"""aimc info."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.formats import Format, format_of
from aimcodec.cli.info_aim import show_package
from aimcodec.cli.info_nnc import show_stream
from aimcodec.cli.info_other import show_other
from aimcodec.cli.report import about

__all__ = ["info"]


def info(
    stream: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="A package (also a URL), a stream, or any format read.", show_default=False
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Shows what a package, a stream or a model of another format holds, without decoding it.

    Of a stream, bytes are those of the unit, with its header; a block has one unit for its tensors.
    """
    with about(stream):
        kind = format_of(stream)
        if kind is Format.AIM:
            show_package(stream, json)
        elif kind is Format.NNC:
            show_stream(Path(stream), json)
        else:
            show_other(stream, json)
