"""aimc ls."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.packages import opened
from aimcodec.cli.table import tensor_record
from aimcodec.errors import ArgumentError
from aimcodec.inspect.text import Column, printable, table

__all__ = ["ls"]

COLUMNS = (
    Column("name", least=16),
    Column("type"),
    Column("shape", right=True),
    Column("coding"),
    Column("bytes", right=True),
    Column("coded", right=True),
    Column("ratio", right=True),
)


class Order(str, Enum):
    """What a table is sorted by; largest first, names by their characters."""

    NAME = "name"
    SIZE = "size"
    RATIO = "ratio"


KEYS: dict[Order, Callable[[dict[str, Any]], Any]] = {
    Order.NAME: lambda record: record["name"],
    Order.SIZE: lambda record: -(record["bytes"] or 0),
    Order.RATIO: lambda record: record["ratio"] or 0.0,
}


def ls(
    source: Annotated[str, typer.Argument(metavar="M.aim", help="A package (also a URL).", show_default=False)],
    pattern: Annotated[str, typer.Argument(help="Names wanted, with * and ?.")] = "*",
    *,
    sort: Annotated[Order | None, typer.Option(help="Else in the order of the file.", show_default=False)] = None,
    variant: Annotated[str, typer.Option(help="Form of the parameters.", show_default=False)] = "",
    json: Annotated[bool, typer.Option("--json", help="One JSON object on a line for each tensor.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values; the first line has names.")] = False,
) -> None:
    """Lists the tensors of a package: type, shape, coding, bytes of memory and in the file.

    A tensor of an NNC data unit that holds several has the bytes of all of it.
    """
    if json and as_csv:
        raise ArgumentError("--json and --csv exclude each other")
    with opened(source, variant=variant) as found:
        infos = [found.package.info(name) for name in found.package if fnmatchcase(name, pattern)]
        records = [tensor_record(found, info) for info in infos]
    if sort is not None:
        records.sort(key=KEYS[sort])
    if json:
        for record in records:
            print_json(record)
    elif as_csv:
        _print_csv(records)
    else:
        print_lines(table(COLUMNS, list(_rows(records)), width()))


def _print_csv(records: Iterable[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["name", "dtype", "shape", "coding", "alias_of", "bytes", "coded_bytes", "ratio"])
    for record in records:
        texts = {key: printable(record[key] or "") for key in ("name", "alias_of")}
        shape = "x".join(map(str, record["shape"]))
        writer.writerow(({**record, **texts, "shape": shape}).values())


def _rows(records: Iterable[dict[str, Any]]) -> Iterator[list[str]]:
    for record in records:
        alias = record["alias_of"]
        yield [
            printable(record["name"]),
            record["dtype"],
            " x ".join(map(str, record["shape"])),
            record["coding"] if alias is None else f"= {printable(alias)}",
            "" if record["bytes"] is None else f"{record['bytes']:,}",
            f"{record['coded_bytes']:,}",
            "" if record["ratio"] is None else f"{record['ratio']:.4f}",
        ]
