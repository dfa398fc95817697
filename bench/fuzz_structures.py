"""Fuzzes everything that takes structures of models: `python bench/fuzz_structures.py [--count N] [--seed N]`.

Structures are drawn from the description of the syntax; of each, some are made with one element changed (`mutate`) and
some with bytes changed. Each payload goes through `decode_structure`; what is accepted is encoded again, validated and
printed as text. Only typed errors may leave these, and what is accepted must be encoded as it was. Prints how many of
each outcome there were; exit code 1 at the first defect.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator

from aimcodec.errors import AimcError, InternalError
from aimcodec.model import MEDIA_TYPE, ModelStructure, decode_structure, encode_structure
from aimcodec.model.text import to_text
from aimcodec.model.validate import validate_structure
from aimcodec.syntax.aim import Unit, UnitType, write_units
from aimcodec.syntax.aim.draw_structure import draw_structure, write_structure
from aimcodec.syntax.mutate import CannotMutateError, mutate

OF_EACH = 40  # changed forms of a structure
LONGEST = 2500  # bytes of a structure that is taken


class DefectError(Exception):
    """Something other than a typed error, or another payload than the one that was read."""


def payloads(rng: random.Random) -> Iterator[bytes]:
    """Payloads without end."""
    while True:
        payload = write_structure(draw_structure(rng))
        if len(payload) > LONGEST:
            continue
        header = {"variant_id": 0, "media_type": MEDIA_TYPE}
        unit = write_units([Unit(UnitType.STRUCTURE, {"structure_header": header}, payload)])
        yield payload
        for _ in range(OF_EACH):
            yield _changed_bytes(payload, rng) if rng.randrange(2) else _changed_element(unit, len(payload), rng)


def _changed_element(unit: bytes, size: int, rng: random.Random) -> bytes:
    try:
        changed = mutate(unit, "aim", rng).data
    except CannotMutateError:
        changed = unit
    begin = -(-int.from_bytes(unit[10:14], "big") // 64) * 64
    return changed[begin : begin + size]


def _changed_bytes(payload: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, taken out, or there twice."""
    data = bytearray(payload)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind < 2:
            data[place] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        else:
            span = data[place : place + rng.randrange(1, 40)]
            data[place : place + len(span)] = b"" if kind == 2 else span + span
    return bytes(data)


def outcome(payload: bytes, rounds: Counter[str]) -> str:
    """What becomes of a payload.

    Raises:
        DefectError: nothing that may.
    """
    try:
        structure = decode_structure(payload)
    except InternalError as error:
        raise DefectError("an internal error") from error
    except AimcError as error:
        return error.code
    if encode_structure(structure) != payload:
        raise DefectError("encoded in another way")
    rounds.update(_used(structure))
    return "accepted"


def _used(structure: ModelStructure) -> Iterator[str]:
    """What the rest of the room makes of a structure that was accepted."""
    yield (
        "valid"
        if not any(finding.severity == "error" for finding in validate_structure(structure, None))
        else "findings"
    )
    try:
        to_text(structure)
    except InternalError as error:
        raise DefectError("an internal error") from error
    except AimcError as error:
        yield f"no text: {error.code}"
    else:
        yield "text"


def main() -> int:
    """Exit code: 0, or 1 after a defect."""
    parser = argparse.ArgumentParser(prog="fuzz_structures", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    rounds: Counter[str] = Counter()
    start = time.perf_counter()
    for number, payload in enumerate(payloads(random.Random(given.seed))):  # noqa: S311
        if number == given.count:
            break
        try:
            counts[outcome(payload, rounds)] += 1
        except Exception:
            traceback.print_exc()
            sys.stderr.write(f"payload {number} of seed {given.seed}: {payload.hex()}\n")
            return 1
    for name, count in [*counts.most_common(), *rounds.most_common()]:
        sys.stdout.write(f"{name:16} {count:8}\n")
    sys.stdout.write(f"{given.count} payloads in {time.perf_counter() - start:.0f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
