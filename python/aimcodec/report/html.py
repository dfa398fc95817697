"""The page: one file, no network. All text of the stream goes through JSON and ends in text nodes, never in markup."""

from __future__ import annotations

import html
import json
import math
import re
from importlib.resources import files
from typing import Any

__all__ = ["page"]

STYLES = ("style.css",)
SCRIPTS = ("dom.js", "treemap.js", "tensors.js", "units.js", "syntax.js", "main.js")


def page(report: dict[str, Any]) -> str:
    """The HTML of what `collect` returned."""
    folder = files("aimcodec.report") / "page"
    text = (folder / "page.html").read_text("utf-8")
    parts = {
        "TITLE": html.escape(report["title"]),
        "STYLE": "".join((folder / name).read_text("utf-8") for name in STYLES),
        "SCRIPT": "".join((folder / name).read_text("utf-8") for name in SCRIPTS),
        "DATA": _embedded(report),
    }
    return re.sub("@(TITLE|STYLE|SCRIPT|DATA)@", lambda match: parts[match[1]], text)


def _embedded(report: dict[str, Any]) -> str:
    """JSON that cannot end the script element it is in."""
    text = json.dumps(_finite(report), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _finite(value: Any) -> Any:
    """JSON has no infinities."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
