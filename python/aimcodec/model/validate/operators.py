"""Rules of operators: what the schemas of ONNX say of them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any

from aimcodec.model.schemas import MAX_VERSION, latest_versions, plain_domain, schema_of
from aimcodec.model.structures import Function, ModelStructure, OperatorNode, OperatorSet
from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.functions import FunctionKey, key_of_node
from aimcodec.model.validate.parts import Part, Parts

__all__ = ["check_operators"]


def check_operators(
    structure: ModelStructure, parts: Parts, functions: Mapping[FunctionKey, Function], findings: Findings
) -> None:
    """Checks versions of domains, and every node against its operator."""
    latest = latest_versions()
    if not latest:
        findings.add("check.skipped", "", "operators: onnx is not there; pip install 'aimcodec[onnx]' brings it")
    versions = _versions(structure.operator_sets, "operator_sets", latest, findings)
    known_in: dict[int | None, Mapping[str, int]] = {None: versions}
    for number, function in enumerate(structure.functions):
        own = _versions(function.operator_sets, f"functions[{number}].operator_sets", latest, findings)
        known_in[id(function)] = ChainMap(own, versions)
    told: set[tuple[str, int | None, str]] = set()
    for part, node in parts.nodes:
        _check_attribute_names(part, node, findings)
        if not node.operator:
            continue
        owner = None if part.owner is None else id(part.owner)
        known = known_in[owner]
        domain, is_function = plain_domain(node.domain), key_of_node(node) in functions
        if domain in known and domain in latest and not is_function:
            _check_node(part, node, known[domain], findings)
        rules = ["operator-set.missing"] if domain not in known else []
        if latest and domain not in latest and not is_function:
            rules.append("operator.domain")
        for rule in rules:
            if (rule, owner, domain) not in told:
                told.add((rule, owner, domain))  # once for a domain, at its first node
                findings.add(rule, part.path, f"operator {shown(node.operator)} of the domain {shown(node.domain)}")


def _versions(sets: Sequence[OperatorSet], path: str, latest: Mapping[str, int], findings: Findings) -> dict[str, int]:
    """Versions by domain."""
    versions: dict[str, int] = {}
    for place, operator_set in enumerate(sets):
        domain, version = plain_domain(operator_set.domain), operator_set.version
        if domain in versions:
            findings.add("operator-set.duplicate", f"{path}[{place}]", f"a second version of {shown(domain)}")
        if not 0 < version <= MAX_VERSION:
            findings.add("operator-set.version", f"{path}[{place}]", f"version {version} of {shown(domain)}")
        elif version > latest.get(domain, version):
            text = f"version {version} of {shown(domain)}; {latest[domain]} is the last that is known"
            findings.add("operator-set.newer", f"{path}[{place}]", text)
        versions.setdefault(domain, version)
    return versions


def _check_node(part: Part, node: OperatorNode, version: int, findings: Findings) -> None:
    if not 0 < version <= MAX_VERSION:
        return
    schema = schema_of(node.operator, version, node.domain)
    if schema is None:
        findings.add("operator.unknown", part.path, f"no {shown(node.operator)} in version {version}")
        return
    if schema.deprecated:
        findings.add("operator.deprecated", part.path, f"{node.operator} is withdrawn in version {version}")
    for rule, names, least, most in (
        ("operator.inputs", node.inputs, schema.min_input, schema.max_input),
        ("operator.outputs", node.outputs, schema.min_output, schema.max_output),
    ):
        if not least <= len(names) <= most:
            title = rule.partition(".")[2]
            findings.add(rule, part.path, f"{node.operator} with {len(names)} {title}, not {_range(least, most)}")
    _check_needed_inputs(part, node, schema, findings)
    _check_attributes(part, node, schema, findings)


def _range(least: int, most: int) -> str:
    if most >= MAX_VERSION:
        return f"{least} or more"
    return str(least) if least == most else f"{least} to {most}"


def _check_needed_inputs(part: Part, node: OperatorNode, schema: Any, findings: Findings) -> None:
    for place, (name, formal) in enumerate(zip(node.inputs, schema.inputs, strict=False)):
        if not name and formal.option.name == "Single":
            findings.add("operator.inputs", f"{part.path}.inputs[{place}]", f"{node.operator} needs {formal.name}")


def _check_attributes(part: Part, node: OperatorNode, schema: Any, findings: Findings) -> None:
    for place, attribute in enumerate(node.attributes):
        path = f"{part.path}.attributes[{place}]"
        known = schema.attributes.get(attribute.name)
        if known is not None:
            kind = known.type.name.removesuffix("_PROTO").replace("_PROTOS", "S")  # TYPE_PROTO is TYPE
            if kind != attribute.kind.name:
                text = f"{shown(attribute.name)} is {attribute.kind.name}, not {kind}"
                findings.add("attribute.kind", path, text)
        elif not attribute.name.startswith("__"):  # which ONNX leaves to the software that made the model
            findings.add("attribute.unknown", path, f"{node.operator} has no attribute {shown(attribute.name)}")
    given = {attribute.name for attribute in node.attributes}
    for name, known in schema.attributes.items():
        if known.required and name not in given:
            findings.add("attribute.required", part.path, f"{node.operator} needs the attribute {shown(name)}")


def _check_attribute_names(part: Part, node: OperatorNode, findings: Findings) -> None:
    names: set[str] = set()
    for place, attribute in enumerate(node.attributes):
        if attribute.name in names:
            path = f"{part.path}.attributes[{place}]"
            findings.add("attribute.duplicate", path, f"a second attribute {shown(attribute.name)}")
        names.add(attribute.name)
