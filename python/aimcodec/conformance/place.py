"""Where in a stream to look: the command of the inspector, and what it shows."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path

from aimcodec.conformance.report.records import Finding
from aimcodec.errors import AimcError

__all__ = ["at_bit", "of_tensor", "shown_path"]

WIDTH = 110
MAX_STREAM_BYTES = 1 << 20  # larger ones are left to the command
MAX_LINES = 14


def shown_path(path: Path) -> str:
    """A path as it is typed: from the current directory if it is below."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def at_bit(finding: Finding, stream: Path, bit: int) -> Finding:
    """The finding with the command that shows a bit, and what that shows."""
    command = f"aimc inspect {shlex.quote(shown_path(stream))} --at-bit {bit}"
    return _with(finding, command, _lines_at(stream, bit))


def of_tensor(finding: Finding, stream: Path, syntax: str, tensor: str) -> Finding:
    """The finding with the command that shows the payload of a tensor, and the header of its unit."""
    path, lines = _unit_of(stream, tensor)
    file = shlex.quote(shown_path(stream))
    if syntax == "nnc":
        command = f"aimc inspect {file} --bins {shlex.quote(tensor)}"
    else:
        command = f"aimc inspect {file}" + (f" --path {shlex.quote(path)}" if path else "")
    return _with(finding, command, lines)


def _with(finding: Finding, command: str, lines: list[str]) -> Finding:
    return replace(finding, inspect=command, excerpt=tuple(lines))


def _lines_at(stream: Path, bit: int) -> list[str]:
    from aimcodec.inspect import read_tree
    from aimcodec.inspect.render import place_lines

    try:
        data = stream.read_bytes()
        if len(data) > MAX_STREAM_BYTES or not 0 <= bit < 8 * len(data):
            return []
        return [line.rstrip() for line in place_lines(read_tree(data), bit, WIDTH)]
    except (AimcError, OSError):
        return []


def _unit_of(stream: Path, tensor: str) -> tuple[str, list[str]]:
    """Path of the unit of a tensor, and the first lines of it."""
    from aimcodec.inspect import read_tree
    from aimcodec.inspect.render import tree_lines

    try:
        data = stream.read_bytes()
        if len(data) > MAX_STREAM_BYTES:
            return "", []
        tree = read_tree(data)
        for root in tree.roots:
            for node in root.walk():
                if node.record is not None and node.record.value == tensor:
                    lines = list(tree_lines(tree, [root], None, WIDTH))
                    return root.path, [line.rstrip() for line in lines[:MAX_LINES]]
    except (AimcError, OSError):
        pass
    return "", []
