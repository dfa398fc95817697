"""The syntax engine: elements, structures as short functions, and the backends they run against."""

from .check import Checker
from .elements import Element
from .protocol import Fields, Syntax
from .read import Reader
from .trace import Tracer, TraceRecord
from .write import Sizer, Writer

__all__ = ["Checker", "Element", "Fields", "Reader", "Sizer", "Syntax", "TraceRecord", "Tracer", "Writer"]
