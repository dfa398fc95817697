"""Syntax elements: each is declared once, with its descriptor, its permitted values, and its place in the text."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypeAlias, TypeVar

from ..bits import MAX_UE, BitReader, BitSink

__all__ = [
    "ALIGN",
    "Allowed",
    "Counted",
    "Element",
    "b",
    "counted_bytes",
    "counted_utf8",
    "describe_allowed",
    "flt",
    "i",
    "ie",
    "padding",
    "payload",
    "st",
    "u",
    "ue",
    "utf8",
]

T = TypeVar("T")

Allowed: TypeAlias = range | frozenset[Any]


@dataclass(frozen=True, slots=True)
class Element(Generic[T]):
    """One row of a syntax table.

    Attributes:
        name: as in the text.
        descriptor: as in the text, for example ``ue(7)``.
        clause: section of the text that defines the element.
        doc: one line on its meaning.
        allowed: values it may have; None when every value of the descriptor is good.
        read: takes the value from a bit reader.
        write: gives the value to a bit sink.
        convert: brings a supplied value to the element's type, or raises TypeError.
        width: bits of a u(n) element.
        rule: what a value that is not permitted breaks, where that is the syntax and not a range.
    """

    name: str
    descriptor: str
    clause: str
    doc: str
    allowed: Allowed | None
    read: Callable[[BitReader], T]
    write: Callable[[BitSink, T], None]
    convert: Callable[[Any], T]
    width: int = 0
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Counted(Generic[T]):
    """An element whose number of bytes is another element.

    Attributes:
        name: as in the text.
        size: the other element.
        descriptor: without the number of bytes.
        of: the element for a number of bytes.
    """

    name: str
    size: Element[int]
    descriptor: str
    of: Callable[[int], Element[T]]


def describe_allowed(allowed: Allowed | None) -> str:
    """Permitted values in words."""
    if allowed is None:
        return "any"
    if isinstance(allowed, range) and len(allowed) > 1:
        return f"{allowed[0]} .. {allowed[-1]}"
    return ", ".join(map(str, sorted(allowed)))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not a string")
    return value


def _float(value: Any) -> float:
    if isinstance(value, str | bytes | bytearray):
        raise TypeError(f"{type(value).__name__} is not a number")
    return float(value)


def u(width: int, name: str, clause: str, doc: str, allowed: Allowed | None = None) -> Element[int]:
    """u(n): n bits, unsigned."""
    read = BitReader.flag if width == 1 else lambda bits: bits.u(width)
    if allowed is None:
        allowed = range(1 << width) if width < 64 else None
    return Element(
        name, f"u({width})", clause, doc, allowed, read, lambda bits, value: bits.u(width, value), operator.index, width
    )


def i(width: int, name: str, clause: str, doc: str) -> Element[int]:
    """i(n): n bits, two's complement."""
    half = 1 << (width - 1)
    allowed = range(-half, half) if width < 64 else None
    return Element(
        name,
        f"i({width})",
        clause,
        doc,
        allowed,
        lambda bits: bits.i(width),
        lambda bits, value: bits.i(width, value),
        operator.index,
    )


def ue(order: int, name: str, clause: str, doc: str, allowed: Allowed | None = None) -> Element[int]:
    """ue(k): unsigned Exp-Golomb code of order k, values 0 to 2^32."""
    return Element(
        name,
        f"ue({order})",
        clause,
        doc,
        range(MAX_UE + 1) if allowed is None else allowed,
        lambda bits: bits.ue(order),
        lambda bits, value: bits.ue(order, value),
        operator.index,
    )


def ie(order: int, name: str, clause: str, doc: str, allowed: Allowed | None = None) -> Element[int]:
    """ie(k): signed Exp-Golomb code of order k, values -2^31 to 2^31."""
    return Element(
        name,
        f"ie({order})",
        clause,
        doc,
        range(-MAX_UE // 2, MAX_UE // 2 + 1) if allowed is None else allowed,
        lambda bits: bits.ie(order),
        lambda bits, value: bits.ie(order, value),
        operator.index,
    )


def st(name: str, clause: str, doc: str) -> Element[str]:
    """st(v): UTF-8 string and a zero byte."""
    return Element(name, "st(v)", clause, doc, None, BitReader.st, BitSink.st, _string)


def flt(name: str, clause: str, doc: str) -> Element[float]:
    """flt(32): binary32, little endian."""
    return Element(name, "flt(32)", clause, doc, None, BitReader.flt, BitSink.flt, _float)


def b(size: int, name: str, clause: str, doc: str, allowed: Allowed | None = None, rule: str = "") -> Element[bytes]:
    """b(n): n bytes."""

    def convert(value: Any) -> bytes:
        data = bytes(memoryview(value))
        if len(data) != size:
            raise ValueError(f"{len(data)} bytes, {size} are needed")
        return data

    return Element(
        name,
        f"b({size})",
        clause,
        doc,
        allowed,
        lambda bits: bits.data(size),
        lambda bits, value: bits.data(value),
        convert,
        rule=rule,
    )


def utf8(size: int, name: str, clause: str, doc: str) -> Element[str]:
    """utf8(n): n bytes of UTF-8 without U+0000."""
    return Element(name, f"utf8({size})", clause, doc, None, lambda bits: bits.utf8(size), BitSink.utf8, _string)


def counted_utf8(name: str, clause: str, doc: str, width: int = 16) -> Counted[str]:
    """utf8(name_size) after name_size u(width)."""
    size = u(width, f"{name}_size", clause, f"bytes of {name}")
    return Counted(name, size, "utf8", lru_cache(lambda count: utf8(count, name, clause, doc)))


def counted_bytes(name: str, clause: str, doc: str, width: int = 32) -> Counted[bytes]:
    """b(name_size) after name_size u(width)."""
    size = u(width, f"{name}_size", clause, f"bytes of {name}")
    return Counted(name, size, "b", lru_cache(lambda count: b(count, name, clause, doc)))


def padding(name: str, clause: str, doc: str) -> Element[int]:
    """The fewest zero bytes up to a multiple of 64 bytes."""
    return Element(
        name,
        "padding",
        clause,
        doc,
        range(1),
        BitReader.padding,
        lambda bits, _: bits.padding(),
        operator.index,
        rule="padding is zero bytes",
    )


def payload(name: str, clause: str, doc: str) -> Element[memoryview]:
    """All bytes up to the end of the unit."""
    return Element(name, "bytes", clause, doc, None, BitReader.rest, lambda bits, value: bits.data(value), memoryview)


ALIGN: Element[int] = Element(
    "align",
    "align",
    "1.2",
    "one bit 1, then zero bits up to the next byte boundary",
    range(1, 2),
    BitReader.align,
    lambda bits, _: bits.align(),
    operator.index,
    rule="alignment is a 1 bit and then zero bits up to the byte boundary",
)
