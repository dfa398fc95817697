"""What an encoder says of itself (docs/spec/conformance-kit.md, clause 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from aimcodec.errors import ArgumentError

__all__ = ["Claims", "check_keys", "encoder_claims"]

OF_DECODERS = frozenset({"syntaxes", "unsupported_features"})


@dataclass(frozen=True)
class Claims:
    """Claims of an encoder; what is not claimed is measured and reported, and is no failure.

    Attributes:
        max_error_steps: largest error of a uniformly quantised value, in steps; None without a claim.
        max_error_steps_dq: the same for tensors with dependent quantization, in steps of 11.1.
        deterministic: the same model gives the same bytes.
        lossless: every tensor is decoded to exactly the bytes given.
        dtypes: types of elements that are supported; None without a claim.
    """

    max_error_steps: float | None = None
    max_error_steps_dq: float | None = None
    deterministic: bool = False
    lossless: bool = False
    dtypes: frozenset[str] | None = None


def encoder_claims(facts: Mapping[str, Any]) -> Claims:
    """Claims from the contents of a file; keys that are about decoders are passed over.

    Raises:
        ArgumentError: a claim is not of its type, or of no name that there is.
    """
    check_keys(facts)
    known = {field.name for field in fields(Claims)}
    return Claims(**{key: _claim(key, value) for key, value in facts.items() if key in known and value is not None})


def check_keys(facts: Mapping[str, Any]) -> None:
    """A claim that is misspelt must not pass for none. Raises ArgumentError."""
    known = OF_DECODERS | {field.name for field in fields(Claims)}
    if unknown := sorted(map(str, facts.keys() - known)):
        raise ArgumentError(f"there is no claim {unknown[0][:100]!r}; there are {', '.join(sorted(known))}")


def _claim(key: str, value: Any) -> Any:
    """A claim of its type."""
    if key == "dtypes":
        good, value = _are_texts(value), frozenset(value) if _are_texts(value) else value
    elif key.startswith("max_error"):
        good = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
    else:
        good = isinstance(value, bool)
    if not good:
        raise ArgumentError(f"claim {key!r} cannot be {str(value)[:100]}")
    return value


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
