"""The binary form of structures (clause 14 of the AIM text)."""

from __future__ import annotations

from aimcodec.bits import Buffer
from aimcodec.errors import UnsupportedError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.structures import ModelStructure

__all__ = ["MEDIA_TYPE", "decode_structure", "encode_structure"]

MEDIA_TYPE = "application/vnd.aim.structure"


def encode_structure(structure: ModelStructure) -> bytes:
    """The payload of a STRUCTURE unit; without the contributors, which have a unit of their own.

    Raises:
        ArgumentError: what the form cannot carry.
    """
    raise UnsupportedError("not there yet")


def decode_structure(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> ModelStructure:
    """The structure in the payload of a STRUCTURE unit.

    Raises:
        AimcError: it is malformed, or beyond a limit.
    """
    raise UnsupportedError("not there yet")
