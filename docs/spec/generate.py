"""Writes the generated tables of aim-bitstream.md from aimcodec.syntax.aim; `--check` only says if they are current."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aimcodec.syntax.aim import beside, index, nnc, tensor, unit
from aimcodec.syntax.document import Row, document

TEXT = Path(__file__).with_name("aim-bitstream.md")
TABLE = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

RESERVED_TYPE = 128  # whose header and payload are bytes
DESCRIPTORS = {"typed_header": "b(unit_header_size - 30)", "payload": "b(payload_size)"}
ARGUMENTS: dict[Callable[..., Any], tuple[Any, ...]] = {tensor.tensor_header: (None,)}

STRUCTURES: tuple[Callable[..., Any], ...] = (
    unit.aim_unit,
    beside.package_header,
    beside.variant_header,
    beside.metadata_payload,
    beside.contributors_payload,
    beside.license_header,
    beside.asset_header,
    beside.structure_header,
    beside.evaluation_payload,
    tensor.tensor_header,
    tensor.alias_header,
    nnc.nnc_unit_header,
    nnc.nnc_data_header,
    index.index_payload,
    index.end_header,
)


def table(structure: Callable[..., Any]) -> str:
    """The table of a structure in Markdown."""
    rows = document(structure, {"unit_type": RESERVED_TYPE}, DESCRIPTORS, *ARGUMENTS.get(structure, ()))
    return "\n".join([f"| {structure.__name__} | descriptor |", "| --- | --- |", *map(line, rows)]) + "\n"


def line(row: Row) -> str:
    """A row in Markdown."""
    return f"| {'&emsp;' * row.depth}{row.text} | {row.descriptor} |"


def generated(text: str) -> str:
    """The text with all its tables made anew."""
    tables = {structure.__name__: table(structure) for structure in STRUCTURES}
    return TABLE.sub(lambda found: found[1] + tables[found[2]] + found[3], text)


def main() -> int:
    """Write or check; the exit code is 1 where the text is not current."""
    before = TEXT.read_text("utf-8")
    after = generated(before)
    if "--check" in sys.argv:
        return int(before != after)
    TEXT.write_text(after, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
