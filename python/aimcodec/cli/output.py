"""What commands print on stdout."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["print_json", "print_lines", "ratio_text", "width"]

PIPE_WIDTH = 160  # what is not a terminal has no width; COLUMNS sets one


def width() -> int:
    """Columns to fill."""
    fallback = (PIPE_WIDTH, 24)
    return shutil.get_terminal_size(fallback).columns


def print_json(record: Mapping[str, Any]) -> None:
    """One record on one line, in ASCII."""
    print(json.dumps(record, allow_nan=False))


def print_lines(lines: Iterable[str]) -> None:
    """Lines that were made safe to print."""
    for line in lines:
        sys.stdout.write(line + "\n")


def ratio_text(ratio: float | None) -> str:
    """Bytes in the file for a byte of memory, for the end of a list; nothing where there is no memory."""
    return "" if ratio is None else f", ratio {ratio:.4f}"
