"""The checked-in AIM streams are those that the generator writes."""

from __future__ import annotations

import json

from .aim_generate import all_cases, described, entry_of
from .cases import ENTRIES, STREAMS


def test_the_generator_gives_the_same_streams_and_descriptions() -> None:
    entries = []
    for case in all_cases():
        description = described(case)
        entries.append(entry_of(case, description))
        folder = STREAMS / entries[-1]["folder"]
        assert (folder / "stream.aim").read_bytes() == case.data
        assert json.loads((folder / "case.json").read_text("utf-8")) == description
    assert sorted(entries, key=lambda entry: entry["id"]) == [e for e in ENTRIES if e["syntax"] == "aim"]
