"""What a run of the kit found: plain records, the source of every form of report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Entry", "Finding", "Level", "Report", "Subject"]

Level = Literal["fail", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        check: what was looked at: "verdict", "values", "place", "syntax", "coder" ...
        level: "fail", or "note": worth knowing, but no failure.
        message: one line.
        clause: of the text of the syntax; may be empty.
        element: path or name of the syntax element; may be empty.
        bit_offset: from the first bit of the stream; None where no single place is at fault.
        tensor: name of the tensor concerned, or None.
        figures: numbers and values by name, for example `index`, `expected`, `got`, `ulp`.
        inspect: the command that shows the place; may be empty.
        excerpt: lines of what it shows.
    """

    check: str
    level: Level
    message: str
    clause: str = ""
    element: str = ""
    bit_offset: int | None = None
    tensor: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    inspect: str = ""
    excerpt: Sequence[str] = ()


@dataclass(frozen=True)
class Entry:
    """One case or model, and how the codec did.

    Attributes:
        klass: class of a case of the suite; "model" of a generated model.
        result: of a decoder one of the results of the contract, clause 4; of an encoder as its runner names them.
        failed: whether it counts as a failure.
        detail: the result in one line.
        reproduce: the command line to run it alone; may be empty.
        ended: how the program ended, for example "exit code 1"; may be empty.
        stderr: the end of what it printed.
        figures: what was measured, the same on every run.
        seconds, peak_bytes: of the program; they go into the timing of the report.
    """

    id: str
    title: str
    syntax: str
    klass: str
    area: str
    result: str
    failed: bool
    detail: str = ""
    purpose: str = ""
    clauses: Sequence[str] = ()
    findings: Sequence[Finding] = ()
    reproduce: str = ""
    ended: str = ""
    stderr: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class Subject:
    """The codec under test.

    Attributes:
        kind: what was tested of it.
        name: for headings.
        call: the command, or path of the library.
        claims: contents of its claims file, or None.
    """

    kind: Literal["decoder", "encoder"]
    name: str
    call: str
    claims: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Report:
    """A whole run.

    Attributes:
        suite: level, or what was selected.
        catalogue: SHA-256 of the catalogue of the suite; "" where models are generated.
        settings: limits and the like.
        entries: in the order of the suite.
        figures: of the run as a whole, the same on every run.
        started: time of the start, ISO 8601.
        seconds: of the run.
    """

    subject: Subject
    suite: str
    catalogue: str
    settings: Mapping[str, Any]
    entries: Sequence[Entry]
    figures: Mapping[str, Any] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0

    @property
    def results(self) -> dict[str, int]:
        """Number of entries by result, the most frequent first."""
        counts = Counter(entry.result for entry in self.entries)
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def failures(self) -> list[Entry]:
        """Entries that count as failures."""
        return [entry for entry in self.entries if entry.failed]
