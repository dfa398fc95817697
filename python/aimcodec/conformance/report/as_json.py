"""A report as JSON (schemas/report.schema.json): the same bytes for the same results, apart from `timing`."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aimcodec import __version__
from aimcodec.conformance.report.records import Entry, Finding, Report

__all__ = ["FORMAT", "VERSION", "environment", "json_text", "report_object", "schema"]

FORMAT = "aimc-conform-report"
VERSION = 1


def json_text(facts: Mapping[str, Any]) -> str:
    """Indented, in ASCII, with a line feed at its end."""
    return json.dumps(facts, indent=1, allow_nan=False) + "\n"


def schema(name: str = "report") -> dict[str, Any]:
    """The JSON Schema of a report, or of a "matrix"."""
    path = Path(__file__).resolve().parents[1] / "schemas" / f"{name}.schema.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def environment() -> dict[str, Any]:
    """The machine, as far as it may matter."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "byte_order": sys.byteorder,
        "processors": os.cpu_count() or 1,
    }


def report_object(report: Report) -> dict[str, Any]:
    """The whole report."""
    subject = report.subject
    return {
        "format": FORMAT,
        "version": VERSION,
        "kit": {"version": __version__, "catalogue": report.catalogue},
        "environment": environment(),
        "subject": {
            "kind": subject.kind,
            "name": subject.name,
            "call": subject.call,
            "claims": None if subject.claims is None else dict(subject.claims),
        },
        "suite": report.suite,
        "settings": dict(report.settings),
        "summary": {
            "total": len(report.entries),
            "failed": len(report.failures),
            "results": report.results,
            "figures": dict(report.figures),
        },
        "entries": [_entry(entry) for entry in report.entries],
        "timing": {
            "started": report.started,
            "seconds": round(report.seconds, 3),
            "entries": {
                entry.id: {"seconds": round(entry.seconds, 4), "peak_bytes": entry.peak_bytes}
                for entry in report.entries
                if entry.seconds
            },
        },
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "purpose": entry.purpose,
        "syntax": entry.syntax,
        "class": entry.klass,
        "area": entry.area,
        "clauses": list(entry.clauses),
        "result": entry.result,
        "failed": entry.failed,
        "detail": entry.detail,
        "findings": [_finding(finding) for finding in entry.findings],
        "reproduce": entry.reproduce,
        "ended": entry.ended,
        "stderr": entry.stderr,
        "figures": dict(entry.figures),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "check": finding.check,
        "level": finding.level,
        "message": finding.message,
        "clause": finding.clause,
        "element": finding.element,
        "bit_offset": finding.bit_offset,
        "tensor": finding.tensor,
        "figures": dict(finding.figures),
        "inspect": finding.inspect,
        "excerpt": list(finding.excerpt),
    }
