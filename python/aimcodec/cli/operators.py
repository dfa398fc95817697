"""aimc operators: the catalogue, and the comparison of a library of operators with the reference."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from aimcodec.cli.conform_report import counting
from aimcodec.cli.files import replacing
from aimcodec.cli.output import print_json, print_lines
from aimcodec.cli.report import CommandError, ExitCode
from aimcodec.errors import ArgumentError

__all__ = ["app"]

app = typer.Typer(
    name="operators", no_args_is_help=True, help="Operators: the catalogue, and libraries of others put to the test."
)

VersionOption = Annotated[
    int | None, typer.Option("--version", help="Of the domain.", show_default="that of the minimal set")
]
DomainOption = Annotated[str, typer.Option(help="Of the operators.", show_default="that of ONNX")]
JsonFlag = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


@app.command("list")
def list_operators(
    version: VersionOption = None,
    domain: DomainOption = "",
    minimal: Annotated[bool, typer.Option("--minimal", help="Only those of the minimal set.")] = False,
    json: JsonFlag = False,
) -> None:
    """Lists the operators of a version of a domain."""
    with _needed():
        from aimcodec.operators.catalogue import operators
        from aimcodec.operators.describe import catalogue_record
        from aimcodec.operators.functions import default_version

        if json:
            record = catalogue_record(version, domain)
            record["operators"] = [entry for entry in record["operators"] if entry["minimal"] or not minimal]
            print_json(record)
            return
        found = operators(default_version(domain) if version is None else version, domain)
    shown = [operator for operator in found if operator.minimal or not minimal]
    print_lines(
        f"{operator.name:26} {operator.since_version:3}  {operator.category.value}{', minimal set' * operator.minimal}"
        for operator in shown
    )


@app.command("describe")
def describe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the operator.")],
    version: VersionOption = None,
    domain: DomainOption = "",
    json: JsonFlag = False,
) -> None:
    """Shows inputs, outputs, attributes, types and rules of an operator."""
    with _needed():
        from aimcodec.operators.catalogue import get
        from aimcodec.operators.describe import lines, operator_record
        from aimcodec.operators.functions import default_version

        operator = get(name, domain, default_version(domain) if version is None else version)
    if json:
        print_json(operator_record(operator))
    else:
        print_lines(lines(operator))
        print_lines(["", *operator.documentation.splitlines()])


@app.command("compare")
def compare_library(
    library: Annotated[Path, typer.Argument(metavar="LIB", help="A shared library with aimc/operators.h.")],
    operator: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this operator; repeat for several.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of drawn inputs.")] = 0,
    repeats: Annotated[int, typer.Option(min=0, help="Runs of which the speed is the median; 0 for none.")] = 5,
    timeout: Annotated[float, typer.Option(help="Seconds for a call.")] = 30.0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Writes the report as JSON too.")] = None,
) -> None:
    """Runs a library of operators on fixed and drawn inputs, beside the reference.

    Exit codes: 0 nothing is wrong, 1 something is.
    """
    with _needed():
        from aimcodec.operators.classes import MINIMAL_SET
        from aimcodec.operators.compare import CLibrary, compare

        if not library.is_file():
            raise ArgumentError(f"{library} is no file")
        with CLibrary(library, seconds=timeout) as loaded:
            names = operator or sorted(set(loaded.operators()) & MINIMAL_SET)
            with counting("comparing", len(names)) as count:
                report = compare(loaded, operators=operator, seed=seed, repeats=repeats, progress=count)
    if json is not None:
        _write(json, report.record())
    print_lines(report.lines())
    if report.failed:
        raise typer.Exit(ExitCode.DIFFERENT)


def _write(path: Path, record: dict[str, object]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(dumps(record, indent=1, allow_nan=False) + "\n", "utf-8")


@contextmanager
def _needed() -> Iterator[None]:
    """A package that is not installed ends the command with what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CommandError(ExitCode.UNSUPPORTED, str(error)) from error
