"""Options and endings that all runs of `aimc conform` have in common."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from aimcodec.cli.files import replacing
from aimcodec.cli.output import print_lines, width
from aimcodec.cli.report import CommandError, ExitCode
from aimcodec.errors import AimcError, ArgumentError

if TYPE_CHECKING:
    from aimcodec.conformance.report.records import Report

__all__ = [
    "HtmlOption",
    "JobsOption",
    "JsonOption",
    "JunitOption",
    "MemoryOption",
    "TimeoutOption",
    "bytes_of",
    "check_places",
    "counting",
    "finish",
    "kit_errors",
    "write_text",
]

REPORTS = "Reports"
JsonOption = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="The report.", rich_help_panel=REPORTS)]
JunitOption = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="JUnit XML.", rich_help_panel=REPORTS)
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="A page for people.", rich_help_panel=REPORTS)
]
LIMITS = "Limits of each run"
TimeoutOption = Annotated[float, typer.Option(min=0.1, help="Seconds.", rich_help_panel=LIMITS)]
MemoryOption = Annotated[
    str, typer.Option("--mem", metavar="SIZE", help="Address space: bytes, or 512M, 1G ...", rich_help_panel=LIMITS)
]
JobsOption = Annotated[int, typer.Option(min=1, max=256, help="Runs at the same time.")]

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def bytes_of(size: str) -> int:
    """A size in bytes, "1G" being 2^30. Raises ArgumentError where it is none."""
    found = re.fullmatch(r"([0-9]{1,15})([KMGT]?)", size.upper())
    if found is None or int(found[1]) == 0:
        raise ArgumentError(f"{size!r} is no size")
    return int(found[1]) * UNITS[found[2]]


def check_places(keep: Path | None, *reports: Path | None) -> None:
    """Looks before a long run whether its results can be written. Raises ArgumentError."""
    if keep is not None and keep.exists() and not keep.is_dir():
        raise ArgumentError(f"{keep}: not a folder")
    for file in filter(None, reports):
        folder = Path(os.path.realpath(file)).parent
        if not folder.is_dir():
            raise ArgumentError(f"{file}: there is no folder {folder}")
        if file.exists() and not file.is_file():
            raise ArgumentError(f"{file}: not a regular file")
        if not os.access(folder, os.W_OK):
            raise ArgumentError(f"{file}: the folder cannot be written to")


@contextmanager
def kit_errors() -> Iterator[None]:
    """What goes wrong outside of a run is trouble of the kit or of its use: exit code 2. Signals end it tidily."""
    from aimcodec.conformance.child import KitError

    try:
        with _tidy_end():
            yield
    except BrokenPipeError:
        raise
    except (AimcError, KitError, OSError) as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Lets SIGTERM and SIGHUP, where they end the program, end it as an exception: folders are removed then."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, _: object) -> None:
    raise SystemExit(128 + number)


@contextmanager
def counting(title: str, total: int) -> Iterator[Callable[[Any], None]]:
    """Gives a function to call after each run, for a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda _: bar.advance(task)


def finish(report: Report, json: Path | None, junit: Path | None, html: Path | None) -> None:
    """Writes the reports asked for, prints the summary, and ends the command: 0, 1 for failures, 2 for kit errors."""
    from aimcodec.conformance.report.as_html import html_text
    from aimcodec.conformance.report.as_json import json_text, report_object
    from aimcodec.conformance.report.as_junit import junit_text
    from aimcodec.conformance.report.as_text import text_lines

    write_text(json, lambda: json_text(report_object(report)))
    write_text(junit, lambda: junit_text(report))
    write_text(html, lambda: html_text(report))
    print_lines(text_lines(report, width()))
    results = {entry.result for entry in report.failures}
    if results == {"kit error"}:
        raise typer.Exit(ExitCode.USAGE)
    if results:
        raise typer.Exit(ExitCode.DIFFERENT)


def write_text(file: Path | None, text: Callable[[], str]) -> None:
    """Writes a file as a whole or not at all."""
    if file is not None:
        with replacing(file) as part:
            part.write_text(text(), "utf-8")
