"""Rules that a schema holds in its prose only: how inputs are broadcast, and which mistakes give which status."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

from aimcodec.operators.status import Status

__all__ = ["INDEXED", "INTEGER_DIVISIONS", "Broadcast", "broadcast_of", "status_rules"]


class Broadcast(str, Enum):
    """How inputs of different shapes are made to fit.

    Attributes:
        NONE: they are not.
        UNIDIRECTIONAL: later inputs are stretched to the shape of the first.
        MULTIDIRECTIONAL: all are stretched to a common shape, as in numpy: dimensions are aligned at the end, and one
            of 1 stands for any number.
    """

    NONE = "none"
    UNIDIRECTIONAL = "unidirectional"
    MULTIDIRECTIONAL = "multidirectional"


INTEGER_DIVISIONS = frozenset({"Div", "Mod"})
# Operators whose second input counts in the first one.
INDEXED = frozenset({"Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND"})


def broadcast_of(documentation: str) -> Broadcast:
    """What the text of a definition says about broadcasting."""
    text = documentation.lower()
    if "multidirectional" in text:
        return Broadcast.MULTIDIRECTIONAL
    return Broadcast.UNIDIRECTIONAL if "unidirectional broadcast" in text else Broadcast.NONE


def status_rules(
    name: str, parameters: Collection[str], inputs: int, broadcast: Broadcast
) -> tuple[tuple[Status, str], ...]:
    """Which mistakes give which status, for an operator.

    Args:
        name: of the operator.
        parameters: names of its inputs and attributes.
        inputs: number of formal inputs.
        broadcast: its rule.
    """
    rules = [(Status.INVALID_ARGUMENT, "an input or attribute is missing, unknown, or of the wrong kind")]
    if inputs:
        rules.append((Status.TYPE_MISMATCH, "an input breaks the type constraints"))
        shapes = "inputs cannot be broadcast" if broadcast is not Broadcast.NONE else "ranks or dimensions do not fit"
        rules.append((Status.DIMENSIONS_MISMATCH, shapes))
    if {"axis", "axes", "perm"} & set(parameters):
        rules.append((Status.OUT_OF_RANGE, "an axis is outside the rank"))
    if name in INDEXED:
        rules.append((Status.OUT_OF_RANGE, "an index is outside the dimension that it counts in"))
    if name in INTEGER_DIVISIONS:
        rules.append((Status.MATH_ERROR, "integers: a divisor is zero, or the least number is divided by -1"))
    rules.append((Status.ALLOC_FAILED, "an output exceeds the limit of memory"))
    rules.append((Status.NOT_SUPPORTED, "a backend lacks the operator, the version or the type of elements"))
    return tuple(rules)
