"""A package or stream as one HTML page that needs no network: sizes, tensors, units, syntax, bytes, findings."""

from __future__ import annotations

from aimcodec.report.collect import collect
from aimcodec.report.html import page

__all__ = ["collect", "page"]
