"""What any bytes are, and the syntax that goes with it: AIM packages by their marker, all others NNC streams."""

from __future__ import annotations

from aimcodec.bits import Buffer, byte_view
from aimcodec.errors import AimcError
from aimcodec.limits import Limits
from aimcodec.syntax import TraceRecord
from aimcodec.syntax import aim as aim_syntax
from aimcodec.syntax import nnc as nnc_syntax
from aimcodec.syntax.aim.unit import MARKER

__all__ = ["check_any", "is_package", "trace_any", "unit_errors"]


def is_package(data: Buffer) -> bool:
    """Whether bytes begin like an AIM package."""
    return bytes(byte_view(data)[: len(MARKER)]) == MARKER


def trace_any(data: Buffer, limits: Limits) -> list[TraceRecord]:
    """Every bit in exactly one record."""
    trace = aim_syntax.trace_file if is_package(data) else nnc_syntax.trace_stream
    return trace(data, limits=limits)


def check_any(data: Buffer, limits: Limits) -> list[AimcError]:
    """All violations of the syntax, in order."""
    check = aim_syntax.check_file if is_package(data) else nnc_syntax.check_stream
    return check(data, limits=limits)


def unit_errors(data: Buffer, limits: Limits) -> list[AimcError]:
    """What makes units unreadable."""
    if is_package(data):
        found = aim_syntax.scan_units(data, limits=limits)
        return [unit.error for unit in found if isinstance(unit, aim_syntax.DamagedUnit)]
    scanned = nnc_syntax.scan_units(data, limits=limits)
    return [unit.error for unit in scanned if isinstance(unit, nnc_syntax.DamagedUnit)]
