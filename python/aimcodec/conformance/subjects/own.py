"""Where our own subjects are."""

from __future__ import annotations

import shlex
import sys
from importlib import import_module
from pathlib import Path

from aimcodec.conformance.command import Command, parse_command
from aimcodec.errors import ArgumentError

__all__ = ["own_command", "own_library"]


def own_command(name: str) -> Command:
    """The command of a decoder: "native" or "reference"."""
    module = f"aimcodec.conformance.subjects.{name}"
    return parse_command(f"{shlex.quote(sys.executable)} -m {module} {{in}} {{outdir}} {{options}}", "in", "outdir")


def own_library() -> Path:
    """The shared library that exports conform_plugin.h for our codecs. Raises ArgumentError where none is installed."""
    try:
        path = Path(import_module("aimcodec.capi").plugin_path())
    except (ImportError, OSError) as error:
        raise ArgumentError(f"the plug-in of aimcodec is not installed: {error}") from error
    if not path.is_file():
        raise ArgumentError(f"the plug-in of aimcodec is not installed: no {path}")
    return path
