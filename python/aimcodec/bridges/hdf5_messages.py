"""Messages of HDF5 object headers: sizes, types, and attributes that are texts (IV.A.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aimcodec.bridges.hdf5_places import Bytes
from aimcodec.errors import MalformedError, TruncatedError, UnsupportedError

__all__ = ["Message", "Type", "read_attribute", "read_space", "read_type"]

CLASSES = (
    "integers",
    "floats",
    "times",
    "texts",
    "bits",
    "blocks",
    "records",
    "references",
    "names",
    "lists",
    "arrays",
)
FIXED, FLOAT, TEXT, NAMES, LISTS = 0, 1, 3, 8, 9
# Bytes, then place and bits of the exponent, place and bits of the mantissa, bias.
FLOATS: dict[tuple[int, ...], str] = {
    (2, 10, 5, 0, 10, 15): "FLOAT16",
    (2, 7, 8, 0, 7, 127): "BFLOAT16",
    (4, 23, 8, 0, 23, 127): "FLOAT32",
    (8, 52, 11, 0, 52, 1023): "FLOAT64",
}
VAX = 64  # flag of a byte order that no machine has any more
NULL = 2  # kind of a space without elements and without a shape
HEAP_OBJECT = 16  # bytes before the content of an object of a heap


@dataclass(frozen=True, slots=True)
class Message:
    """A message: kind, place of its content, and the content."""

    kind: int
    place: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Type:
    """A type of elements.

    Attributes:
        name: of a data type of ours in upper case, or what they are in lower case.
        size: bytes of an element.
        is_big: whether the most significant byte comes first.
    """

    name: str
    size: int
    is_big: bool


def _number(content: bytes, place: int, size: int) -> int:
    if place + size > len(content):
        raise TruncatedError("a message of an HDF5 file ends early")
    return int.from_bytes(content[place : place + size], "little")


def read_space(message: Message, path: str) -> tuple[int, ...]:
    """A shape.

    Raises:
        UnsupportedError: there is none.
    """
    content = message.content
    version, rank = _number(content, 0, 1), _number(content, 1, 1)
    if version not in {1, 2}:
        raise UnsupportedError(f"{path!r} has a size of version {version}")
    if version == 2 and _number(content, 3, 1) == NULL:
        raise UnsupportedError(f"array {path!r} has no shape")
    begin = 8 if version == 1 else 4
    return tuple(_number(content, begin + 8 * place, 8) for place in range(rank))


def read_type(content: bytes, path: str) -> Type:
    """A type of elements.

    Raises:
        UnsupportedError: it is none that is known.
    """
    kind, flags, size = _number(content, 0, 1) & 15, _number(content, 1, 3), _number(content, 4, 4)
    if kind >= len(CLASSES):
        raise UnsupportedError(f"{path!r} has elements of the unknown class {kind}")
    name = CLASSES[kind]
    if kind == FIXED:
        whole = (_number(content, 8, 2), _number(content, 10, 2)) == (0, 8 * size)
        if whole and size in {1, 2, 4, 8}:
            name = f"{'INT' if flags & 8 else 'UINT'}{8 * size}"
    elif kind == FLOAT:
        form = (size, *(_number(content, place, 1) for place in (12, 13, 14, 15)), _number(content, 16, 4))
        if not flags & VAX:
            name = FLOATS.get(form, name)
    elif kind == NAMES and size == 1 and flags & 0xFFFF == 2 and b"FALSE\0" in content and b"TRUE\0" in content:
        name = "BOOL"
    return Type(name, size, bool(flags & 1) and kind in {FIXED, FLOAT})


def read_attribute(data: Bytes, message: Message) -> Iterator[tuple[str, str]]:
    """Name and value of an attribute that is one text; nothing for others."""
    content = message.content
    version, name_size, type_size, space_size = (
        _number(content, at, size) for at, size in ((0, 1), (2, 2), (4, 2), (6, 2))
    )
    if version not in {1, 2, 3}:
        raise UnsupportedError(f"an attribute of version {version}")
    place = 9 if version == 3 else 8
    pieces = []
    for size in (name_size, type_size, space_size):
        pieces.append(content[place : place + size])
        place += size if version > 1 else (size + 7) // 8 * 8
    name, kind, space = pieces
    if len(space) < 2 or len(kind) < 8 or read_space(Message(message.kind, 0, space), "an attribute"):
        return  # several values
    text = _text(data, kind, content[place:])
    if text is not None:
        yield _decoded(name), _decoded(text)


def _text(data: Bytes, kind: bytes, value: bytes) -> bytes | None:
    """A text in place, or in a heap; None for other types."""
    number, size = kind[0] & 15, _number(kind, 4, 4)
    if number == TEXT:
        return value[:size]
    if number == LISTS and kind[1] & 15 == 1:
        return _in_heap(data, _number(value, 4, 8), _number(value, 12, 4), _number(value, 0, 4))
    return None


def _in_heap(data: Bytes, heap: int, wanted: int, length: int) -> bytes:
    """An object of a global heap."""
    data.expect(heap, b"GCOL\1")
    place, end = heap + 16, heap + data.number(heap + 8, 8)
    while place + HEAP_OBJECT <= end:
        number, size = data.number(place, 2), data.number(place + 8, 8)
        if number == wanted and number:
            return data.take(place + HEAP_OBJECT, min(size, length))
        if number == 0:
            break
        place += HEAP_OBJECT + (size + 7) // 8 * 8
    raise MalformedError(f"an attribute whose text {wanted} is not in the heap at byte {heap}")


def _decoded(text: bytes) -> str:
    try:
        return text.rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedError(f"the text {text[:40]!r} of an attribute is no UTF-8") from None
