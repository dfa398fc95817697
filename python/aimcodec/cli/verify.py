"""aimc verify."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

import aimcodec
from aimcodec.cli.output import print_json
from aimcodec.cli.packages import Opened, opened
from aimcodec.cli.progress import progress_bar
from aimcodec.cli.recovery import Lost, recover_to
from aimcodec.cli.report import CommandError, ExitCode, about, shown_path
from aimcodec.errors import AimcError, MalformedError
from aimcodec.inspect.text import printable
from aimcodec.package import Package

__all__ = ["verify"]

WATCH_SECONDS = 0.2  # between looks at what was read


def verify(
    source: Annotated[str, typer.Argument(metavar="M.aim", help="A package (also a URL).", show_default=False)],
    *,
    recovered: Annotated[
        Path | None,
        typer.Option(
            "--recover-to", metavar="GOOD.aim", help="Write what is intact of a damaged one.", show_default=False
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(help="As many as the process may use by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Reads a whole package: every checksum, every digest, and the coded data of all tensors.

    The exit code is 1 if something is wrong; the findings then say where.
    """
    findings, size = _verify(source, threads)
    lost: list[Lost] = []
    if recovered is not None:
        lost = recover_to(source, recovered, threads)
    if json:
        print_json(
            {"file": source, "ok": not findings, "bytes": size, "findings": findings, "lost": list(map(vars, lost))}
        )
    else:
        _print(source, size, findings, lost)
    if findings:
        raise typer.Exit(ExitCode.DIFFERENT)


def _verify(source: str, threads: int | None) -> tuple[list[dict[str, Any]], int]:
    """Findings, and bytes of the package. One that cannot be opened has its damage as findings."""
    try:
        with opened(source, threads=threads) as found:
            with about(source), _watched(found.package, found.units.source.size):
                errors = found.package.verify()
            names = _names(found) if errors else {}
            return [_finding(error, names) for error in errors], found.units.source.size
    except CommandError as failure:
        error = failure.__cause__
        if failure.code != ExitCode.MALFORMED or not isinstance(error, AimcError):
            raise
        return _damage(source, error, threads), 0


def _damage(source: str, error: AimcError, threads: int | None) -> list[dict[str, Any]]:
    """What is wrong with a package that does not open."""
    with about(source), aimcodec.open(source, recover=True, threads=threads) as package:
        if not package.units:
            raise MalformedError("not a package: no unit is intact")
        findings = [_finding(damage.error, {}, damage.tensor) for damage in package.damage]
        known = any(str(damage.error) == str(error) for damage in package.damage)
        return findings if known else [_finding(error, {}), *findings]


def _names(found: Opened) -> dict[int, str]:
    """Unit numbers to the tensors in them, of all variants."""
    names: dict[int, str] = {}
    for variant in found.package.variants:
        package = aimcodec.open(found.units.source, variant=variant.name)  # closed with the source
        for info in map(package.info, package):
            for number in range(info.units[0], sum(info.units)):
                names.setdefault(number, info.name)
    return names


def _finding(error: AimcError, names: dict[int, str], tensor: str | None = None) -> dict[str, Any]:
    unit = re.match(r"units\[(\d+)\]", error.path)
    number = int(unit[1]) if unit else None
    bit = error.bit_offset
    return {
        "code": error.code,
        "rule": error.message,
        "unit": number,
        "tensor": tensor or (None if number is None else names.get(number)),
        "byte": None if bit is None else bit >> 3,
        "bit_offset": bit,
        "path": error.path or None,
    }


@contextmanager
def _watched(package: Package, size: int) -> Iterator[None]:
    """Shows how much of a package was read while the block runs."""
    with progress_bar("verify", "B") as progress:
        if progress is None:
            yield
            return
        done = threading.Event()

        def watch() -> None:
            while not done.wait(WATCH_SECONDS):
                progress(min(package.bytes_fetched, size), size)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
            progress(size, size)


def _print(source: str, size: int, findings: list[dict[str, Any]], lost: list[Lost]) -> None:
    if not findings:
        print(f"{shown_path(source)}: ok, {size:,} bytes")
    for finding in findings:
        print(f"{shown_path(source)}: {finding['code']}: {printable(finding['rule'])}")
        for key in ("unit", "tensor", "byte", "path"):
            if finding[key] is not None:
                print(f"  {key:8}  {printable(str(finding[key]))}")
        if finding["bit_offset"] is not None:
            print(f"  bit       {finding['bit_offset']}")
    for part in lost:
        print(f"lost {part.what}: {printable(part.name)}: {printable(part.why)}")
