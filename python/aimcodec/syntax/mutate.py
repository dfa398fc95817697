"""Mutating: a stream with one element changed, and with or without what depends on it put right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..bits import BitReader, Buffer, byte_view
from ..errors import ArgumentError
from ..limits import DEFAULT_LIMITS, Limits
from .coverage import counters
from .elements import Element
from .places import Bits, Place, SyntaxName, UnitPlaces, places_of
from .points import TEXTS, Domain, carried_by, domain_of
from .repair import repaired

__all__ = ["CannotMutateError", "Mutation", "MutationKind", "mutate"]

MutationKind: TypeAlias = Literal[
    "min", "max", "below", "above", "other", "reserved", "flip", "count", "length", "random", "bits"
]


class CannotMutateError(ArgumentError):
    """Nothing in the stream can be changed in this way."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A changed stream and what was changed.

    Attributes:
        data: the stream.
        kind: "min", "max": an end of the permitted range; "below", "above": the value next to it outside; "other":
            another permitted value of an enumeration; "reserved": one that is not permitted; "flip": the other value of
            a flag; "count", "length": of a loop or text, without its elements or bytes; "random": any permitted value;
            "bits": other bits in an element that is no number.
        path: the element.
        bit_offset: its first bit.
        old: value before; of texts, bytes and payloads the bits as a number, of payloads those of the byte changed.
        new: value after, in the same form.
        legal: whether the element by itself may have the new value.
    """

    data: bytes
    kind: MutationKind
    path: str
    bit_offset: int
    old: Any
    new: Any
    legal: bool


@dataclass(frozen=True, slots=True)
class _Change:
    kind: MutationKind
    old: Any
    new: Any
    bits: Bits
    legal: bool
    shift: int = 0  # bits from the start of the place


def mutate(
    data: Buffer,
    syntax: SyntaxName,
    rng: random.Random,
    *,
    kinds: frozenset[MutationKind] | None = None,
    repair: bool = True,
    limits: Limits = DEFAULT_LIMITS,
) -> Mutation:
    """Changes one element of a stream; of a damaged one, an element that can be read.

    Args:
        rng: where all choices come from.
        kinds: what may be done; None for anything.
        repair: put sizes, checksums and digests right that the change makes wrong, so that the element changed is the
            first thing at fault; else leave them.

    Raises:
        CannotMutateError: no element of the stream can be changed like that.
    """
    view = byte_view(data)
    units = places_of(view, syntax, limits)
    names: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for unit, number, place in _all(units):
        names.setdefault((unit, place.element.name), []).append((unit, number))
    groups = list(names.values())  # so that the many values of an array are not changed more often than others
    rng.shuffle(groups)
    for group in groups:
        unit, number = rng.choice(group)
        changes = _changes(units[unit], units[unit].places[number], syntax, rng)
        if kinds is not None:
            changes = [change for change in changes if change.kind in kinds]
        if changes:
            return _applied(units, unit, number, rng.choice(changes), syntax, repair)
    raise CannotMutateError("no element of the stream can be changed like that")


def _all(units: list[UnitPlaces]) -> Iterator[tuple[int, int, Place]]:
    for unit, found in enumerate(units):
        for number, place in enumerate(found.places):
            yield unit, number, place


def _applied(
    units: list[UnitPlaces], unit: int, number: int, change: _Change, syntax: SyntaxName, repair: bool
) -> Mutation:
    place = units[unit].places[number]
    parts = [bytes(each.data[each.start >> 3 : each.end >> 3]) for each in units]
    parts[unit] = units[unit].written({number: change.bits})
    if repair:
        repaired(parts, units, unit, number, change.bits, syntax)
    return Mutation(
        b"".join(parts), change.kind, place.path, place.start + change.shift, change.old, change.new, change.legal
    )


def _changes(unit: UnitPlaces, place: Place, syntax: SyntaxName, rng: random.Random) -> list[_Change]:
    domain = domain_of(place.element)
    if domain is not None and not place.element.rule:
        return _numbers(place, domain, counters(syntax), rng)
    return _bits(unit, place, rng)


def _numbers(place: Place, domain: Domain, counted: frozenset[str], rng: random.Random) -> list[_Change]:
    """All kinds of other values of a numeric element that its descriptor can carry."""
    name, old = place.element.name, place.value
    wanted: list[tuple[MutationKind, int]] = [
        ("min", domain.least),
        ("max", domain.greatest),
        ("below", domain.least - 1),
        ("above", domain.greatest + 1),
        ("random", rng.choice(domain.values) if domain.values else rng.randint(domain.least, domain.greatest)),
    ]
    if domain.values == (0, 1):
        wanted.append(("flip", 1 - old))
    elif domain.values:
        wanted.append(("other", rng.choice(domain.values)))
    if domain.outside:
        wanted.append(("reserved", rng.choice(domain.outside)))
    if name in counted:
        wanted += [("count", old + step) for step in (-1, 1, rng.choice((2, 10, 1000)))]
    if name.endswith("_size"):
        wanted += [("length", old + step) for step in (-1, 1, rng.choice((2, 10, 1000)))]
    allowed = place.element.allowed
    changes = []
    for kind, new in wanted:
        bits = _encoded(place.element, new)
        if new != old and bits is not None:
            changes.append(_Change(kind, old, new, bits, allowed is None or new in allowed))
    return changes


def _encoded(element: Element[Any], value: int) -> Bits | None:
    """The bits that mean a value, permitted or not; None if none do."""
    carried = carried_by(element)
    if carried is None or value not in carried:
        return None
    kind, _, width = element.descriptor.rstrip(")").partition("(")
    if kind in {"u", "i"}:
        return Bits(value % (1 << int(width)), int(width))
    code = value if kind == "ue" else 2 * value - 1 if value > 0 else -2 * value
    word = code + (1 << int(width))
    return Bits(word, 2 * word.bit_length() - 1 - int(width))


def _bits(unit: UnitPlaces, place: Place, rng: random.Random) -> list[_Change]:
    """Other bits in place of an element that is no number."""
    element, length = place.element, place.end - place.start
    if not length:
        return []
    raw = BitReader(unit.data).peek(place.start, length)
    if isinstance(place.value, memoryview):
        return [_byte(place, raw, rng)]
    fixed = 8 if element.descriptor.startswith("st") else 0  # without its end a string would go on
    if length == fixed:
        return []
    free = length - fixed
    flipped = 1 << rng.randrange(free) if rng.randrange(2) else rng.randrange(1, 1 << free)
    new = raw ^ flipped << fixed
    text = (new >> fixed).to_bytes(free >> 3, "big") if element.descriptor.startswith(TEXTS) else b""
    return [_Change("bits", raw, new, Bits(new, length), not element.rule and _is_text(text))]


def _byte(place: Place, raw: int, rng: random.Random) -> _Change:
    """Another byte somewhere in a payload."""
    offset = rng.randrange(len(place.value))
    old = place.value[offset]
    new = old ^ rng.randrange(1, 256)
    below = 8 * (len(place.value) - 1 - offset)
    bits = Bits(raw ^ (old ^ new) << below, place.end - place.start)
    return _Change("bits", old, new, bits, legal=True, shift=8 * offset)


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
