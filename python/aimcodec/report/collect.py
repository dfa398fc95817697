"""What the page shows, as JSON: bounded, whatever the file holds."""

from __future__ import annotations

from typing import Any

import aimcodec
from aimcodec.bits import Buffer, byte_view
from aimcodec.errors import AimcError
from aimcodec.inspect import is_package, place_of, read_tree
from aimcodec.report.model import Model, read_model
from aimcodec.report.syntax import hex_segments, kinds_of_bits, tree_rows, unit_rows

__all__ = ["collect"]

MAX_FINDINGS = 500


def collect(data: Buffer, title: str) -> dict[str, Any]:
    """All that the page shows.

    Args:
        data: a package or stream, good or damaged.
        title: what the page calls it.

    Raises:
        MemoryError: a tensor does not fit in memory.
    """
    tree = read_tree(data)
    model = read_model(data, {root.bit_offset >> 3: number for number, root in enumerate(tree.roots)})
    return {
        "title": title,
        "syntax": "AIM package" if is_package(data) else "NNC stream",
        "tool": f"aimcodec {aimcodec.__version__}",
        "bytes": byte_view(data).nbytes,
        "facts": model.facts,
        "tensors": model.tensors,
        "units": unit_rows(tree, model.tensors),
        "bits": kinds_of_bits(tree),
        "tree": tree_rows(tree),
        "hex": hex_segments(tree),
        "findings": _findings(data, [*tree.errors, *_decoding_error(tree.errors, model)]),
    }


def _decoding_error(syntax_errors: list[AimcError], model: Model) -> list[AimcError]:
    """What decoding found, where the syntax was good: a damaged unit has said it already."""
    return [] if syntax_errors else model.errors


def _findings(data: Buffer, errors: list[AimcError]) -> list[dict[str, Any]]:
    rows = []
    for error in errors[:MAX_FINDINGS]:
        place = place_of(error, data)
        rows.append(
            {
                "code": error.code,
                "rule": error.message,
                "bit": place.bit_offset,
                "path": place.path,
                "clause": place.clause,
            }
        )
    return rows
