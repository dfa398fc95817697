"""Errors as one line and an exit code."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

import typer

from aimcodec.cli.formats import is_url
from aimcodec.errors import (
    AimcError,
    ArgumentError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    MissingReferenceError,
    OutOfMemoryError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)
from aimcodec.inspect.text import printable

__all__ = [
    "CommandError",
    "ExitCode",
    "about",
    "end_damaged",
    "error_text",
    "exit_code",
    "note",
    "place_command",
    "shown_path",
]


class ExitCode(IntEnum):
    """What the command line tells its caller; 5 is reserved."""

    GOOD = 0
    DIFFERENT = 1
    USAGE = 2
    MALFORMED = 3
    UNSUPPORTED = 4
    IO = 6
    INTERNAL = 70
    INTERRUPTED = 130
    BROKEN_PIPE = 141


_CODES: dict[ExitCode, tuple[type[BaseException], ...]] = {
    ExitCode.USAGE: (ArgumentError,),
    ExitCode.MALFORMED: (TruncatedError, MalformedError, OutOfRangeError, InconsistentError, MissingReferenceError),
    ExitCode.UNSUPPORTED: (UnsupportedError, LimitExceededError, OutOfMemoryError, MemoryError),
    ExitCode.IO: (OSError,),
}


class CommandError(Exception):
    """The end of a command: what to print, and the exit code."""

    def __init__(self, code: ExitCode, message: str) -> None:
        self.code = code
        super().__init__(message)


def exit_code(error: BaseException) -> ExitCode:
    """The exit code that stands for a kind of error."""
    return next((code for code, kinds in _CODES.items() if isinstance(error, kinds)), ExitCode.INTERNAL)


def note(message: str) -> None:
    """A line on stderr."""
    print(f"aimc: {printable(message)}", file=sys.stderr)


def shown_path(file: Path | str) -> str:
    """A path as text for people."""
    return printable(str(file))


def place_command(file: Path | str, bit: int | None, path: str) -> str:
    """The command that shows a place of a stream: of an error in a codeword, the last bins. Empty if no place."""
    command = f"aimc inspect {shlex.quote(str(file))}"
    if path.endswith(".payload"):
        return f"{command} --bins {shlex.quote(path.removesuffix('.payload'))} --range -20:"
    if bit is not None:
        return f"{command} --at-bit {bit}"
    return f"{command} --path {shlex.quote(path)}" if path else ""


def error_text(file: Path | str, error: AimcError) -> str:
    """An error of a stream with the command that shows its place."""
    place = "" if is_url(str(file)) else place_command(file, error.bit_offset, error.path)
    return f"{error}; see: {place}" if place else str(error)


def end_damaged(file: Path | str, errors: Sequence[AimcError]) -> None:
    """Notes what is wrong with a stream of which the rest was shown, and ends the command if anything is."""
    for error in errors:
        note(error_text(file, error))
    if errors:
        raise typer.Exit(max(map(exit_code, errors)))


@contextmanager
def about(file: Path | str, *, stream: bool = True) -> Iterator[None]:
    """Names the file in the errors of a block; for a stream also the command that shows the place."""
    try:
        yield
    except BrokenPipeError:  # of stdout, not of the file
        raise
    except AimcError as error:
        raise CommandError(exit_code(error), f"{file}: {error_text(file, error) if stream else error}") from error
    except OSError as error:
        raise CommandError(ExitCode.IO, f"{file}: {error.strerror or error}") from error
