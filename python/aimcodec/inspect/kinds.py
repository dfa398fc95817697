"""What any bytes are, and the syntax that goes with it: AIM packages by their marker, all others NNC streams."""

from __future__ import annotations

from aimcodec.bits import Buffer, byte_view
from aimcodec.errors import AimcError
from aimcodec.limits import Limits
from aimcodec.syntax import TraceLog
from aimcodec.syntax import aim as aim_syntax
from aimcodec.syntax import nnc as nnc_syntax
from aimcodec.syntax.aim.unit import MARKER

__all__ = ["check_any", "is_package", "log_any"]


def is_package(data: Buffer) -> bool:
    """Whether bytes begin like an AIM package."""
    return bytes(byte_view(data)[: len(MARKER)]) == MARKER


def log_any(data: Buffer, limits: Limits) -> TraceLog:
    """Every bit in exactly one record, and what makes units unreadable."""
    log = aim_syntax.log_file if is_package(data) else nnc_syntax.log_stream
    return log(data, limits=limits)


def check_any(data: Buffer, limits: Limits) -> list[AimcError]:
    """All violations of the syntax, in order."""
    check = aim_syntax.check_file if is_package(data) else nnc_syntax.check_stream
    return check(data, limits=limits)
