"""Random legal structures of models (clause 14)."""

from __future__ import annotations

import math
import random

from ...errors import InternalError
from ..coverage import counters
from ..drawer import Choices, Drawer, RejectedError, draw_bytes, draw_text
from ..protocol import Fields
from ..write import Writer
from .shape import layout_of
from .structure import VERSION, structure_payload
from .structure_types import BOOL, TEXT
from .types import DATA_TYPES

__all__ = ["draw_structure", "write_structure"]

BUDGET = 300  # elements, after which lists are empty
LONG_SHAPE = 4  # dimensions, of which more than that are 0 or 1


def draw_structure(rng: random.Random) -> Fields:
    """The values of a structure_payload; graphs need not make sense.

    Args:
        rng: where all choices come from: the same state gives the same structure.
    """
    try:
        return Drawer(rng, CHOICES, counters("aim"), BUDGET).draw(structure_payload)
    except RejectedError:  # has not been seen; a choice is missing
        raise InternalError("no structure could be drawn") from None


def write_structure(fields: Fields) -> bytes:
    """The payload with these values.

    Raises:
        AimcError: they break a rule.
    """
    writer = Writer()
    writer.unit("structure_payload", fields, b"", structure_payload)
    return writer.tobytes()


def _unique(drawer: Drawer) -> str:
    text = draw_text(drawer.rng)
    return f"{drawer.index}{text}" if drawer.index else text


def _some_text(drawer: Drawer) -> str:
    return draw_text(drawer.rng) or "n"


def _constant_type(drawer: Drawer) -> int:
    """Texts more often than each other type, as they are stored in another way."""
    return drawer.rng.choice((TEXT, *DATA_TYPES)) if drawer.rng.randrange(4) else TEXT


def _dimension(drawer: Drawer) -> int:
    small = drawer.fields["rank"] <= LONG_SHAPE
    return drawer.rng.choice((0, 1, 2, 3) if small else (0, 1, 1, 1))


def _data(drawer: Drawer) -> bytes:
    """Memory of the constant that is being drawn (6.2)."""
    kind, elements = drawer.fields["constant_type"], math.prod(drawer.fields["dimension"])
    data = bytearray(draw_bytes(drawer.rng, layout_of(kind).memory_bytes(elements)))
    if kind == BOOL:
        return bytes(byte & 1 for byte in data)
    surplus = elements * DATA_TYPES[kind].bits % 8
    if surplus:
        data[-1] &= (1 << surplus) - 1
    return bytes(data)


CHOICES: Choices = {
    "structure_version_major": lambda _: VERSION[0],
    "structure_version_minor": lambda _: VERSION[1],
    "text_key": _unique,
    "part": _unique,
    "dimension_symbol": _some_text,
    "parameter": _some_text,
    "constant_type": _constant_type,
    "dimension": _dimension,
    "data": _data,
}
