"""What a package says beside its tensors, as plain records (clause 3)."""

from __future__ import annotations

from dataclasses import dataclass

from aimcodec.model.structures import Contributor

__all__ = ["Asset", "Contributor", "Evaluation", "License", "Structure", "Variant"]


@dataclass(frozen=True)
class Variant:
    """One form of the parameters (3.2)."""

    name: str
    description: str = ""


@dataclass(frozen=True)
class License:
    """An SPDX expression, or "", and the text of the licence, or "" (3.5)."""

    expression: str
    text: str = ""


@dataclass(frozen=True)
class Asset:
    """A file that belongs to the model (3.6)."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Structure:
    """The computational graph of a variant, in the format that the media type names (3.7)."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class Evaluation:
    """A measured value (3.8); `variant` is the name of the variant it was measured with."""

    task: str
    dataset: str
    metric: str
    value: float
    variant: str = ""
