"""What onnx knows of operators, where it is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

__all__ = ["MAX_VERSION", "formal_names", "latest_versions", "plain_domain", "schema_of"]

MAX_VERSION = (1 << 31) - 1  # that onnx may be asked for


def plain_domain(domain: str) -> str:
    """The domain of the operators of ONNX has two names, of which this is the one of schemas."""
    return "" if domain == "ai.onnx" else domain


@lru_cache(maxsize=1)
def latest_versions() -> Mapping[str, int]:
    """The last known version of each domain that has schemas; nothing without onnx."""
    try:
        from onnx import defs
    except ModuleNotFoundError:
        return {}
    versions: dict[str, int] = {}
    for schema in defs.get_all_schemas_with_history():
        versions[schema.domain] = max(schema.since_version, versions.get(schema.domain, 0))
    versions[""] = defs.onnx_opset_version()
    return versions


@lru_cache(maxsize=4096)
def schema_of(operator: str, version: int, domain: str) -> Any:
    """The schema of an operator in a version of a domain; None where there is none, or no onnx."""
    if plain_domain(domain) not in latest_versions() or not 0 < version <= MAX_VERSION:
        return None
    from onnx import defs

    try:
        return defs.get_schema(operator, version, plain_domain(domain))
    except (defs.SchemaError, UnicodeError):
        return None


def formal_names(formal: Sequence[Any] | None, count: int) -> list[str]:
    """Names of so many inputs or outputs as the schema has them; numbers where it has none, or no more."""
    names = [item.name for item in formal or ()][:count]
    return names + [str(place) for place in range(len(names), count)]
