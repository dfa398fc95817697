"""A decoder under test: a command, or a shared library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aimcodec.conformance.child import Allowance, Ended, Launcher
from aimcodec.conformance.command import Command
from aimcodec.conformance.shlib import BROKEN_LIBRARY
from aimcodec.errors import ArgumentError

__all__ = ["CommandDecoder", "Decoder", "Job", "LibraryDecoder", "library_info"]

SYNTAXES = frozenset({"nnc", "aim"})


@dataclass(frozen=True)
class Job:
    """What a decoder is asked for.

    Attributes:
        streams: files, in order.
        options: words of the contract, clause 1.4.
        outdir: an empty directory.
        trace: file that a trace may be written to.
        temporary: directory for temporary files.
    """

    streams: Sequence[Path]
    syntax: str
    options: Sequence[str]
    outdir: Path
    trace: Path
    temporary: Path


class Decoder(Protocol):
    """Whatever can decode a stream in a child."""

    @property
    def call(self) -> str:
        """The command, or the path of the library."""
        ...

    @property
    def takes_options(self) -> bool:
        """Whether options reach it."""
        ...

    @property
    def syntaxes(self) -> frozenset[str]:
        """Those that it says it decodes, where nothing is claimed."""
        ...

    def decode(self, job: Job, launcher: Launcher, allowance: Allowance) -> Ended:
        """Runs it. Raises ArgumentError where it cannot be started, KitError where the kit failed."""
        ...

    def is_broken(self, ended: Ended) -> bool:
        """Whether it could not be called at all."""
        ...


@dataclass(frozen=True)
class CommandDecoder:
    """A command with {in} and {outdir}."""

    command: Command

    @property
    def call(self) -> str:
        """The command as it was given."""
        return self.command.text

    @property
    def takes_options(self) -> bool:
        """Whether it has a place for them."""
        return self.command.has("options")

    @property
    def syntaxes(self) -> frozenset[str]:
        """A command says nothing."""
        return SYNTAXES

    def words(self, job: Job) -> list[str]:
        """The command line for a job."""
        return self.command.filled(
            {
                "in": [str(path) for path in job.streams],
                "outdir": [str(job.outdir)],
                "trace": [str(job.trace)],
                "syntax": [job.syntax],
                "options": list(job.options),
            }
        )

    def decode(self, job: Job, launcher: Launcher, allowance: Allowance) -> Ended:
        """Runs the command."""
        return launcher.run(self.words(job), allowance, job.temporary)

    def is_broken(self, ended: Ended) -> bool:
        """A command that can be started is not."""
        return False


@dataclass(frozen=True)
class LibraryDecoder:
    """A shared library that exports conform_plugin.h; `syntaxes` are those that it says it has."""

    library: Path
    syntaxes: frozenset[str] = SYNTAXES

    @property
    def call(self) -> str:
        """Its path."""
        return str(self.library)

    @property
    def takes_options(self) -> bool:
        """All libraries get them."""
        return True

    def decode(self, job: Job, launcher: Launcher, allowance: Allowance) -> Ended:
        """Calls aimc_conform_decode."""
        call = {
            "do": "decode",
            "streams": [str(path) for path in job.streams],
            "syntax": job.syntax,
            "options": list(job.options),
            "outdir": str(job.outdir),
        }
        return launcher.call(self.library, call, allowance, job.temporary)

    def is_broken(self, ended: Ended) -> bool:
        """Whether it could not be loaded, or lacks a function."""
        return ended.exit_code == BROKEN_LIBRARY


def library_info(library: Path, temporary: Path) -> dict[str, str]:
    """Name, version and syntaxes that a library says it has.

    Raises:
        ArgumentError: it cannot be loaded, or lacks a function.
        KitError: the kit failed.
    """
    with Launcher() as launcher:
        ended = launcher.call(library, {"do": "info"}, Allowance(), temporary)
    if ended.exit_code != 0:
        raise ArgumentError(f"{library}: {ended.stderr.decode(errors='backslashreplace').strip() or ended.how}")
    info: dict[str, str] = json.loads(ended.stdout)
    return info
