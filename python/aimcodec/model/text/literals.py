"""Names, texts, bytes and numbers as the text form writes them, and back."""

from __future__ import annotations

import math
import re
import struct

from aimcodec.errors import ArgumentError

__all__ = [
    "float_of",
    "float_text",
    "is_word",
    "name_text",
    "quoted",
    "quoted_bytes",
    "string_text",
    "unescape",
    "unescape_bytes",
]

WORD = r"[A-Za-z_/](?:[A-Za-z0-9_./]|::)*"
_WORD = re.compile(WORD)
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_UNESCAPES = {escape[1]: character for character, escape in _ESCAPES.items()}
_ESCAPE = re.compile(r'\\(?:u\{([0-9a-f]{1,6})\}|([\\"nrt])|.)', re.DOTALL)
_BYTE_ESCAPE = re.compile(r'\\(?:x([0-9a-f]{2})|([\\"nrt])|.)', re.DOTALL)
_BYTES = {code: f"\\x{code:02x}" for code in range(256) if not 32 <= code < 127} | {
    ord(character): escape for character, escape in _ESCAPES.items()
}
QUIET_NAN = 0x7FC00000


def is_word(name: str) -> bool:
    """Whether a name needs no quotes."""
    return _WORD.fullmatch(name) is not None


def name_text(name: str) -> str:
    """A name: bare where it is a word, else quoted."""
    return name if is_word(name) else quoted(name)


def quoted(text: str) -> str:
    """A text between quotes, with nothing in it that is invisible or works on a terminal."""
    if not text.isprintable() or '"' in text or "\\" in text:
        text = "".join(map(_escaped, text))
    return f'"{text}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\u{{{ord(character):x}}}"


def quoted_bytes(data: bytes) -> str:
    """Bytes that are no text."""
    return f'b"{data.decode("latin-1").translate(_BYTES)}"'


def string_text(data: bytes) -> str:
    """An element of type STRING: as text where it is UTF-8."""
    try:
        return quoted(data.decode("utf-8"))
    except UnicodeDecodeError:
        return quoted_bytes(data)


def unescape(body: str) -> str:
    """What is between the quotes of a text.

    Raises:
        ValueError: an escape sequence that does not exist.
    """
    return _ESCAPE.sub(_character, body) if "\\" in body else body


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))  # ValueError beyond Unicode
    if found[2]:
        return _UNESCAPES[found[2]]
    raise ValueError(f"no escape sequence: {found[0]}")


def unescape_bytes(body: str) -> bytes:
    """What is between the quotes of bytes.

    Raises:
        ValueError: an escape sequence that does not exist, or a character beyond ASCII.
    """
    if not body.isascii():
        raise ValueError("bytes are written in ASCII")
    return _BYTE_ESCAPE.sub(_byte, body).encode("latin-1")


def _byte(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    if found[2]:
        return _UNESCAPES[found[2]]
    raise ValueError(f"no escape sequence: {found[0]}")


def float_text(value: float) -> str:
    """A binary32 number: the shortest decimal number that is read as it; of a NaN the bits.

    Raises:
        ArgumentError: it is no binary32 number.
    """
    import numpy as np

    try:
        data = struct.pack("<f", value)
    except (struct.error, OverflowError):
        raise ArgumentError(f"{value!r} is no binary32 number") from None
    if math.isnan(value):
        (bits,) = struct.unpack("<I", data)
        return "nan" if bits == QUIET_NAN else f"nan(0x{bits:08x})"
    if struct.unpack("<f", data)[0] != value:
        raise ArgumentError(f"{value!r} is no binary32 number")
    text = str(np.float32(value))
    return text if "inf" in text or float_of(text) == value else repr(float(value))


def float_of(text: str) -> float:
    """The binary32 number nearest to a decimal number.

    Raises:
        OverflowError: it is too large.
    """
    nearest: float = struct.unpack("<f", struct.pack("<f", float(text)))[0]
    return nearest
