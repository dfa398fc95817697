"""The harness: libraries of operators of others against the reference.

>>> from aimcodec.operators.compare import PythonLibrary, compare
>>> report = compare(PythonLibrary({"Relu": lambda x: x.clip(0)}))
>>> print("\\n".join(report.lines()))
"""

from __future__ import annotations

from aimcodec.operators.compare.case import Case
from aimcodec.operators.compare.child import CLibrary
from aimcodec.operators.compare.library import BackendLibrary, Library, PythonLibrary
from aimcodec.operators.compare.report import Finding, OperatorReport, Report
from aimcodec.operators.compare.run import compare

__all__ = [
    "BackendLibrary",
    "CLibrary",
    "Case",
    "Finding",
    "Library",
    "OperatorReport",
    "PythonLibrary",
    "Report",
    "compare",
]
