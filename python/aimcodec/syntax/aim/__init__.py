"""AIM syntax (clauses 2 to 5 and 9 of the text): from bytes to units and back."""

from .catalogue import Catalogue, Entry
from .model import DamagedUnit, Unit
from .rules import FileRules
from .types import Coding, UnitType
from .units import check_file, iter_units, log_file, scan_units, trace_file, write_units

__all__ = [
    "Catalogue",
    "Coding",
    "DamagedUnit",
    "Entry",
    "FileRules",
    "Unit",
    "UnitType",
    "check_file",
    "iter_units",
    "log_file",
    "scan_units",
    "trace_file",
    "write_units",
]
