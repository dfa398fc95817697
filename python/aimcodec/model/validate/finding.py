"""What a validator finds, and the rules that it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["RULES", "Finding", "Findings", "Severity", "shown"]

Severity: TypeAlias = Literal["error", "warning"]

_ERRORS = {
    "nesting.depth": "graphs and types are not too deep in each other",
    "field.missing": "an operator, attribute, input, output or function has a name",
    "operator-set.missing": "a domain that is used has a version",
    "operator-set.duplicate": "a domain has one version",
    "operator-set.version": "versions of domains are positive",
    "type.missing": "inputs and outputs of the main graph have a type",
    "type.element": "element types are known",
    "type.key": "keys of maps are integers or texts",
    "type.conflict": "what is said of a variable in several places agrees",
    "dimension.negative": "dimensions are not negative",
    "symbol.conflict": "a symbol stands for one number in a graph",
    "name.undefined": "names are defined before they are used",
    "name.order": "a node comes after those that make its inputs: the graph has no cycle",
    "name.duplicate": "a name is defined once in a graph",
    "attribute.duplicate": "attributes of a node have different names",
    "attribute.value": "the value of an attribute is of its kind",
    "attribute.reference": "references stand in functions, and name their attributes",
    "attribute.unknown": "the operator has the attribute",
    "attribute.required": "a node gives the attributes that its operator needs",
    "attribute.kind": "attributes are of the kind that the operator says",
    "operator.unknown": "the operator is in its domain, in the version used",
    "operator.inputs": "a node has as many inputs as its operator takes",
    "operator.outputs": "a node has as many outputs as its operator gives",
    "function.duplicate": "a function is defined once",
    "function.recursion": "no function uses itself",
    "function.calls": "calls inside calls are not too deep, and not too many when they are written out",
    "tensor.data": "a constant has data of its type and shape, or names a parameter",
    "tensor.sparse": "values and indices of a sparse constant fit each other and its shape",
    "parameter.missing": "parameters are in the package",
    "parameter.type": "a parameter in the package is of the type that the graph says",
    "parameter.shape": "a parameter in the package is of the shape that the graph says",
    "parameter.damaged": "parameters can be read",
    "quantization.scale": "scales are finite and not 0",
    "quantization.zero-point": "zero points are of the type and in the range of the values",
    "quantization.shape": "scales and zero points fit each other",
    "shape.inference": "types and shapes fit the operators that they go through",
}
_WARNINGS = {
    "model.format-version": "the version of the representation is given",
    "dimension.unknown": "a dimension that is not known has no number, and not -1",
    "graph.name": "the main graph has a name",
    "node.name": "names of nodes are unique",
    "name.shadowed": "names in a graph differ from those of the graph around it",
    "operator-set.newer": "versions of domains are known here",
    "operator.domain": "something is known of the domains of operators that are no functions of the model",
    "operator.deprecated": "the operator is not withdrawn in this version",
    "parameter.unused": "parameters of the package are used",
    "quantization.variable": "what is said to be quantised is there",
    "check.skipped": "all rules could be checked",
}
RULES: dict[str, tuple[Severity, str]] = {
    **{rule: ("error", text) for rule, text in _ERRORS.items()},
    **{rule: ("warning", text) for rule, text in _WARNINGS.items()},
}
"""Identifier of a rule to its severity, and to what is so in a good model."""

MAX_SHOWN = 120


@dataclass(frozen=True)
class Finding:
    """A place where a structure breaks a rule.

    Attributes:
        rule: its identifier, a key of `RULES`.
        severity: an "error" keeps the model from being run; a "warning" may.
        path: place in the structure, for example "graph.nodes[12].inputs[0]".
        message: what is wrong; names in it are escaped.
    """

    rule: str
    severity: Severity
    path: str
    message: str


class Findings:
    """Collects what is found."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, rule: str, path: str, message: str) -> None:
        """A rule of `RULES` is broken at a place."""
        self.found.append(Finding(rule, RULES[rule][0], path, message))

    @property
    def has_errors(self) -> bool:
        """Whether any is an error."""
        return any(finding.severity == "error" for finding in self.found)


def shown(name: object) -> str:
    """A name, or a number, as messages have it: quoted, escaped, and not too long."""
    text = ascii(name)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
