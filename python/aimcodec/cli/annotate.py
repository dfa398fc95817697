"""aimc annotate."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.files import map_file
from aimcodec.cli.output import print_lines, width
from aimcodec.cli.report import about, end_damaged
from aimcodec.errors import ArgumentError
from aimcodec.inspect import read_tree
from aimcodec.inspect.annotate import annotated_lines

__all__ = ["annotate"]


def annotate(
    stream: Annotated[
        Path, typer.Argument(metavar="FILE", help="The package or stream, good or damaged.", show_default=False)
    ],
    *,
    unit: Annotated[int | None, typer.Option(min=0, help="Only the unit of this number.")] = None,
    byte_range: Annotated[
        str | None,
        typer.Option(
            "--range", metavar="A:B", help="Only bytes from A up to, not with, B (0x for hexadecimal), none left out."
        ),
    ] = None,
) -> None:
    """Shows the bytes of a package or stream in hexadecimal, with the elements that they hold and their values.

    Where an element is no whole bytes its bits are shown, those of others as dots. Of long payloads the beginning and
    the end are shown; --range shows all. What is not readable is marked !!, and the exit code is 3.
    """
    with about(stream):
        data = map_file(stream)
        tree = read_tree(data)
        units = tree.roots
        if unit is not None:
            units = [root for root in tree.roots if root.name == f"units[{unit}]"]
            if not units:
                raise ArgumentError(f"there is no unit {unit}")
        places = None if byte_range is None else _places(byte_range, data.nbytes)
        print_lines(annotated_lines(tree, units, places, width()))
        end_damaged(stream, tree.errors)


def _places(text: str, size: int) -> range:
    numerals = re.fullmatch(r"(0x[0-9a-fA-F]{1,15}|[0-9]{1,18})?:(0x[0-9a-fA-F]{1,15}|[0-9]{1,18})?", text)
    if numerals is None:
        raise ArgumentError(f"the range {text!r} is not of the form A:B")
    first, last = (None if numeral is None else int(numeral, 0) for numeral in numerals.groups())
    return range(first or 0, size if last is None else min(last, size))
