"""Operators that a model needs of ONNX Runtime: its own, and custom ones of a registry."""

from __future__ import annotations

import copy
from functools import cache
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.inference.engines.custom import Custom
from aimcodec.model.structures import ModelStructure, OperatorNode
from aimcodec.model.walk import all_nodes
from aimcodec.operators.attributes import guessed
from aimcodec.operators.catalogue import full_name

if TYPE_CHECKING:
    from aimcodec.operators.registry import CustomOperator

__all__ = ["check_operators", "completed"]


def check_operators(structure: ModelStructure, custom: Custom) -> None:
    """That there is an operator for each node.

    What other sessions of the process have declared does not count, although ONNX Runtime would take it.

    Raises:
        UnsupportedError: the message names all that there are none for, with their domains.
    """
    known = {(function.domain, function.name) for function in structure.functions} | custom.keys() | _own()
    used = {(_domain(node.domain), node.operator) for node in all_nodes(structure)}
    lacking = sorted(used - {(_domain(domain), name) for domain, name in known})
    if lacking:
        names = ", ".join(full_name(name, domain or "ai.onnx") for domain, name in lacking)
        raise UnsupportedError(f"engine onnxruntime does not have the operators {names}")


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


@cache
def _own() -> frozenset[tuple[str, str]]:
    """Domains and names of the operators of the library itself."""
    schemas = import_module("onnxruntime.capi._pybind_state").get_all_operator_schema()
    return frozenset((schema.domain, schema.name) for schema in schemas)


def completed(structure: ModelStructure, custom: Custom) -> ModelStructure:
    """The structure with all attributes and outputs of custom operators given: ONNX Runtime wants them all.

    Raises:
        InconsistentError: a node has an attribute that its operator does not have.
        UnsupportedError: a node lacks one that has no default.
    """
    changed = copy.deepcopy(structure)
    names = {name for node in all_nodes(changed) for name in (*node.inputs, *node.outputs)}
    unwanted = (name for number in count() if (name := f"unwanted {number}") not in names)
    for node in all_nodes(changed):
        operator = custom.get((node.domain, node.operator))
        if operator is not None:
            _give_defaults(node, operator)
            outputs = [*node.outputs, *[""] * (len(operator.outputs) - len(node.outputs))]
            node.outputs = [name or next(unwanted) for name in outputs]
    return changed


def _give_defaults(node: OperatorNode, operator: CustomOperator) -> None:
    given = {attribute.name for attribute in node.attributes}
    unknown = given - {rule.name for rule in operator.attributes}
    if unknown:
        raise InconsistentError(f"{operator.full_name} has no attributes {sorted(unknown)}")
    defaults = {attribute.name: attribute for attribute in guessed(operator.definition, {})}
    for rule in operator.attributes:
        if rule.name in given:
            continue
        if rule.required or rule.name not in defaults:
            raise UnsupportedError(
                f"{operator.full_name}: ONNX Runtime needs attribute {rule.name!r}, which has no default"
            )
        node.attributes.append(defaults[rule.name])
