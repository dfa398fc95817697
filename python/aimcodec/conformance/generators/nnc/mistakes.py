"""Streams that tell mistakes of decoders that no point of the syntax shows, each with one thing to get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from aimcodec.conformance.generators.nnc.build import FLOAT, INT, element_offset, frame, patched
from aimcodec.conformance.generators.nnc.case import Refused
from aimcodec.errors import InconsistentError, OutOfRangeError
from aimcodec.reference.contexts import ContextModels
from aimcodec.reference.nnc_encoder import DataUnit, encode_stream
from aimcodec.reference.nnc_encoder.arithmetic import ArithmeticEncoder
from aimcodec.reference.nnc_encoder.levels import LevelEncoder
from aimcodec.reference.payload import Codeword, shift_id_contexts
from aimcodec.reference.scan import scan

__all__ = ["mistake_cases"]

NDU = "units[2].nnr_compressed_data_unit_header"
PAYLOAD_TYPE = "nnr_compressed_data_unit_payload_type"


class Unfinished(ArithmeticEncoder):
    """Ends a codeword as it should be, but for a terminate bin of 0."""

    def finish(self) -> bytes:
        """The interval is that of the bin 0; the stop bit follows all the same."""
        self.low -= self.R - 2
        return super().finish()


def mistake_cases() -> Iterator[Refused]:
    """4.1, 9.2."""
    unit = DataUnit(FLOAT, ("w",), (4,), payload=vector(Unfinished(), [3, 0, -2, 1]))
    data = encode_stream([*frame(), unit])
    rule = "9.2: the terminate bin is 1"
    yield Refused("nnc-refused-terminate-bin", "payload", rule, InconsistentError, data)
    unit = DataUnit(FLOAT, ("w",), (4, 0), payload=vector(ArithmeticEncoder(), []))
    data = encode_stream([*frame(), unit])
    rule = "4.1: no dimension is 0"
    place = element_offset(
        encode_stream([*frame(), replace(unit, tensor_dimensions=(4, 1))]), f"{NDU}.tensor_dimensions[1]"
    )
    yield Refused("nnc-refused-no-columns", "shape", rule, OutOfRangeError, data, "tensor_dimensions", place)
    legal = encode_stream([*frame(), DataUnit(INT, ("w",), (4,), payload=vector(ArithmeticEncoder(), [3, 0, -2, 1]))])
    place = element_offset(legal, f"{NDU}.{PAYLOAD_TYPE}")
    rule = "4.1: the payload type is 0 .. 3"
    yield Refused(
        "nnc-refused-type-4-decodable", "shape", rule, OutOfRangeError, patched(legal, place, 5, 4), PAYLOAD_TYPE, place
    )


def vector(e: ArithmeticEncoder, levels: list[int]) -> bytes:
    """The codeword of a vector with N = 10, without tools."""
    codeword = Codeword()
    contexts = ContextModels(10)
    e.uae(8, 0)
    for _ in shift_id_contexts(codeword, False, 0, 0, 0):
        e.ae(contexts.SHIFT, 0)
    coder = LevelEncoder(e, contexts, 10, 0, 1, 0, 0, None, None)
    coder.encode(scan(len(levels), 1, 0, False, False), (), np.array(levels).tolist())
    return e.finish()
