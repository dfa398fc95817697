"""Where in a stream an error is, and what the text says about the place."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from aimcodec import syntax
from aimcodec.bits import Buffer
from aimcodec.errors import AimcError
from aimcodec.inspect.kinds import is_package, log_any
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.syntax import Element
from aimcodec.syntax import aim as aim_syntax
from aimcodec.syntax import nnc as nnc_syntax
from aimcodec.syntax.elements import Counted

__all__ = ["Place", "clause_of", "place_of"]

# Coded data are no syntax elements; their clauses in the texts.
CODEWORD_CLAUSES = {"payload": "5"}
BLOCK_CLAUSES = {"block": "7", "payload": "6.2"}


@dataclass(frozen=True)
class Place:
    """Where an error is.

    Attributes:
        bit_offset: first bit of the element concerned; None if no single place is at fault.
        path: of the element; may be empty.
        clause: section of the text that the element is from; empty if not known.
    """

    bit_offset: int | None
    path: str
    clause: str


def place_of(error: AimcError, data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> Place:
    """The place of an error in the stream that caused it, with the bit found by the path where the error knows none."""
    # Where that element was read at all: the path of an error may be that of a structure or of a loop.
    begins = re.compile(re.escape(error.path) + r"(?![^.\[])")
    records = [r for r in log_any(data, limits).records(data) if error.path and begins.match(r.path)]
    bit = error.bit_offset
    if bit is None and records:
        bit = records[0].bit_offset
    exact = next((r.clause for r in records if r.path == error.path and r.clause), "")
    return Place(bit, error.path, exact or clause_of(error.path, package=is_package(data)))


def clause_of(path: str, *, package: bool = False) -> str:
    """Section of the text (of packages, or of NNC) that an element is from, by its path; empty if not known."""
    name = re.sub(r"\[\d+\]$", "", path.rpartition(".")[2])
    return _clauses(package).get(name, "")


@cache
def _clauses(package: bool) -> dict[str, str]:
    clauses = dict(BLOCK_CLAUSES if package else CODEWORD_CLAUSES)
    for folder in (syntax, aim_syntax if package else nnc_syntax):
        for module in pkgutil.iter_modules(folder.__path__, folder.__name__ + "."):
            for value in vars(importlib.import_module(module.name)).values():
                clauses.update((element.name, element.clause) for element in _elements(value))
    return clauses


def _elements(value: Any) -> Iterator[Element[Any]]:
    """The elements that a name of a module stands for: some are declared in families."""
    if isinstance(value, Element):
        yield value
    elif isinstance(value, Counted):
        yield value.size
        yield value.of(0)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _elements(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _elements(part)
