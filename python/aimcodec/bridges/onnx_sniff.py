"""Telling ONNX models from other files by their first bytes."""

from __future__ import annotations

__all__ = ["looks_like_onnx"]

TEXT, MESSAGE, NUMBER = "text", "message", "number"
# ModelProto: what each tag announces. Other formats begin with the number 1 and a message too, but not with texts.
TAGS = {
    **{0x08: NUMBER, 0x28: NUMBER},
    **{0x12: TEXT, 0x1A: TEXT, 0x22: TEXT, 0x32: TEXT},
    **{0x3A: MESSAGE, 0x42: MESSAGE, 0x72: MESSAGE, 0xA2: MESSAGE, 0xCA: MESSAGE, 0xD2: MESSAGE},
}
FIRST = 0x08  # ir_version
MAX_NUMBER_BYTES = 10
SPACES = b"\t\n\r"


def looks_like_onnx(start: bytes, path: str = "") -> bool:
    """Whether a file that begins so may be an ONNX model: fields of ModelProto.

    Args:
        start: the first bytes, at least 8, better 64 or more.
        path: a name that ends with .onnx tells where the fields do not begin with ir_version, as they usually do.
    """
    fields = _fields(start)
    return len(fields) > 1 and (fields[0] == FIRST or path.lower().endswith(".onnx"))


def _fields(start: bytes) -> list[int]:
    """First bytes of the tags of the fields; none if a model has no such field."""
    place = 0
    found = []
    while place < len(start):
        kind = TAGS.get(start[place])
        if kind is None:
            return []
        found.append(start[place])
        place += 2 if start[place] >= 0x80 else 1  # numbers of fields from 16 on take two bytes
        value, place = _number(start, place)
        if kind != NUMBER:
            if kind == TEXT and not _is_text(start[place : place + value]):
                return []
            place += value
    return found


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A varint and the place after it; as far as there are bytes."""
    value = 0
    for count, byte in enumerate(data[place : place + MAX_NUMBER_BYTES]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            return value, place + count + 1
    return value, place + MAX_NUMBER_BYTES


def _is_text(data: bytes) -> bool:
    return all(byte >= 0x20 or byte in SPACES for byte in data)
