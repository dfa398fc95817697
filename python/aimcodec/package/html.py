"""A package as a table for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

from aimcodec.package.info import TensorInfo

__all__ = ["table_of"]

SHOWN = 100
HEADINGS = ("tensor", "type", "shape", "coding", "bytes", "in file", "ratio")
LEFT = ' style="text-align:left"'


def table_of(title: str, infos: Iterable[TensorInfo], count: int) -> str:
    """HTML with a line for each tensor, the first hundred of them; all text is escaped."""
    head = "".join(f"<th{LEFT if i < 2 else ''}>{name}</th>" for i, name in enumerate(HEADINGS))
    body = "".join(f"<tr>{''.join(_cells(info))}</tr>" for info in islice(infos, SHOWN))
    more = f"<p>and {count - SHOWN:,} more</p>" if count > SHOWN else ""
    return f"<p><b>{escape(title)}</b></p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cells(info: TensorInfo) -> Iterator[str]:
    ratio = info.ratio
    texts = (
        info.name,
        info.dtype.lower(),
        " × ".join(map(str, info.shape)) or "scalar",
        info.coding if info.alias_of is None else f"= {info.alias_of}",
        "" if info.nbytes is None else f"{info.nbytes:,}",
        f"{info.coded_bytes:,}",
        "" if ratio is None else f"{ratio:.4f}",
    )
    for i, text in enumerate(texts):
        yield f"<td{LEFT if i < 2 else ''}>{escape(text)}</td>"
