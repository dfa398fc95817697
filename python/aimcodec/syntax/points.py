"""Points of coverage: what there is to try about an element, a condition or a loop, and how each is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from ..bits import MAX_UE
from .elements import Element

__all__ = [
    "TEXTS",
    "Domain",
    "Kind",
    "Point",
    "carried_by",
    "count_labels",
    "domain_of",
    "label_of_count",
    "label_of_structure",
    "loop_bounds",
]

Kind: TypeAlias = Literal[
    "structure", "element", "value", "range", "length", "count", "when", "pair", "outside", "rule", "refuse", "size"
]

SMALL_ENUM = 16  # values of a range that are tried one by one
SMALL_SET = 64  # values of a set that are tried one by one
SMALL_LOOP = 255  # rounds of a loop whose maximum is tried
TEXTS = ("st", "utf8")  # how descriptors of texts begin
LOOP = re.compile(r"(?:[ij] < )?(\w+?)(?: ([+-]) (\d+))?")


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a suite of streams should do at least once.

    Attributes:
        id: syntax, structure, kind and what distinguishes it, with slashes between.
        kind: the third part of `id`. "structure", "element": present; "value": of a small enumeration; "range": least,
            greatest, and one between; "length": of a text or payload; "count": rounds of a loop; "when": a side of a
            condition; "pair": values of two flags of one structure. In the invalid set, "outside": a value next to the
            permitted ones; "rule": a rule about an element, in the order of the syntax; "refuse": syntax that is not
            supported; "size": a size or checksum that is wrong.
        path: where it was found first: structures from the unit on, with dots between.
        clause: section of the text.
        valid_set: whether streams that are read without error reach it; else those that are refused because of it.
        text: in words, where the id is not; numbers in it are examples.
    """

    id: str
    kind: Kind
    path: str
    clause: str
    valid_set: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Domain:
    """The values of a numeric element.

    Attributes:
        values: permitted values that are tried one by one; empty where only the ends are.
        least: the least permitted value.
        greatest: the greatest.
        outside: values that the descriptor can carry, next to permitted ones or the greatest of all.
    """

    values: tuple[int, ...]
    least: int
    greatest: int
    outside: tuple[int, ...]

    def labels(self) -> list[str]:
        """Ends of the ids of the points of the valid set."""
        if self.values:
            return [f"value/{{}}/{value}" for value in self.values] if len(self.values) > 1 else []
        return [f"range/{{}}/{end}" for end in ("min", "max", "interior")]

    def label(self, value: int) -> str | None:
        """That of a permitted value."""
        if self.values:
            return f"value/{{}}/{value}" if len(self.values) > 1 else None
        ends = {self.least: "min", self.greatest: "max"}
        return f"range/{{}}/{ends.get(value, 'interior')}"


@lru_cache(maxsize=4096)
def domain_of(element: Element[Any]) -> Domain | None:
    """The domain of an element; None where its values are no integers."""
    carried = carried_by(element)
    if carried is None:
        return None
    allowed = carried if element.allowed is None else element.allowed
    least, greatest = (allowed[0], allowed[-1]) if isinstance(allowed, range) else (min(allowed), max(allowed))
    small = len(allowed) <= SMALL_ENUM if isinstance(allowed, range) and _short(allowed) else False
    listed = small or (not isinstance(allowed, range) and len(allowed) <= SMALL_SET)
    values = tuple(sorted(allowed)) if listed else ()
    edges = {least, greatest} if isinstance(allowed, range) else set(allowed)
    near = {edge + step for edge in edges for step in (-1, 1)}
    near |= {carried[-1]} if element.descriptor[0] == "u" and element.width else set()
    outside = tuple(sorted(value for value in near if value in carried and value not in allowed))
    return Domain(values, least, greatest, outside)


def _short(allowed: range) -> bool:
    return allowed[-1] - allowed[0] < SMALL_ENUM  # the length of a longer range may not fit a machine word


def carried_by(element: Element[Any]) -> range | None:
    """Values that the bits of a descriptor can say; None where they are no integers."""
    found = re.fullmatch(r"(u|i|ue|ie)\((\d+)\)", element.descriptor)
    if element.rule and isinstance(element.allowed, range):
        return range(2)  # right or wrong
    if found is None:
        return None
    width = int(found[2])
    if found[1] == "u":
        return range(1 << width)
    if found[1] == "i":
        return range(-1 << (width - 1), 1 << (width - 1))
    last = 2 * MAX_UE - (1 << width) - 1  # the longest prefix that is read
    return range(last + 1) if found[1] == "ue" else range(-(last >> 1), (last + 1) // 2 + 1)


def loop_bounds(wording: str, elements: Mapping[str, Element[Any]]) -> tuple[int, int | None]:
    """Least and greatest number of rounds, as far as the wording of the loop and its element say."""
    found = LOOP.fullmatch(wording)
    domain = domain_of(elements[found[1]]) if found and found[1] in elements else None
    if found is None or domain is None:
        return 0, None
    shift = int(f"{found[2] or '+'}{found[3] or 0}")
    return max(0, domain.least + shift), domain.greatest + shift


def count_labels(least: int, greatest: int | None) -> list[str]:
    """Points of a loop that goes round so many times."""
    labels = [str(count) for count in range(3) if count >= least] + ["many"]
    return [*labels, "max"] if greatest is not None and 3 < greatest <= SMALL_LOOP else labels


def label_of_structure(name: str, structure: Callable[..., object]) -> str:
    """Name of a structure in ids: one with a table of its own is the same wherever it occurs."""
    own = structure.__name__
    return name if own.startswith("_") else own


def label_of_count(count: int) -> str:
    """That of a number of rounds."""
    return str(max(count, 0)) if count < 3 else "many"
