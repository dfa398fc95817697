"""Where our own subjects are."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from aimcodec.conformance.command import Command, parse_command

__all__ = ["own_command", "own_library"]


def own_command(name: str) -> Command:
    """The command of a decoder: "native" or "reference"."""
    module = f"aimcodec.conformance.subjects.{name}"
    return parse_command(f"{shlex.quote(sys.executable)} -m {module} {{in}} {{outdir}} {{options}}", "in", "outdir")


def own_library() -> Path:
    """The shared library that exports conform_plugin.h for our codecs. Raises UnsupportedError without one."""
    from aimcodec.capi import plugin_path

    return plugin_path()
