"""Random legal NNC streams, at the level of the syntax: payloads of data units are bytes."""

from __future__ import annotations

import random
from collections.abc import Callable

from ...errors import InternalError
from ..coverage import counters
from ..drawer import Choices, Drawer, RejectedError, draw_bytes
from ..protocol import Fields
from .context import PayloadType, StreamContext, UnitType
from .entry_points import count_entry_points
from .unit import nnr_unit
from .units import Unit

__all__ = ["Payload", "draw_units"]

Payload = Callable[[Fields, random.Random], bytes]
"""Draws the payload of a data unit, given the values of its header."""

MOST_UNITS = 6
MOST_ENTRY_POINTS = 40
MOST_ENTRIES = 40  # of a codebook
AFTER_MPS = (UnitType.NNR_LPS, UnitType.NNR_TPL, UnitType.NNR_QNT, UnitType.NNR_NDU, UnitType.NNR_NDU)
UNKNOWN = (7, 62, 63)  # reserved or unspecified types


def draw_units(rng: random.Random, payload: Payload | None = None) -> list[Unit]:
    """Units of a random legal stream, which `write_units` writes.

    Args:
        rng: where all choices come from: the same state gives the same stream.
        payload: what draws payloads of data units; else they are random bytes.
    """
    context = StreamContext()
    units = [_unit(rng, context, UnitType.NNR_STR, payload)]
    if rng.randrange(20):
        units.append(_unit(rng, context, UnitType.NNR_MPS, payload))
    for _ in range(rng.randrange(MOST_UNITS)):
        known = AFTER_MPS if context.mps is not None else AFTER_MPS[:3]
        units.append(_unit(rng, context, rng.choice((*known, *UNKNOWN)), payload))
    return units


def _unit(rng: random.Random, context: StreamContext, kind: int, payload: Payload | None) -> Unit:
    choices = {**CHOICES, "nnr_unit_type": lambda _: int(kind)}
    try:
        fields = Drawer(rng, choices, counters("nnc")).draw(nnr_unit, context)
    except RejectedError:  # has not been seen; a choice above is missing
        raise InternalError(f"no unit of type {kind} could be drawn") from None
    if not fields["nnr_unit_size_flag"]:
        del fields["nnr_unit_size_flag"]  # so that the writer takes the long form where it has to
    context.update(fields)
    if kind == UnitType.NNR_NDU and payload is not None:
        data = payload(fields["nnr_compressed_data_unit_header"], rng)
    elif kind == UnitType.NNR_NDU or kind > UnitType.NNR_AGG:
        data = draw_bytes(rng, rng.choice((0, 1, 2, rng.randrange(40))))
    else:
        data = b""
    return Unit(UnitType(kind) if kind <= UnitType.NNR_AGG else kind, fields, data)


def _size_flag(drawer: Drawer) -> int:
    return int(drawer.rng.randrange(4) == 0)


def _partial(drawer: Drawer) -> int:
    return 0 if drawer.fields["nnr_unit_type"] == UnitType.NNR_NDU else drawer.rng.randrange(2)


def _multiple(drawer: Drawer) -> int:
    is_block = drawer.fields["nnr_compressed_data_unit_payload_type"] == PayloadType.NNR_PT_BLOCK
    return drawer.rng.randrange(2) if is_block else 0


def _parameter_types(drawer: Drawer) -> int:
    """A block with a codebook has no decomposed weight."""
    fields = drawer.fields
    is_block = fields["nnr_compressed_data_unit_payload_type"] == PayloadType.NNR_PT_BLOCK
    types = drawer.rng.randrange(16)
    return types & ~1 if is_block and fields["codebook_present_flag"] else types


def _few(drawer: Drawer) -> int:
    """Rows that entry points may be counted for."""
    return drawer.rng.choice((1, 2, 7, 8, 9, 64, 65, drawer.rng.randint(1, 300)))


def _dimension(drawer: Drawer) -> int:
    return drawer.rng.choice((_few(drawer), _few(drawer), _few(drawer), 2**31, 2**32 - 1))


def _scan_order(drawer: Drawer) -> int:
    """One with few entry points, and none for factors outside of a block."""
    fields = drawer.fields
    rows = fields["tensor_dimensions"][:1]
    if fields["compressed_parameter_types"] & 1:
        rows = [fields["g_number_of_rows"], fields["decomposition_rank"]]
        if fields["nnr_compressed_data_unit_payload_type"] != PayloadType.NNR_PT_BLOCK:
            return 0
    orders = [order for order in range(1, 5) if count_entry_points(rows, order) <= MOST_ENTRY_POINTS]
    return drawer.rng.choice((0, *orders))


def _codebook_size(drawer: Drawer) -> int:
    return drawer.rng.choice((1, 2, 3, drawer.rng.randint(1, MOST_ENTRIES)))


def _center_offset(drawer: Drawer) -> int:
    size = int(drawer.fields["codebook_size"])
    return drawer.rng.choice((0, size - 1, drawer.rng.randrange(size))) - (size >> 1)


def _storage_format(drawer: Drawer) -> int:
    return drawer.rng.choice((0, 1, 2, 3, 4, 6))


CHOICES: Choices = {
    "nnr_unit_size_flag": _size_flag,
    "partial_data_counter_present_flag": _partial,
    "nnr_multiple_topology_elements_present_flag": _multiple,
    "input_parameters_present_flag": lambda _: 1,
    "tensor_dimensions_flag": lambda _: 1,
    "compressed_parameter_types": _parameter_types,
    "decomposition_rank": _few,
    "g_number_of_rows": _few,
    "tensor_dimensions": _dimension,
    "scan_order": _scan_order,
    "codebook_size": _codebook_size,
    "codebook_center_offset": _center_offset,
    "topology_storage_format": _storage_format,
    "topology_compression_format": lambda _: 0,
}
