"""Ways to damage a stream: truncation, bit flips, random edits of the bytes, and edits of single fields."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aimcodec.errors import AimcError
from aimcodec.syntax.nnc import iter_units, write_units

__all__ = ["bit_flips", "prefixes", "random_mutants"]

INTERESTING_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
INTERESTING_NUMBERS = (0, 1, 2, 3, 4, 7, 8, 9, 255, 256, 65535, 65536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32)
FRAMING = ("nnr_unit_size_flag", "nnr_unit_size")


def prefixes(stream: bytes) -> Iterator[bytes]:
    """Every prefix that is not the whole."""
    return (stream[:length] for length in range(len(stream)))


def bit_flips(stream: bytes) -> Iterator[bytes]:
    """The stream with one bit changed, for every bit."""
    for position in range(8 * len(stream)):
        damaged = bytearray(stream)
        damaged[position >> 3] ^= 0x80 >> (position & 7)
        yield bytes(damaged)


def random_mutants(streams: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """`count` streams with one to three random edits each; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311
    for _ in range(count):
        stream = rng.choice(streams)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            stream = rng.choice(EDITS)(stream, rng, streams)
        yield stream


def _place(stream: bytes, rng: random.Random) -> int:
    return rng.randrange(len(stream) + 1)


def _change(stream: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    place = _place(stream, rng)
    value = rng.choice(INTERESTING_BYTES) if rng.random() < 0.5 else rng.randrange(256)
    return stream[:place] + bytes([value]) + stream[place + 1 :]


def _insert(stream: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    place = _place(stream, rng)
    return stream[:place] + rng.randbytes(rng.randrange(1, 9)) + stream[place:]


def _delete(stream: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    place = _place(stream, rng)
    return stream[:place] + stream[place + rng.randrange(1, 9) :]


def _repeat(stream: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    begin, end = sorted((_place(stream, rng), _place(stream, rng)))
    return stream[:end] + stream[begin:end] + stream[end:]


def _splice(stream: bytes, rng: random.Random, streams: Sequence[bytes]) -> bytes:
    other = rng.choice(streams)
    return stream[: _place(stream, rng)] + other[_place(other, rng) :]


def _change_field(stream: bytes, rng: random.Random, streams: Sequence[bytes]) -> bytes:
    """Another value for one field, sizes of units adapted; a change of a byte where that cannot be written."""
    try:
        units = list(iter_units(stream))
        value, put = rng.choice([number for unit in units for number in _numbers(unit.fields)])
        put(rng.choice((value ^ 1, value + 1, value - 1, -value, *INTERESTING_NUMBERS)))
        for unit in units:
            for name in FRAMING:
                del unit.fields[name]
        return write_units(units)
    except (AimcError, IndexError):
        return _change(stream, rng, streams)


def _numbers(fields: Any) -> Iterator[tuple[int, Callable[[int], None]]]:
    """All integers of a tree of fields, each with a function that replaces it."""
    items = list(fields.items()) if isinstance(fields, dict) else list(enumerate(fields))
    for key, value in items:
        if isinstance(value, dict | list):
            yield from _numbers(value)
        elif isinstance(value, int) and key not in (*FRAMING, "nnr_unit_type"):
            yield value, lambda new, key=key: fields.__setitem__(key, new)


EDITS = (_change, _change, _insert, _delete, _repeat, _splice, _change_field, _change_field)
