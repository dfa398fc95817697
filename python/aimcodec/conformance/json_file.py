"""Small files that people write for the kit: claims, codecs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aimcodec.errors import ArgumentError

__all__ = ["read_object"]

MAX_BYTES = 1 << 20


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        ArgumentError: it holds none, or is larger than 1 MiB.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    try:
        facts = json.loads(data) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{path}: not JSON: {error or type(error).__name__}") from None
    if not isinstance(facts, dict):
        raise ArgumentError(f"{path}: no JSON object of up to {MAX_BYTES} bytes")
    return facts
