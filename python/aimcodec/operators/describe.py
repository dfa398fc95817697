"""The catalogue as JSON, as a table of Markdown, and for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from aimcodec.model.structures import AttributeKind
from aimcodec.operators.catalogue import AttributeRule, Operator, Parameter, get, operators
from aimcodec.operators.classes import MINIMAL_SET, MINIMAL_SET_VERSION
from aimcodec.operators.functions import default_version

__all__ = ["catalogue_record", "catalogue_schema", "lines", "minimal_set_table", "operator_record", "report_schema"]

FORMAT = "aimcodec operator catalogue 1"
_SCHEMAS = Path(__file__).with_name("schemas")


def catalogue_schema() -> dict[str, Any]:
    """JSON schema of `catalogue_record`."""
    return _schema("catalogue")


def report_schema() -> dict[str, Any]:
    """JSON schema of `aimcodec.operators.compare.Report.record`."""
    return _schema("report")


def catalogue_record(version: int | None = None, domain: str = "") -> dict[str, Any]:
    """All operators of a version of a domain, for JSON.

    Raises:
        UnsupportedError: there is no such version or domain.
        ModuleNotFoundError: onnx is not installed.
    """
    number = default_version(domain) if version is None else version
    return {
        "format": FORMAT,
        "domain": domain,
        "version": number,
        "operators": [operator_record(operator) for operator in operators(number, domain)],
    }


def operator_record(operator: Operator) -> dict[str, Any]:
    """An operator, for JSON."""
    return {
        "name": operator.name,
        "domain": operator.domain,
        "since_version": operator.since_version,
        "category": operator.category.value,
        "minimal": operator.minimal,
        "broadcast": operator.broadcast.value,
        "inputs": [_parameter(parameter) for parameter in operator.inputs],
        "outputs": [_parameter(parameter) for parameter in operator.outputs],
        "attributes": [_attribute(rule) for rule in operator.attributes],
        "type_constraints": {name: list(types) for name, types in operator.type_constraints},
        "statuses": [{"status": status.name, "when": text} for status, text in operator.status_rules],
        "documentation": operator.documentation,
    }


def lines(operator: Operator) -> Iterator[str]:
    """An operator for people, without its documentation."""
    minimal = ", in the minimal set" if operator.minimal else ""
    yield f"{operator.full_name}, since version {operator.since_version}: {operator.category.value}{minimal}"
    for title, parameters in (("input", operator.inputs), ("output", operator.outputs)):
        for parameter in parameters:
            kind = "variadic " * parameter.variadic + "optional " * parameter.optional
            yield f"  {title} {parameter.name}: {kind}{parameter.types}"
    for rule in operator.attributes:
        yield f"  attribute {rule.name}: {_words(rule)}"
    for name, types in operator.type_constraints:
        yield f"  {name}: {', '.join(types)}"
    yield f"  broadcasting: {operator.broadcast.value}"
    for status, text in operator.status_rules:
        yield f"  {status.name}: {text}"


def minimal_set_table() -> str:
    """The minimal set in Markdown, for the version that it is declared for."""
    rows = ["| operator | since | class | inputs | attributes |", "| --- | --- | --- | --- | --- |"]
    found = (get(name, version=MINIMAL_SET_VERSION) for name in MINIMAL_SET)
    for operator in sorted(found, key=lambda o: (o.category.value, o.name)):
        inputs = ", ".join(f"[{p.name}]" if p.optional else p.name + "..." * p.variadic for p in operator.inputs)
        attributes = ", ".join(_with_default(operator.attributes))
        rows.append(
            f"| {operator.name} | {operator.since_version} | {operator.category.value} | {inputs} | {attributes} |"
        )
    return "\n".join(rows) + "\n"


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
    return schema


def _with_default(rules: Iterable[AttributeRule]) -> Iterator[str]:
    for rule in rules:
        yield rule.name if rule.default is None or not _is_plain(rule) else f"{rule.name}={_shown(rule.default)}"


def _is_plain(rule: AttributeRule) -> bool:
    return rule.kind in {AttributeKind.INT, AttributeKind.FLOAT, AttributeKind.STRING}


def _shown(value: Any) -> str:
    """Attributes of kind FLOAT are binary32 numbers: seven digits say which."""
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _words(rule: AttributeRule) -> str:
    if rule.required:
        return f"{rule.kind.name}, required"
    return rule.kind.name if rule.default is None else f"{rule.kind.name}, default {_shown(rule.default)}"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "types": parameter.types,
        "optional": parameter.optional,
        "variadic": parameter.variadic,
        "homogeneous": parameter.homogeneous,
        "minimum": parameter.minimum,
        "documentation": parameter.documentation,
    }


def _attribute(rule: AttributeRule) -> dict[str, Any]:
    default = rule.default
    if isinstance(default, tuple):
        default = list(default)
    if not isinstance(default, int | float | str | list | None):
        default = None  # tensors and other structures
    return {
        "name": rule.name,
        "kind": rule.kind.name,
        "required": rule.required,
        "default": default,
        "documentation": rule.documentation,
    }
