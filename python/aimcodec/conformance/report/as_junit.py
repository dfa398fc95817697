"""A report as JUnit XML, as continuous integration reads it: a suite for each area, a test case for each entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from aimcodec.conformance.report.records import Entry, Report

__all__ = ["junit_text"]

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SKIPPED = ("not run", "unsupported")


def junit_text(report: Report) -> str:
    """The document."""
    root = ElementTree.Element("testsuites", name=_clean(f"{report.subject.kind} {report.subject.name}"))
    root.set("time", f"{report.seconds:.3f}")
    areas = list(dict.fromkeys((entry.syntax, entry.area) for entry in report.entries))
    for syntax, area in areas:
        entries = [entry for entry in report.entries if (entry.syntax, entry.area) == (syntax, area)]
        root.append(_suite(f"{syntax}.{area}", entries))
    _count(root, list(report.entries))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return document.decode("utf-8") + "\n"


def _count(element: ElementTree.Element, entries: list[Entry]) -> None:
    errors = sum(entry.result == "kit error" for entry in entries)
    element.set("tests", str(len(entries)))
    element.set("failures", str(sum(entry.failed for entry in entries) - errors))
    element.set("errors", str(errors))
    element.set("skipped", str(sum(_is_skipped(entry) for entry in entries)))


def _suite(name: str, entries: list[Entry]) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=_clean(name))
    _count(suite, entries)
    suite.set("time", f"{sum(entry.seconds for entry in entries):.3f}")
    for entry in entries:
        case = ElementTree.SubElement(suite, "testcase", name=_clean(entry.id), classname=_clean(name))
        case.set("time", f"{entry.seconds:.3f}")
        if entry.failed:
            kind = "error" if entry.result == "kit error" else "failure"
            failure = ElementTree.SubElement(case, kind, type=entry.result, message=_clean(entry.detail))
            failure.text = _clean("\n".join(_lines(entry)))
        elif _is_skipped(entry):
            ElementTree.SubElement(case, "skipped", message=_clean(f"{entry.result}: {entry.detail}"))
        if entry.stderr:
            ElementTree.SubElement(case, "system-err").text = _clean(entry.stderr)
    return suite


def _is_skipped(entry: Entry) -> bool:
    return entry.result in SKIPPED and not entry.failed


def _lines(entry: Entry) -> Iterator[str]:
    yield entry.purpose or entry.title
    for finding in entry.findings:
        yield finding.message
        if finding.inspect:
            yield f"see: {finding.inspect}"
    if entry.clauses:
        yield f"clauses: {', '.join(entry.clauses)}"
    if entry.reproduce:
        yield f"reproduce: {entry.reproduce}"


def _clean(text: str) -> str:
    """What XML cannot hold is shown by its number."""
    return NOT_XML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
