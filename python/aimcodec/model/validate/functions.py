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

MAX_MISSING = 20  # attributes that are told for a call


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
    attributes = {id(function): _attributes(function) for function in structure.functions}
    for part, node in parts.nodes:
        called = functions.get(key_of_node(node))
        if called is not None:
            _check_call(part, node, called, attributes[id(called)], findings)
            if part.owner is not None:
                calls[(part.owner.domain, part.owner.name, part.owner.overload)].add(key_of_node(node))
    for key in _in_cycles(calls):
        findings.add("function.recursion", f"functions[{places[key]}]", f"{shown(key[1])} uses itself")
    with suppress(InconsistentError):  # a cycle, which is told above
        _check_cost(structure, findings)
    for part, attribute in parts.attributes:
        if attribute.reference and part.owner is None:
            findings.add("attribute.reference", part.path, f"{shown(attribute.reference)}, outside a function")
        elif attribute.reference and attribute.reference not in attributes[id(part.owner)]:
            text = f"the function has no attribute {shown(attribute.reference)}"
            findings.add("attribute.reference", part.path, text)
    return functions


def _check_cost(structure: ModelStructure, findings: Findings) -> None:
    try:
        check_calls(structure)
    except LimitExceededError as error:
        findings.add("function.calls", "functions", shown(error.message)[1:-1])


def _attributes(function: Function) -> set[str]:
    """Attributes that a node may give."""
    return {*function.attributes, *(attribute.name for attribute in function.defaults)}


def _check_call(part: Part, node: OperatorNode, called: Function, attributes: set[str], findings: Findings) -> None:
    if len(node.inputs) > len(called.inputs):
        findings.add("operator.inputs", part.path, f"{len(node.inputs)} inputs, {len(called.inputs)} at most")
    if len(node.outputs) > len(called.outputs):
        findings.add("operator.outputs", part.path, f"{len(node.outputs)} outputs, {len(called.outputs)} at most")
    given = {attribute.name for attribute in node.attributes}
    for name in called.attributes[: MAX_MISSING + len(given)]:
        if name not in given:
            findings.add("attribute.required", part.path, f"attribute {shown(name)} is missing")
    for place, attribute in enumerate(node.attributes):
        if attribute.name not in attributes:
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
