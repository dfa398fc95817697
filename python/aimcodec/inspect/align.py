"""Which units of two streams belong together: by what they are about, not only by their number."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from aimcodec.inspect.symbols import symbol
from aimcodec.inspect.tree import Node

__all__ = ["Pair", "align", "unit_label"]

TYPES = ("nnr_unit_type", "unit_type")

# What tells units of one type from each other.
NAMES = frozenset(
    ("topology_elem_id", "topology_elem_id_list", "tensor_name", "alias_name", "asset_name", "variant_name")
)
QUALIFIERS = frozenset(("variant_id", "segment_start"))

SHOWN_NAMES = 2


class Pair(NamedTuple):
    """A unit of one stream and that of another; one of them may be missing.

    Attributes:
        first: number of the unit in the first stream.
        second: in the second.
        moved: whether other units are before or after it.
    """

    first: int | None
    second: int | None
    moved: bool = False


def unit_label(unit: Node) -> str:
    """The type of a unit and what it is about."""
    kind = next((c.record for c in unit.children if c.record and c.name in TYPES), None)
    label = "not readable" if kind is None else symbol(kind.path.rpartition(".")[2], kind.value) or f"type {kind.value}"
    names = _values(unit, NAMES)
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"{label} {', '.join(map(repr, names[:SHOWN_NAMES]))}{more}".rstrip()


def _values(unit: Node, names: frozenset[str]) -> list[Hashable]:
    return [leaf.record.value for leaf in unit.walk() if leaf.record and leaf.name.partition("[")[0] in names]


def _kind(unit: Node) -> Hashable:
    return next((c.record.value for c in unit.children if c.record and c.name in TYPES), None)


def _key(unit: Node) -> Hashable:
    return _kind(unit), tuple(_values(unit, NAMES)), tuple(_values(unit, QUALIFIERS))


def align(first: Sequence[Node], second: Sequence[Node]) -> list[Pair]:
    """Pairs of units, in the order of the first stream; those that only the second has are where they are in it.

    Units of the same names belong together. Those without a partner, between the same two pairs, do if they are of the
    same type: they were renamed.
    """
    places = {key: number for number, key in enumerate(_numbered(map(_key, second)))}
    partners = [places.get(key) for key in _numbered(map(_key, first))]
    taken = {place for place in partners if place is not None}
    pairs: list[Pair] = []
    start_a = start_b = 0
    for stop_a, stop_b in [*_longest_rise(partners), (len(first), len(second))]:
        loose = [(_kind(second[b]), b) for b in range(start_b, stop_b) if b not in taken]
        named = [(a, partners[a]) for a in range(start_a, stop_a)]
        pairs += _between([(_kind(first[a]), a, partner) for a, partner in named], loose)
        if stop_a < len(first):
            pairs.append(Pair(stop_a, stop_b))
        start_a, start_b = stop_a + 1, stop_b + 1
    return pairs


def _between(
    units: Sequence[tuple[Hashable, int, int | None]], loose: Sequence[tuple[Hashable, int]]
) -> Iterator[Pair]:
    """Units (type, number, partner) between two pairs, and those of the second stream there that have no partner."""
    waiting: defaultdict[Hashable, deque[int]] = defaultdict(deque)
    for kind, number in loose:
        waiting[kind].append(number)
    alone = {number for _, number in loose}
    least = -1  # renamed units are in order
    for kind, number, partner in units:
        renamed = waiting[kind]
        while renamed and renamed[0] < least:
            renamed.popleft()
        if partner is not None:
            yield Pair(number, partner, moved=True)
        elif renamed:
            least = renamed.popleft()
            alone.remove(least)
            yield Pair(number, least)
        else:
            yield Pair(number, None)
    yield from (Pair(None, number) for number in sorted(alone))


def _numbered(keys: Iterable[Hashable]) -> Iterator[tuple[Hashable, int]]:
    """Keys with how often they came before, which makes them unique."""
    seen: Counter[Hashable] = Counter()
    for key in keys:
        yield key, seen[key]
        seen[key] += 1


def _longest_rise(values: Sequence[int | None]) -> list[tuple[int, int]]:
    """The longest selection of different numbers that rises, as (index, number); None is left out."""
    lasts: list[int] = []  # the least last number of a rise of each length
    ends: list[int] = []  # where that is
    before: dict[int, int] = {}
    for index, value in enumerate(values):
        if value is None:
            continue
        length = bisect_left(lasts, value)
        before[index] = ends[length - 1] if length else -1
        lasts[length : length + 1] = [value]
        ends[length : length + 1] = [index]
    found: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append((index, values[index] or 0))
        index = before[index]
    return found[::-1]
