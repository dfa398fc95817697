"""NNC syntax (sections 2 to 4 of the text): from bytes to units and back."""

from .context import PayloadType, StreamContext, UnitType
from .units import DamagedUnit, Unit, check_stream, iter_units, log_stream, scan_units, trace_stream, write_units

__all__ = [
    "DamagedUnit",
    "PayloadType",
    "StreamContext",
    "Unit",
    "UnitType",
    "check_stream",
    "iter_units",
    "log_stream",
    "scan_units",
    "trace_stream",
    "write_units",
]
