"""Running the command line: in this process where that is the same, in one of its own where it is not."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import aimcodec
from aimcodec.cli.app import run

from ..reference.annotated import UNIFORM

PACKAGE_FOLDER = Path(aimcodec.__file__).parents[1]

STREAM = bytes.fromhex(UNIFORM["stream"])  # section 17.1: a start unit, parameter set, topology, and one tensor "w"
TOPOLOGY, DATA = 12, 18  # first bytes of its units 2 and 3


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Command:
    """Runs ``aimc`` in this process."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: object) -> Result:
        self._capture.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = self._capture.readouterr()
        assert "Traceback" not in err
        return Result(code, out, err)


def environment(**variables: str) -> dict[str, str]:
    """For a process of its own: finds the package that is being tested."""
    return {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER), **variables}


def run_python(*arguments: object, **variables: str) -> Result:
    """Runs Python in a process of its own, with variables of the environment."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**variables), check=False)
    return Result(done.returncode, done.stdout, done.stderr)


def changed(data: bytes, *changes: tuple[int, int]) -> bytes:
    """A stream with other bytes at some places."""
    damaged = bytearray(data)
    for place, value in changes:
        damaged[place] = value
    return bytes(damaged)
