"""Rules of functions: defined once, not by themselves, and called with what they ask for."""

from __future__ import annotations

from contextlib import suppress
from typing import TypeAlias

from aimcodec.errors import InconsistentError, LimitExceededError
from aimcodec.model.calls import check_calls
from aimcodec.model.structures import Function, ModelStructure, OperatorNode
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Part, Parts

__all__ = ["FunctionKey", "check_functions", "key_of_node"]

FunctionKey: TypeAlias = tuple[str, str, str]
"""Domain, name, overload."""


def key_of_node(node: OperatorNode) -> FunctionKey:
    """The function that a node would call."""
    return node.domain, node.operator, node.overload


def check_functions(structure: ModelStructure, parts: Parts, findings: Findings) -> dict[FunctionKey, Function]:
    """Checks definitions and calls.

    Returns:
        The functions of the model.
    """
    functions: dict[FunctionKey, Function] = {}
    places: dict[FunctionKey, int] = {}
    for number, function in enumerate(structure.functions):
        key = (function.domain, function.name, function.overload)
        if key in functions:
            findings.add("function.duplicate", f"functions[{number}]", f"{shown(function.name)} is defined before")
        functions.setdefault(key, function)
        places.setdefault(key, number)
    calls: dict[FunctionKey, set[FunctionKey]] = {key: set() for key in functions}
    for part, node in parts.nodes:
        called = functions.get(key_of_node(node))
        if called is not None:
            _check_call(part, node, called, findings)
            if part.owner is not None:
                calls[(part.owner.domain, part.owner.name, part.owner.overload)].add(key_of_node(node))
    for key in _in_cycles(calls):
        findings.add("function.recursion", f"functions[{places[key]}]", f"{shown(key[1])} uses itself")
    with suppress(InconsistentError):  # a cycle, which is told above
        _check_cost(structure, findings)
    for part, attribute in parts.attributes:
        _check_reference(part, attribute.reference, findings)
    return functions


def _check_cost(structure: ModelStructure, findings: Findings) -> None:
    try:
        check_calls(structure)
    except LimitExceededError as error:
        findings.add("function.calls", "functions", shown(error.message)[1:-1])


def _check_reference(part: Part, reference: str, findings: Findings) -> None:
    if not reference:
        return
    if part.owner is None:
        findings.add("attribute.reference", part.path, f"a reference to {shown(reference)} outside a function")
    elif reference not in part.owner.attributes and all(a.name != reference for a in part.owner.defaults):
        findings.add("attribute.reference", part.path, f"the function has no attribute {shown(reference)}")


def _check_call(part: Part, node: OperatorNode, called: Function, findings: Findings) -> None:
    if len(node.inputs) > len(called.inputs):
        findings.add("operator.inputs", part.path, f"{len(node.inputs)} inputs, {len(called.inputs)} at most")
    if len(node.outputs) > len(called.outputs):
        findings.add("operator.outputs", part.path, f"{len(node.outputs)} outputs, {len(called.outputs)} at most")
    given = {attribute.name for attribute in node.attributes}
    for name in called.attributes:
        if name not in given:
            findings.add("attribute.required", part.path, f"attribute {shown(name)} is missing")
    known = {*called.attributes, *(attribute.name for attribute in called.defaults)}
    for place, attribute in enumerate(node.attributes):
        if attribute.name not in known:
            path = f"{part.path}.attributes[{place}]"
            findings.add("attribute.unknown", path, f"the function has no attribute {shown(attribute.name)}")


def _in_cycles(calls: dict[FunctionKey, set[FunctionKey]]) -> list[FunctionKey]:
    """Functions that are left when those are taken away, again and again, that call nothing that is left, and then
    those that nothing left calls: only cycles, and what lies between two, remain."""
    left = {key: set(called) for key, called in calls.items()}
    for _ in range(2):
        callers: dict[FunctionKey, set[FunctionKey]] = {key: set() for key in left}
        for key, called in left.items():
            for other in called:
                callers[other].add(key)
        free = [key for key, called in left.items() if not called]
        while free:
            done = free.pop()
            del left[done]
            for caller in callers[done]:
                left[caller].discard(done)
                if not left[caller]:
                    free.append(caller)
        left = {key: callers[key] & left.keys() for key in left}
    return list(left)
