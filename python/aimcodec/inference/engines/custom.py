"""Custom operators that a model uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aimcodec.model.structures import ModelStructure
from aimcodec.model.walk import all_nodes

if TYPE_CHECKING:
    from aimcodec.operators.registry import CustomOperator, Registry

__all__ = ["Custom", "custom_of"]

Custom = Mapping[tuple[str, str], "CustomOperator"]
"""Operators by domain and name."""


def custom_of(registry: Registry | None, structure: ModelStructure) -> Custom:
    """The operators of the registry that the model uses, of the newest versions that it can have been written for."""
    if registry is None:
        return {}
    versions = {s.domain: s.version for s in structure.operator_sets}
    used = {(node.domain, node.operator) for node in all_nodes(structure)}
    found = {(domain, name): registry.find(name, domain, versions.get(domain)) for domain, name in sorted(used)}
    return {key: operator for key, operator in found.items() if operator is not None}
