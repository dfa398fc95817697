"""Points that no stream can reach, each with the reason."""

from __future__ import annotations

__all__ = ["UNREACHABLE"]

UNREACHABLE: dict[str, str] = {}
