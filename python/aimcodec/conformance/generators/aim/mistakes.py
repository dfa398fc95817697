"""Files that tell mistakes of decoders that no point of the syntax shows, each with one thing to get wrong.

They came out of faults planted in a decoder that the rest of the suite did not tell.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from aimcodec.conformance.generators.aim.blocks import Made, constant_plane, make_planes, raw_plane, rotated
from aimcodec.conformance.generators.aim.build import finished, nnc_data, nnc_unit, put, tensor
from aimcodec.conformance.generators.aim.case import Accepted, Refused, refused
from aimcodec.conformance.generators.aim.coded import by_row, new_file, of_blocks
from aimcodec.conformance.generators.aim.context import Table
from aimcodec.conformance.generators.aim.whole import UNIFORM, cut
from aimcodec.errors import InconsistentError

__all__ = ["accepted_mistakes", "refused_mistakes"]

COMPLEX64 = 13
BOTH_SIDES_OF_8 = Table(34, (3, *range(1, 11), 40, *range(11, 1, -1)))


def accepted_mistakes() -> Iterator[Accepted]:
    """7.2, 8.3."""
    records = struct.pack("<8f", 1.5, -2.5, 0.0, -0.0, 2.0**100, -(2.0**-100), 7.0, -7.0)
    turned = b"".join(rotated(records[i : i + 4]) for i in range(0, len(records), 4))
    block = b"\2" + make_planes([raw_plane(turned[k::4]) if k != 1 else constant_plane(0) for k in range(4)])
    unit = tensor("t", COMPLEX64, (4,), None, [block])
    file = put(new_file(), "t", COMPLEX64, (4,), unit, coding=1)
    title = "a complex number is two records: the sign of each half is moved"
    yield Accepted("aim-blocks-complex", "blocks", title, finished(file).data, {(0, "t"): records})
    made: list[tuple[str, Made]] = [("t", by_row(10, 7, 2, 480, (BOTH_SIDES_OF_8,) * 4, 480, 1))]
    file, memories = of_blocks(made)
    title = "weights below and above 8 in one table"
    yield Accepted("aim-blocks-weights", "blocks", title, finished(file).data, memories)


def refused_mistakes() -> Iterator[Refused]:
    """4.1, 4.3, 9.2."""
    block = b"\2" + make_planes([raw_plane(b"x")] * 4)
    file = put(new_file(), "t", 5, (1,), tensor("t", 5, (1,), None, [block]), coding=1)
    rule = "4.3: a block is not longer than its records and 1"
    yield refused("aim-lossless-long-block", "lossless", rule, InconsistentError, file)
    halves = [tensor("t", 1, (6,), part, segment=(start, 3)) for start, part in ((0, b"abc"), (3, b"def"))]
    file = put(new_file(), "t", 1, (6,), *halves)
    rule = "4.1: a raw tensor has one segment"
    yield refused("aim-tensor-raw-halves", "tensors", rule, InconsistentError, file, 1, "segment_elements")
    (_, start), (_, mps), (_, topology), (header, payload) = cut(UNIFORM)
    file = new_file().add(nnc_unit(start), nnc_unit(mps), nnc_unit(topology))
    put(file, "x", 11, (2, 3), coding=2)
    file.add(nnc_data(header or b"", payload, [("x", 11, (2, 3))]))
    rule = "9.2: names are those of the data unit"
    yield refused("aim-nnc-renamed", "nnc", rule, InconsistentError, file)
