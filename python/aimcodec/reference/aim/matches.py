"""Matches (clause 7.5)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import AimcError, InconsistentError, OutOfRangeError
from .little_endian import CodedReader

__all__ = ["Sequences", "expand", "read_sequences"]

MINIMUM_MATCH = 4
LONG_LENGTH = 255
LENGTH_BYTES = 5  # the most that a length takes


@dataclass(frozen=True)
class Sequences:
    """Sizes of the planes of lz(m)."""

    count: int
    literal_count: int
    literal_length_bytes: int
    match_length_bytes: int


def read_sequences(r: CodedReader, m: int) -> Sequences:
    """The elements from sequence_count to match_length_bytes, and the bounds that m puts on them."""
    offset = r.position
    sizes = Sequences(
        r.number(4, "sequence_count"),
        r.number(4, "literal_count"),
        r.number(4, "literal_length_bytes"),
        r.number(4, "match_length_bytes"),
    )
    if sizes.literal_count + MINIMUM_MATCH * sizes.count > m:
        raise InconsistentError(
            f"{sizes.literal_count} literals and {sizes.count} matches for {m} bytes",
            bit_offset=8 * offset,
            path=r.element_path("sequence_count"),
        )
    for size in (sizes.literal_length_bytes, sizes.match_length_bytes):
        if not sizes.count <= size <= LENGTH_BYTES * sizes.count:
            raise InconsistentError(
                f"{sizes.count} lengths of together {size} bytes",
                bit_offset=8 * offset,
                path=r.element_path("sequence_count"),
            )
    return sizes


def expand(
    m: int, literals: bytes, literal_lengths: bytes, match_lengths: bytes, distances: list[bytes], place: CodedReader
) -> bytes:
    """The m bytes that literals and matches give; `place` is for errors."""

    def broken(kind: type[AimcError], message: str) -> AimcError:
        return kind(message, bit_offset=8 * place.position, path=place.path)

    literal_numbers = lengths(literal_lengths, len(distances[0]), place)
    match_numbers = lengths(match_lengths, len(distances[0]), place)
    output = bytearray()
    taken = 0
    for s, (literal_length, match_length) in enumerate(zip(literal_numbers, match_numbers, strict=True)):
        if literal_length > len(literals) - taken:
            raise broken(InconsistentError, f"sequence {s} takes more literals than there are")
        output += literals[taken : taken + literal_length]
        taken += literal_length
        distance = distances[0][s] | distances[1][s] << 8 | distances[2][s] << 16
        if not 1 <= distance <= len(output):
            raise broken(OutOfRangeError, f"sequence {s} has distance {distance} after {len(output)} bytes")
        if match_length + MINIMUM_MATCH > m - len(output):
            raise broken(InconsistentError, f"sequence {s} goes beyond the {m} bytes of the plane")
        for _ in range(match_length + MINIMUM_MATCH):
            output.append(output[-distance])
    output += literals[taken:]
    if len(output) != m:
        raise broken(InconsistentError, f"{len(output)} bytes for a plane of {m}")
    return bytes(output)


def lengths(data: bytes, count: int, place: CodedReader) -> list[int]:
    """The `count` lengths that a plane holds, which shall be used up."""
    numbers = []
    position = 0
    for _ in range(count):
        number = data[position] if position < len(data) else None
        position += 1
        if number == LONG_LENGTH:
            number = int.from_bytes(data[position : position + 4], "little") if position + 4 <= len(data) else None
            position += 4
            if number is not None and number < LONG_LENGTH:
                raise OutOfRangeError(
                    f"the length {number} in its long form", bit_offset=8 * place.position, path=place.path
                )
        if number is None:
            raise InconsistentError(
                f"{len(data)} bytes do not hold {count} lengths", bit_offset=8 * place.position, path=place.path
            )
        numbers.append(number)
    if position != len(data):
        raise InconsistentError(
            f"{len(data) - position} bytes after the last length", bit_offset=8 * place.position, path=place.path
        )
    return numbers
