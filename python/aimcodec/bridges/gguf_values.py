"""Values of the metadata of GGUF files as texts, and texts as values."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from aimcodec.bridges.gguf_header import LENGTH, SCALARS, Entry, Reader
from aimcodec.bridges.gguf_types import ValueType
from aimcodec.errors import UnsupportedError

__all__ = ["string_value", "text_of", "value_of_text"]

MAX_SHOWN = 16  # elements of arrays that have a text; vocabularies have none


def text_of(reader: Reader, entry: Entry) -> str | None:
    """The text of a value: of a string itself, of anything else in JSON; None for long arrays and what is not UTF-8."""
    if entry.kind is ValueType.ARRAY or (entry.count or 0) > MAX_SHOWN:
        return None
    inside = Reader(reader.data, entry.begin)
    try:
        values = [_scalar(inside, entry.kind) for _ in range(1 if entry.count is None else entry.count)]
    except UnicodeDecodeError:
        return None
    if entry.count is not None:
        return "[" + ", ".join(_json(value) for value in values) + "]"
    return values[0] if entry.kind is ValueType.STRING else _json(values[0])


def _scalar(reader: Reader, kind: ValueType) -> Any:
    if kind is ValueType.STRING:
        return reader.text("value").decode("utf-8")
    value = reader.number(SCALARS[kind], "value")
    if kind is ValueType.BOOL:
        return bool(value)
    # As short as the precision of the number allows.
    return np.float32(value) if kind is ValueType.FLOAT32 else value


def _json(value: Any) -> str:
    return str(value) if isinstance(value, np.float32) else json.dumps(value, ensure_ascii=False)


def string_value(text: str) -> bytes:
    """A string as in a file."""
    data = text.encode("utf-8")
    return LENGTH.pack(len(data)) + data


def value_of_text(entry: Entry, text: str) -> bytes:
    """Another value for an entry, of its type.

    Raises:
        UnsupportedError: the text is none of that type, or the entry is an array.
    """
    if entry.kind is ValueType.STRING and entry.count is None:
        return string_value(text)
    try:
        if entry.count is not None:
            raise ValueError("arrays cannot be replaced")
        value = json.loads(text)
        if (type(value) is bool) is not (entry.kind is ValueType.BOOL):
            raise ValueError("bool")
        return SCALARS[entry.kind].pack(value)
    except (ValueError, TypeError, OverflowError, RecursionError, struct.error):
        kind = "array" if entry.count is not None else entry.kind.name
        raise UnsupportedError(f"metadata {entry.key!r}: {text[:80]!r} cannot take the place of the {kind}") from None
