"""Functions that call functions: how deep, and how often when every call is written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from aimcodec.errors import InconsistentError, LimitExceededError
from aimcodec.model.structures import ModelStructure, OperatorNode
from aimcodec.model.walk import subgraphs

__all__ = ["MAX_CALL_DEPTH", "MAX_NODES_WRITTEN_OUT", "check_calls"]

MAX_CALL_DEPTH = 64
MAX_NODES_WRITTEN_OUT = 1 << 22  # a few functions that call each other twice would otherwise be more than any patience

Name: TypeAlias = "tuple[str, str, str]"


def check_calls(structure: ModelStructure) -> None:
    """Whoever follows all calls comes to an end, and soon.

    Raises:
        InconsistentError: a function calls itself, if only through others.
        LimitExceededError: calls inside calls are too deep, or all nodes together too many.
    """
    bodies = {(one.domain, one.name, one.overload): list(_all_nodes(one.nodes)) for one in structure.functions}
    depths: dict[Name, int] = {}
    sizes: dict[Name, int] = {}
    for name in _callees_first(bodies):
        called = [key for node in bodies[name] if (key := _key(node)) in bodies]
        depths[name] = 1 + max((depths[key] for key in called), default=0)
        sizes[name] = len(bodies[name]) + sum(sizes[key] for key in called)
        if depths[name] > MAX_CALL_DEPTH:
            raise LimitExceededError(f"calls of function {name[1]!r} are nested beyond {MAX_CALL_DEPTH} levels")
    total = sum(1 + sizes.get(_key(node), 0) for node in _all_nodes(structure.graph.nodes))
    if max(total, *sizes.values(), 0) > MAX_NODES_WRITTEN_OUT:
        raise LimitExceededError(f"with all calls written out there are more than {MAX_NODES_WRITTEN_OUT} nodes")


def _key(node: OperatorNode) -> Name:
    return node.domain, node.operator, node.overload


def _all_nodes(nodes: Iterable[OperatorNode]) -> Iterator[OperatorNode]:
    """Nodes, and those in the graphs inside them."""
    pending = list(nodes)
    while pending:
        node = pending.pop()
        yield node
        pending.extend(inner for graph in subgraphs(node) for inner in graph.nodes)


def _callees_first(bodies: dict[Name, list[OperatorNode]]) -> Iterator[Name]:
    """Names of functions, each after those that it calls.

    Raises:
        InconsistentError: there is no such order.
    """
    done: set[Name] = set()
    for start, body in bodies.items():
        path: dict[Name, Iterator[Name]] = {start: map(_key, body)} if start not in done else {}
        while path:
            name = next(reversed(path))
            callee = next((key for key in path[name] if key in bodies and key not in done), None)
            if callee is None:
                del path[name]
                done.add(name)
                yield name
            elif callee in path:
                raise InconsistentError(f"function {callee[1]!r} calls itself")
            else:
                path[callee] = map(_key, bodies[callee])
