"""aimc info."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.formats import is_package
from aimcodec.cli.info_aim import show_package
from aimcodec.cli.info_nnc import show_stream
from aimcodec.cli.report import about

__all__ = ["info"]


def info(
    stream: Annotated[
        str, typer.Argument(metavar="M.aim|M.nnc", help="A package (also a URL) or a stream.", show_default=False)
    ],
    json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Shows what a package or stream holds, without decoding it.

    Of a stream, bytes are those of the unit, with its header; a block has one unit for its tensors.
    """
    with about(stream):
        if is_package(stream):
            show_package(stream, json)
        else:
            show_stream(Path(stream), json)
