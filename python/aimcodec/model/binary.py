"""The binary form of structures (clause 14 of the AIM text)."""

from __future__ import annotations

from aimcodec.bits import Buffer
from aimcodec.errors import AimcError, ArgumentError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model.binary_fields import fields_of
from aimcodec.model.binary_values import structure_of
from aimcodec.model.structures import ModelStructure
from aimcodec.syntax import Writer
from aimcodec.syntax.aim.structure import STRUCTURE_MEDIA_TYPE, structure_payload
from aimcodec.syntax.bytewise import read_bytes

__all__ = ["MEDIA_TYPE", "decode_structure", "encode_structure"]

MEDIA_TYPE = STRUCTURE_MEDIA_TYPE

PATH = "structure_payload"


def encode_structure(structure: ModelStructure) -> bytes:
    """The payload of a STRUCTURE unit; without the contributors, which have a unit of their own.

    Equal structures whose texts are in the same order give equal bytes.

    Raises:
        ArgumentError: what the form cannot carry: names of more than 65,535 bytes or with U+0000, constants without
            values or with values that are not those of their type and shape, numbers of more than 64 bits, graphs and
            types that are more than 32 deep inside each other ...
    """
    writer = Writer()
    try:
        writer.unit(PATH, fields_of(structure), b"", structure_payload)
    except ArgumentError:
        raise
    except AimcError as error:
        raise ArgumentError(error.message, path=error.path) from None
    return writer.tobytes()


def decode_structure(data: Buffer, *, limits: Limits = DEFAULT_LIMITS) -> ModelStructure:
    """The structure in the payload of a STRUCTURE unit; `encode_structure` gives the same bytes for it.

    Args:
        data: the payload.
        limits: of them max_rank, max_elements and max_output_bytes are those of a constant.

    Raises:
        AimcError: it is malformed, or beyond a limit. Bit offsets count from the start of the payload.
    """
    return structure_of(read_bytes(data, PATH, limits, structure_payload))
