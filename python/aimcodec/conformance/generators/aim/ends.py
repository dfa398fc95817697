"""AIM files that shall decode: both ends of what elements and counts may be (coverage of the syntax)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from aimcodec.conformance.generators.aim.build import (
    alias,
    asset,
    contributors,
    evaluation,
    finished,
    license_text,
    metadata,
    package,
    put,
    structure,
    tensor,
    variant,
)
from aimcodec.conformance.generators.aim.case import Accepted, Known
from aimcodec.conformance.generators.aim.coded import new_file
from aimcodec.conformance.generators.aim.files import File
from aimcodec.conformance.generators.aim.whole import NncTensors, nnc_case, nnc_file
from aimcodec.limits import Limits
from aimcodec.reference.ndu import NNR_CPT_BI, NNR_PT_BLOCK, NNR_PT_INT
from aimcodec.reference.nnc_encoder import (
    DataUnit,
    ModelParameterSet,
    StartUnit,
    TensorChoices,
    encode_stream,
)

__all__ = ["count_cases", "nnc_cases", "text_cases", "value_cases"]

LONGEST = (1 << 16) - 1  # bytes of a text, and of a list with a count of 16 bits
WORD = (1 << 32) - 1
LAST_VARIANT = 65535
# Last four bytes of data with a checksum of ones, or of zeros: exclusive or of these and of the checksum before them.
LAST_OF_ONES = WORD
LAST_OF_ZEROS = 0x6DD90A9D
INTEGERS = range(9)
FLOAT32 = 11


def of(id: str, area: str, title: str, file: File, memories: Known | None = None, clause: str = "") -> Accepted:
    clauses = (clause,) if clause else ()
    return Accepted(f"aim-{id}", area, title, finished(file).data, memories or {}, clauses=clauses)


def value_cases() -> Iterator[Accepted]:
    """Numbers at their ends."""
    file = File(package=package(minor=255))
    yield of("ends-minor-version", "units", "version_minor 255", file, clause="3.1")
    file = new_file().add(variant(0, "", "of no name"), variant(LAST_VARIANT, "last"), variant(5, "five"))
    file.add(structure(LAST_VARIANT), structure(5))
    file.add(evaluation((LAST_VARIANT, "", "", "", bytes(8)), (5, "", "", "", b"\xff" * 8)))
    put(file, "t", 1, (6,), tensor("t"))
    put(file, "", 1, (6,), tensor("", number=5), number=5)
    file.alias("", "t")
    file.units[-1] = alias("", "t")
    file.alias("of-no-name", "", variant=5)
    file.units[-1] = alias("of-no-name", "", number=5)
    memories = {(0, "t"): b"abcdef", (0, ""): b"abcdef", (5, ""): b"abcdef", (5, "of-no-name"): b"abcdef"}
    yield of("ends-variants", "units", "variants 0, 5 and 65535; empty names; values of zeros and ones", file, memories)
    file = new_file().add(structure(0, media_type=""))
    yield of("ends-media-type", "units", "a structure without media type", file, clause="3.7")
    file = new_file().add(asset("crc", b"\xff" * 4))
    start = b"\0abc"
    blocks = [start + struct.pack("<I", zlib.crc32(start) ^ last) for last in (LAST_OF_ONES, LAST_OF_ZEROS)]
    put(file, "t", 1, (14,), tensor("t", 1, (14,), None, blocks, 7), coding=1)
    memory = b"".join(block[1:] for block in blocks)
    yield of("ends-checksums", "units", "checksums of zeros and of ones", file, {(0, "t"): memory}, "1.2")
    file = new_file()
    put(file, "t", 1, (7,), tensor("t", 1, (7,), None, [b"\1a"], WORD), coding=1)
    yield of("ends-block-records", "shapes", "blocks of up to 2^32 - 1 records", file, {(0, "t"): b"a" * 7}, "4.3")
    file = new_file()
    put(file, "large", 255, (0,), tensor("large", 255, (0,), b"", opaque=("", WORD, WORD)))
    put(file, "small", 255, (2,), tensor("small", 255, (2,), b"ab", opaque=("", 1, 1)))
    memories = {(0, "large"): b"", (0, "small"): b"ab"}
    yield of("ends-opaque", "types", "opaque blocks of 1 and of 2^32 - 1 bytes", file, memories, "4.1")


def count_cases() -> Iterator[Accepted]:
    """Lists of 0, 1, 2 and many parts."""
    person = ("Ada", "author", "a society", "ada@example.org")
    record = (0, "classify", "digits", "top-1", struct.pack(">d", 0.5))
    for count in (0, 1, 2, 3):
        pairs = [(f"k{i}", f"v{i}") for i in range(count)]
        file = new_file().add(metadata(*pairs), contributors(*[person] * count), evaluation(*[record] * count))
        yield of(f"ends-lists-of-{count}", "units", f"lists of {count}", file)
    file = new_file().add(contributors(*[("", "", "", "")] * LONGEST))
    file.add(evaluation(*[(0, "", "", "", bytes(8))] * LONGEST))
    yield of("ends-lists-of-65535", "units", "lists of 65535", file)


def text_cases() -> Iterator[Accepted]:
    """Every text as long as its size can say."""
    long = "x" * LONGEST
    file = File(package=package(long)).add(variant(1, long, long), metadata((long, long)))
    file.add(contributors((long, long, long, long)), license_text(long, ""), asset(long, b"", long))
    file.add(structure(0, b"", long), evaluation((0, long, long, long, bytes(8))))
    put(file, long, 255, (1,), tensor(long, 255, (1,), b"a", opaque=(long, 1, 1)))
    put(file, long, 1, (6,), tensor(long, number=1), number=1)
    file.alias("y" * LONGEST, long, variant=1)
    file.units[-1] = alias("y" * LONGEST, long, number=1)
    memories = {(0, long): b"a", (1, long): b"abcdef", (1, "y" * LONGEST): b"abcdef"}
    yield of("ends-texts-of-65535", "units", "texts of 65535 bytes", file, memories, "1.1")
    file = nnc_file([(0, integers(long, [1, 0], (2,)), [[(long, 6, (2,))]])])
    yield Accepted(
        "aim-limits-nnc-name",
        "limits",
        "an NNC tensor with a name of 65535 bytes",
        finished(file).data,
        klass="limits",
        clauses=("9.2",),
        within=Limits(max_string_bytes=LONGEST),
    )


def integers(name: str, levels: list[int], shape: tuple[int, ...]) -> bytes:
    """An NNC stream of one tensor of integers."""
    choices = TensorChoices(np.array(levels, np.int64).reshape(shape))
    unit = DataUnit(NNR_PT_INT, (name,), shape, (choices,))
    return encode_stream([StartUnit(), ModelParameterSet(topology_carriage_flag=0), unit])


def nnc_cases() -> Iterator[Accepted]:
    """NNC tensors of every type of integers, of every rank, without name."""
    bits = [1, 0, 0, 1, 1, 0]
    streams: list[tuple[int, bytes, NncTensors]] = [
        (number + 1, integers("w", bits, (2, 3)), [[("w", number, (2, 3))]]) for number in INTEGERS
    ]
    yield of("nnc-integer-types", "nnc", "integers 0 and 1 given in every type of integers", nnc_file(streams))
    signs = [(1, 2, -128, 127), (2, 4, -32768, 32767), (3, 6, -(1 << 31), (1 << 31) - 1), (4, 8, -(1 << 31), 1)]
    streams = [(n, integers("w", [low, high], (2,)), [[("w", code, (2,))]]) for n, code, low, high in signs]
    streams += [(10 + n, integers("w", [0, (1 << n) - 1], (2,)), [[("w", c, (2,))]]) for n, c in ((8, 1), (16, 3))]
    yield of("nnc-integer-ends", "nnc", "integers at the ends of the type that they are given in", nnc_file(streams))
    yield of("nnc-block-of-two", "nnc", "a data unit of two tensors", nnc_file([(0, *two_tensors())]))
    (step,) = nnc_case("dims-1").steps
    (one,) = step.expect.tensors
    shapes: list[tuple[int, ...]] = [(), (1,), (1, 1), (1,) * 32]
    streams = [(n, step.data, [[(one.name, FLOAT32, shape)]]) for n, shape in enumerate(shapes[:-1])]
    streams += [(LAST_VARIANT, step.data, [[(one.name, FLOAT32, shapes[-1])]])]
    yield of("nnc-ranks", "nnc", "NNC tensors of rank 0, 1, 2 and 32", nnc_file(streams))
    streams = [(7, integers("", [3], (1,)), [[("", 6, (1,))]])]
    yield of("nnc-no-name", "nnc", "an NNC tensor with the empty name", nnc_file(streams))


def two_tensors() -> tuple[bytes, list[list[tuple[str, int, tuple[int, ...]]]]]:
    """An NNC stream of a block, a bias and a weight, and what it gives."""
    bias, weight = TensorChoices(np.array([5, -1, 0])), TensorChoices(np.arange(-3, 3).reshape(3, 2))
    block = DataUnit(NNR_PT_BLOCK, ("w", "b"), (3, 2), (bias, weight), compressed_parameter_types=NNR_CPT_BI)
    stream = encode_stream([StartUnit(), ModelParameterSet(topology_carriage_flag=0), block])
    return stream, [[("b", FLOAT32, (3,)), ("w", FLOAT32, (3, 2))]]
