"""What a decoder says it can do (docs/spec/conformance-kit.md, clause 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aimcodec.conformance.case import Case
from aimcodec.conformance.claims import check_keys
from aimcodec.errors import ArgumentError

__all__ = ["DecoderClaims", "decoder_claims"]


@dataclass(frozen=True)
class DecoderClaims:
    """Claims of a decoder.

    Attributes:
        syntaxes: those it decodes; cases of others are not run.
        unsupported_features: features or areas of cases where "not supported" is no failure.
    """

    syntaxes: frozenset[str]
    unsupported_features: frozenset[str] = frozenset()

    def cover(self, case: Case) -> bool:
        """Whether a case must be supported: to refuse what must be refused, for any reason, is no failure."""
        return case.verdict == "accept" and self.unsupported_features.isdisjoint({*case.features, case.area})


def decoder_claims(facts: Any) -> DecoderClaims:
    """Claims from the contents of a file; keys that are about encoders are passed over.

    Raises:
        ArgumentError: they are none.
    """
    if not isinstance(facts, dict):
        raise ArgumentError("the claims are no JSON object")
    check_keys(facts)
    texts = {}
    for key, default in (("syntaxes", ["nnc", "aim"]), ("unsupported_features", [])):
        value = facts.get(key, default)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise ArgumentError(f"claim {key!r} is no list of texts")
        texts[key] = frozenset(value)
    return DecoderClaims(**texts)
