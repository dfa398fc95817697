"""The results of a decoder as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aimcodec.conformance.codec import Decoder
from aimcodec.conformance.decoder import Settings
from aimcodec.conformance.report.records import Entry, Report, Subject

__all__ = ["decoder_report"]


def decoder_report(
    decoder: Decoder,
    name: str,
    claims: Mapping[str, Any] | None,
    suite: str,
    catalogue: str,
    settings: Settings,
    entries: Sequence[Entry],
    started: str,
    seconds: float,
) -> Report:
    """A report of a run; the arguments are as in its records."""
    allowance = settings.allowance
    places = Counter(entry.figures["place"] for entry in entries if "place" in entry.figures)
    return Report(
        subject=Subject("decoder", name, decoder.call, claims),
        suite=suite,
        catalogue=catalogue,
        settings={
            "seconds": allowance.seconds,
            "memory_bytes": allowance.memory_bytes,
            "file_bytes": allowance.file_bytes,
        },
        entries=entries,
        figures={f"places_{kind.replace(' ', '_')}": places[kind] for kind in ("right", "other", "not told")},
        started=started,
        seconds=seconds,
    )
