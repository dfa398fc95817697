"""Calls with which libraries are tested, fixed and drawn, for each operator of the minimal set."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aimcodec.errors import ArgumentError
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.compare.case import Case, Draw, Generator
from aimcodec.operators.compare.cases import elementwise, integers, layouts, places, sums, windows
from aimcodec.operators.status import Status

__all__ = ["GENERATORS", "cases_of"]

GENERATORS: dict[str, Generator] = {
    **elementwise.GENERATORS,
    **integers.GENERATORS,
    **layouts.GENERATORS,
    **places.GENERATORS,
    **sums.GENERATORS,
    **windows.GENERATORS,
}

_STRANGE = {"BOOL": np.bool_, "COMPLEX64": np.complex64, "FLOAT32": np.float32, "INT64": np.int64}


def cases_of(operator: Operator, seed: int) -> list[Case]:
    """Calls of an operator, right ones first.

    Raises:
        ArgumentError: there are none for it.
    """
    if operator.domain or operator.name not in GENERATORS:
        raise ArgumentError(f"there are no test cases for {operator.full_name}")
    draw = Draw(zlib.crc32(f"{seed} {operator.name}".encode()))
    cases = list(GENERATORS[operator.name](draw))
    wrong = [*(case for case in cases if case.status), *_mistakes(operator, cases[0])]
    return [case for case in cases if not case.status] + wrong


def _mistakes(operator: Operator, good: Case) -> Iterator[Case]:
    """Mistakes that every operator has to notice."""
    inputs = list(good.inputs)
    kinds = operator.types_of(operator.inputs[0])
    strange = next((kind for name, kind in _STRANGE.items() if name not in kinds), None)
    if strange is not None:
        changed = [np.asarray(inputs[0]).astype(strange), *inputs[1:]]
        yield replace(good, label="a type it does not take", inputs=changed, status=Status.TYPE_MISMATCH)
    required = [p for p in operator.inputs if not p.optional and not p.variadic]
    if len(required) == len(inputs):
        yield replace(good, label="an input too few", inputs=inputs[:-1], status=Status.INVALID_ARGUMENT)
    attributes = {**good.attributes, "no_such_attribute": 1}
    yield replace(good, label="an unknown attribute", attributes=attributes, status=Status.INVALID_ARGUMENT)
