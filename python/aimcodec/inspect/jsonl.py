"""Traces of others: one JSON object on a line (docs/spec/trace.md), read one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, NoReturn

from aimcodec.errors import LimitExceededError, MalformedError

__all__ = ["MAX_LINE_BYTES", "Line", "read_lines"]

MAX_LINE_BYTES = 1 << 24


class Line(NamedTuple):
    """One line.

    Attributes:
        number: counted from 1.
        fields: its object.
    """

    number: int
    fields: dict[str, Any]


def read_lines(file: BinaryIO) -> Iterator[Line]:
    """The objects of a file, without its blank lines.

    Raises:
        MalformedError: a line is not UTF-8, not JSON, or not an object.
        LimitExceededError: a line is longer than MAX_LINE_BYTES.
        OSError: the file cannot be read.
    """
    number = 0
    while text := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(text) > MAX_LINE_BYTES:
            raise LimitExceededError(f"line {number} has more than {MAX_LINE_BYTES} bytes")
        if text.strip():
            yield Line(number, _object(text, number))


def _object(text: bytes, number: int) -> dict[str, Any]:
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # that of a text that is not UTF-8 is a ValueError
        raise MalformedError(f"line {number} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise MalformedError(f"line {number} is not a JSON object")
    return value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
