"""Contributors, which ONNX has no place for, as a text in its metadata."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from aimcodec.model.structures import Contributor

__all__ = ["CONTRIBUTORS_KEY", "contributors_of", "contributors_text"]

CONTRIBUTORS_KEY = "org.aimcodec.contributors"
"""The key in `ModelProto.metadata_props`; its value is a JSON list of objects with the fields of `Contributor`."""

_FIELDS = {field.name for field in dataclasses.fields(Contributor)}


def contributors_text(contributors: Sequence[Contributor]) -> str:
    """The text for contributors."""
    return json.dumps([dataclasses.asdict(one) for one in contributors], ensure_ascii=False)


def contributors_of(text: str) -> list[Contributor] | None:
    """The contributors in a text; None if they would not give exactly that text again."""
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, list) or not entries or not all(map(_is_entry, entries)):
        return None
    found = [Contributor(**entry) for entry in entries]
    return found if contributors_text(found) == text else None


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or entry.keys() != _FIELDS:
        return False
    return all(isinstance(value, str) for value in entry.values())
