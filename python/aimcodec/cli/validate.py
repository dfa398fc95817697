"""aimc validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import aimcodec
from aimcodec import nnc
from aimcodec.bits import Buffer
from aimcodec.cli.files import map_file
from aimcodec.cli.output import print_json
from aimcodec.cli.report import ExitCode, about, exit_code, place_command, shown_path
from aimcodec.cli.validate_model import validate_models
from aimcodec.errors import AimcError, ArgumentError
from aimcodec.inspect import check_any, is_package, place_of
from aimcodec.inspect.text import printable
from aimcodec.limits import DEFAULT_LIMITS
from aimcodec.syntax.nnc import check_stream

__all__ = ["validate"]


def validate(
    streams: Annotated[
        list[Path], typer.Argument(metavar="FILE ...", help="Packages and streams.", show_default=False)
    ],
    every: Annotated[bool, typer.Option("--all", help="All violations of the syntax instead of the first.")] = False,
    sequence: Annotated[
        bool, typer.Option("--sequence", help="NNC streams are updates of a sequence: each follows the one before it.")
    ] = False,
    model: Annotated[
        bool, typer.Option("--model", help="The graph instead: whether it makes sense, and fits the parameters.")
    ] = False,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object for each stream.")] = False,
) -> None:
    """Checks packages and streams front to back, decodes them completely, and says where they are wrong.

    Without --sequence each stream is decoded by itself.
    With --model the graphs of models in any format are checked; exit code 1 if one has errors.
    """
    if model:
        if every or sequence:
            raise ArgumentError("--model goes with neither --all nor --sequence")
        worst = validate_models(streams, json)
        if worst != ExitCode.GOOD:
            raise typer.Exit(worst)
        return
    worst = ExitCode.GOOD
    decoder = nnc.Decoder(threads=threads)
    for stream in streams:
        if not sequence:
            decoder = nnc.Decoder(threads=threads)
        with about(stream):
            data = map_file(stream)
            errors = _package_errors(data, every, threads) if is_package(data) else _errors(data, decoder, every)
        findings = [_finding(error, data, stream) for error in errors]
        worst = max([worst, *map(exit_code, errors)])
        if json:
            print_json({"file": str(stream), "ok": not errors, "errors": findings})
        elif not errors:
            print(f"{shown_path(stream)}: ok")
        for finding in [] if json else findings:
            _print(stream, finding)
    if worst != ExitCode.GOOD:
        raise typer.Exit(worst)


def _package_errors(data: Buffer, every: bool, threads: int | None) -> list[AimcError]:
    """The first violation of the syntax, or all; those of coded data where the syntax has none."""
    errors = check_any(data, DEFAULT_LIMITS)
    if not errors:
        with aimcodec.open(data, threads=threads) as package:
            errors = package.verify()
    return errors if every else errors[:1]


def _errors(data: Buffer, decoder: nnc.Decoder, every: bool) -> list[AimcError]:
    """The first error, or all violations of the syntax; that of decoding where the syntax has none."""
    violations = check_stream(data) if every else []
    if not violations:
        try:
            decoder.decode(data)
        except AimcError as error:
            return [error]
    return violations


def _finding(error: AimcError, data: Buffer, stream: Path) -> dict[str, Any]:
    place = place_of(error, data)
    return {
        "code": error.code,
        "rule": error.message,
        "bit_offset": place.bit_offset,
        "byte_bit": None if place.bit_offset is None else f"{place.bit_offset >> 3}.{place.bit_offset & 7}",
        "path": place.path or None,
        "clause": place.clause or None,
        "inspect": place_command(stream, place.bit_offset, place.path) or None,
    }


def _print(stream: Path, finding: dict[str, Any]) -> None:
    print(f"{shown_path(stream)}: {finding['code']}: {printable(finding['rule'])}")
    for title, key in (("bit", "bit_offset"), ("byte.bit", "byte_bit"), ("element", "path"), ("clause", "clause")):
        if finding[key] is not None:
            print(f"  {title:8}  {printable(str(finding[key]))}")
    if finding["inspect"] is not None:
        print(f"  see       {printable(finding['inspect'])}")
