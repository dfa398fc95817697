"""The syntax engine: elements, structures as short functions, and the backends they run against."""

from .check import Checker
from .elements import Element
from .protocol import Fields, Syntax
from .read import Reader
from .trace import Tracer, TraceRecord
from .tracing import TraceLog, TracingReader
from .write import Sizer, Writer

__all__ = [
    "Checker",
    "Element",
    "Fields",
    "Reader",
    "Sizer",
    "Syntax",
    "TraceLog",
    "TraceRecord",
    "Tracer",
    "TracingReader",
    "Writer",
]
