"""What the documents show: files to write, commands to type, and what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A block is a file where the text before it ends with the name: "this is `decode.py`:", "`plugin.c`, complete:".
FILE = re.compile(r"`([\w-]+\.\w+)`[^`]*:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)

# Of the source tree, or of an installed copy.
STREAMS = re.compile(r"\S*(?:conformance_streams|aimcodec/conformance/streams)/")
# The rows and counts of a report follow from how many cases there are, which changes with the suite.
TABLE = re.compile(r"^(syntax +area .*\n)(?:\S.*\n)*", re.MULTILINE)
COUNTS = re.compile(r"^(?=places |none of |[0-9]+ of ).*$", re.MULTILINE)


class Example(NamedTuple):
    """A command line and the text shown below it."""

    command: str
    shown: str


def blocks(text: str, kind: str) -> Iterator[str]:
    return (body for found, body in BLOCK.findall(text) if found == kind)


def examples(text: str) -> list[Example]:
    """Of all console blocks, in order."""
    return [Example(*found) for body in blocks(text, "console") for found in EXAMPLE.findall(body)]


def fits(printed: str, shown: str) -> bool:
    """Whether a text is what is shown.

    A line "..." stands for any lines. Left open are the place of the streams, and how many cases there are.
    """
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", _plain(shown), flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(parts), _plain(printed)) is not None


def _plain(text: str) -> str:
    lines = (STREAMS.sub("STREAMS/", line.rstrip()) for line in text.strip("\n").splitlines())
    joined = TABLE.sub(lambda table: f"{' '.join(table[1].split())}\n", "".join(f"{line}\n" for line in lines))
    return COUNTS.sub(lambda line: " ".join(sorted(re.findall("[a-z]+", line[0]))), joined)


def write_files(text: str, folder: Path) -> None:
    """The files that a document gives, as a reader writes them."""
    for name, body in FILE.findall(text):
        (folder / name).write_text(body, "utf-8")


def run(command: str, folder: Path) -> tuple[int, str]:
    """Runs a command line as typed in a shell, with the programs of this Python; gives the exit code and all it prints.

    Tables give up columns on narrow terminals, so it is a wide one.
    """
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": programs, "COLUMNS": "160"}
    ended = subprocess.run(
        ["sh", "-c", command],  # noqa: S607
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=600,
    )
    return ended.returncode, ended.stdout + ended.stderr
