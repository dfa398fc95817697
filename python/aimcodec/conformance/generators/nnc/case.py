"""A stream that a generator of NNC has made, before decoders confirm it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from aimcodec.conformance.generators.nnc.build import element_offset
from aimcodec.errors import AimcError
from aimcodec.reference.nnc_encoder import AnyUnit, StreamEncoder, Unit, encode_stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Accepted", "Errors", "Refused", "Units", "accepted", "refused"]

Units = list[AnyUnit | Unit]
Errors = type[AimcError] | tuple[type[AimcError], ...]


@dataclass(frozen=True, eq=False)
class Accepted:
    """A stream, or an update sequence, that shall decode.

    Attributes:
        streams: encoders that have written one each.
        exact: binary64 values of codebook tensors, by number of the stream and name (section 11.3).
    """

    id: str
    area: str
    title: str
    streams: tuple[StreamEncoder, ...]
    clauses: tuple[str, ...]
    klass: Literal["valid", "uncommon"] = "valid"
    options: tuple[str, ...] = ()
    note: str = ""
    exact: Mapping[tuple[int, str], NDArray[np.float64]] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A stream that shall be refused.

    Attributes:
        rule: clause and the rule broken.
        error: the kind that the text allows; several where it depends on what a reader meets first.
        element: name of the element that breaks the rule; None where several answers can be defended.
        bit_offset: where it begins.
        klass: "limits" for what is legal, and a decoder need not support.
    """

    id: str
    area: str
    rule: str
    error: Errors
    data: bytes
    element: str | None = None
    bit_offset: int | None = None
    klass: Literal["invalid", "limits"] = "invalid"


def accepted(
    id: str,
    area: str,
    title: str,
    units: Units,
    *clauses: str,
    klass: Literal["valid", "uncommon"] = "valid",
    note: str = "",
    exact: Mapping[str, NDArray[np.float64]] | None = None,
) -> Accepted:
    """A case of one stream."""
    encoder = StreamEncoder()
    for unit in units:
        encoder.add(unit)
    return Accepted(
        id,
        area,
        title,
        (encoder,),
        clauses,
        klass,
        note=note,
        exact={(0, name): values for name, values in (exact or {}).items()},
    )


def refused(id: str, area: str, rule: str, error: Errors, units: Units, legal: Units, path: str) -> Refused:
    """A case whose violation is in one element.

    `legal` is a stream that is the same up to that element; `path` is the element's in it.
    """
    offset = element_offset(encode_stream(legal), path)
    name = path.rsplit(".", 1)[-1].partition("[")[0]
    return Refused(id, area, rule, error, encode_stream(units), name, offset)
