"""AIM files that shall be refused: one for each rule of clause 11 and of coded data, and what asks for too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from aimcodec.conformance.generators.aim.blocks import constant_plane, lz_body, lz_plane, parts_plane, raw_plane
from aimcodec.conformance.generators.aim.broken import BROKEN, BrokenBlock, in_file
from aimcodec.conformance.generators.aim.build import (
    Laid,
    alias,
    asset,
    binary64,
    contributors,
    evaluation,
    finished,
    laid,
    license_text,
    metadata,
    nnc_data,
    nnc_unit,
    package,
    put,
    structure,
    tensor,
    variant,
)
from aimcodec.conformance.generators.aim.case import Errors, Refused, refused
from aimcodec.conformance.generators.aim.coded import data_type_of, new_file
from aimcodec.conformance.generators.aim.files import File, numbers
from aimcodec.conformance.generators.aim.whole import UNIFORM, cut
from aimcodec.errors import (
    AimcError,
    InconsistentError,
    LimitExceededError,
    MalformedError,
    OutOfRangeError,
    TruncatedError,
    UnsupportedError,
)

__all__ = ["beside", "broken_blocks", "frames", "indexes", "limits", "lossless", "names", "streams", "tensors"]

# A reader from the end of the file meets another rule first than one from its front.
NOT_AT_THE_END = (MalformedError, TruncatedError)
BETWEEN = (MalformedError, InconsistentError)

LARGEST = numbers("Q", (1 << 64) - 1)
BIG = (1 << 63).to_bytes(8, "big")


def lone(unit: Laid) -> File:
    """A unit after PACKAGE."""
    file = new_file().add(unit)
    file.entries += [] if unit.entry is None else [unit.entry]
    return file


def a_tensor(**options: object) -> File:
    """A file whose only unit is a TENSOR of 6 bytes, with its entry."""
    return put(new_file(), "t", 1, (6,), tensor(**options))  # type: ignore[arg-type]


def frames() -> Iterator[Refused]:
    """2: files and units."""
    good = finished(a_tensor())

    def case(id: str, rule: str, error: Errors, *rest: object, **more: object) -> Refused:
        return refused(f"aim-frame-{id}", "frames", rule, error, *rest, **more)  # type: ignore[arg-type]

    whole = "2.1: a file ends with INDEX and END"
    yield case("empty-file", whole, TruncatedError, good.cut(0))
    for name, size in (("marker", 5), ("header", 40), ("after-package", 64), ("in-tensor", 200), ("before-end", -128)):
        yield case(f"cut-{name}", whole, TruncatedError, good.cut(size % len(good.data)))
    yield case("cut-last-byte", whole, TruncatedError, good.cut(len(good.data) - 1))
    for name, tail in (
        ("zeros", bytes(64)),
        ("line", b"\n"),
        ("unit", bytes(metadata())),
        ("zip", b"PK\5\6" + bytes(18)),
    ):
        yield case(
            f"tail-{name}", "2.1: nothing follows the END unit", NOT_AT_THE_END, finished(a_tensor(), after_end=tail)
        )
    first = "2.1: a file has one PACKAGE unit, the first"
    yield case("package-second", first, MalformedError, lone(package()), 1, None, "unit_marker")
    yield case("package-missing", first, MalformedError, File(package=metadata()), 0, None, "unit_marker")
    after = finished(a_tensor(), after_index=[metadata()])
    yield case("unit-after-index", "2.1: END follows INDEX", BETWEEN, after, 3, None, "unit_marker")
    yield case("end-without-index", "2.1: END follows INDEX", MalformedError, lone(laid(255, [("all", bytes(56))])), 1)
    marker = "2.2: unit_marker"
    yield case("marker", marker, MalformedError, lone(metadata(marker=b"\x89AIM\r\n\x1a\r")), 1, "unit_marker")
    yield case("marker-of-zip", marker, MalformedError, File(package=Laid(b"PK\3\4" + bytes(60))))
    flags = "2.2: flags of the unit"
    yield case("reserved-bits", flags, OutOfRangeError, lone(metadata(flags=1)), 1, "reserved_zero_6bits")
    yield case("reserved-bits-high", flags, OutOfRangeError, lone(metadata(flags=0x20)), 1, "reserved_zero_6bits")
    yield case("ancillary-as-critical", flags, OutOfRangeError, lone(metadata(flags=0x80)), 1, "critical_flag")
    yield case("critical-as-ancillary", flags, OutOfRangeError, lone(variant(1, "a", flags=0)), 1, "critical_flag")
    unknown = "2.2: a critical unit of reserved type"
    yield case("critical-reserved", unknown, UnsupportedError, lone(laid(99)), 1, None, "critical_flag")
    sizes = "2.2: unit_header_size is 30 to 2^26"
    for size in (0, 29, (1 << 26) + 1, 0xFFFFFFFF):
        unit = metadata(header_size=size)
        yield case(f"header-size-{size}", sizes, OutOfRangeError, lone(unit), 1, "unit_header_size")
    yield case(
        "header-size-beyond", "2.2: the unit is in the file", TruncatedError, lone(metadata(header_size=1 << 26))
    )
    for size in (1 << 20, 1 << 63, (1 << 64) - 1, (1 << 64) - 64):
        yield case(
            f"payload-size-{size}",
            "2.2: the unit is in the file",
            TruncatedError,
            lone(metadata(payload_size=size)),
            1,
            "payload_size",
        )
    yield case("header-crc", "2.2: header_crc", InconsistentError, lone(metadata(header_crc=1)), 1, "header_crc")
    yield case(
        "payload-crc", "2.2: payload_crc", InconsistentError, a_tensor(payload_crc=1), 1, "payload_crc", "payload"
    )
    zero = "2.2: padding is zero bytes"
    unit = tensor()
    for place in ("header_padding", "payload_padding"):
        byte = unit.places[place] // 8
        changed = Laid(unit[:byte] + b"\1" + unit[byte + 1 :])
        changed.places = unit.places
        yield case(place.replace("_", "-"), zero, MalformedError, put(new_file(), "t", 1, (6,), changed), 1, place)
    filled = "2.2: the elements fill the typed header and the payload"
    yield case("header-left", filled, MalformedError, a_tensor(more=b"\0"), 1, None, "more")
    yield case("header-left-of-none", filled, MalformedError, lone(metadata(more=b"\0")))
    left = metadata(changed={"entry_count": numbers("I", 0) + b"\0"})
    yield case("payload-left", filled, MalformedError, lone(left))
    yield case(
        "payload-of-none", "3.1: the payload is empty", MalformedError, File(package=package(payload=[("x", b"x")]))
    )
    for number in (0, 254, 255):
        yield case(f"protected-{number}", "12: PACKAGE, INDEX and END are clear", OutOfRangeError, *protected(number))


def protected(unit_type: int) -> tuple[object, int, str]:
    if unit_type == 0:
        return File(package=package(flags=0xC0)), 0, "protected_flag"
    if unit_type == 254:
        return finished(a_tensor(), index_options={"flags": 0xC0}), 2, "protected_flag"
    return finished(a_tensor(), end_options={"flags": 0xC0}), 3, "protected_flag"


def beside() -> Iterator[Refused]:
    """3: units beside the tensors."""

    def case(id: str, rule: str, error: Errors, *rest: object, **more: object) -> Refused:
        return refused(f"aim-beside-{id}", "beside", rule, error, *rest, **more)  # type: ignore[arg-type]

    for major in (0, 2, 255):
        file = File(package=package(changed={"version_major": bytes([major])}))
        yield case(f"version-{major}", "3.1: version_major is 1", UnsupportedError, file, 0, "version_major")
    beyond = "2.2: no element goes beyond the typed header or payload"
    file = File(package=package(changed={"producer_size": b"\xff\xff"}))
    yield case("producer-beyond", beyond, TruncatedError, file, 0, "producer")
    utf8 = "1.1: utf8 is well-formed UTF-8 without U+0000"
    for name, data in (
        ("zero", "610062"),
        ("overlong", "c0af00"),
        ("surrogate", "eda080"),
        ("cut", "61e282"),
        ("high", "f4908080"),
    ):
        content = bytes.fromhex(data)
        changes = {"producer_size": numbers("H", len(content)), "producer": content}
        yield case(f"utf8-{name}", utf8, MalformedError, File(package=package(changed=changes)), 0, "producer")
    yield case("license-utf8", utf8, MalformedError, lone(license_text("MIT", b"\xff")), 1, "license_text")
    once = "3.2: a variant_id and a variant_name occur once"
    two = new_file().add(variant(1, "a"), variant(1, "b"))
    yield case("variant-twice", once, MalformedError, two, 2, "variant_id", "unit_marker")
    two = new_file().add(variant(1, "a"), variant(2, "a"))
    yield case("variant-name-twice", once, MalformedError, two, 2, "variant_name", "unit_marker")
    yield case(
        "variant-no-name",
        "3.2: only variant 0 has the empty name",
        OutOfRangeError,
        lone(variant(1, "")),
        1,
        "variant_name",
    )
    known = "3.2: a VARIANT unit comes before what names it"
    yield case("structure-variant", known, InconsistentError, lone(structure(1)), 1, "variant_id", "unit_marker")
    late = new_file().add(structure(1), variant(1, "a"))
    yield case("structure-variant-late", known, InconsistentError, late, 1, "variant_id", "unit_marker")
    record = (9, "t", "d", "m", binary64(1.0))
    yield case("evaluation-variant", known, InconsistentError, lone(evaluation(record)), 1, "variant_id", "unit_marker")
    keys = "3.3: keys are unique in a file"
    yield case("key-twice", keys, MalformedError, lone(metadata(("k", "1"), ("k", "2"))), 1, "key", "unit_marker")
    two = new_file().add(metadata(("k", "1")), metadata(("k", "1")))
    yield case("key-twice-apart", keys, MalformedError, two, 2, "key", "unit_marker")
    many = metadata(("k", "v"), changed={"entry_count": numbers("I", 0xFFFFFFFF)})
    yield case("entries-beyond", beyond, TruncatedError, lone(many))
    huge = metadata(("k", "v"), changed={"value_size[0]": numbers("I", 0xFFFFFFFF)})
    yield case("value-beyond", beyond, TruncatedError, lone(huge))
    few = contributors(("a", "b", "c", "d"), changed={"contributor_count": numbers("H", 65535)})
    yield case("contributors-beyond", beyond, TruncatedError, lone(few))
    yield case("no-payload", beyond, TruncatedError, lone(laid(2)))
    paths = "3.6: an asset_name is a relative path"
    for word, name in (
        ("empty", ""),
        ("absolute", "/etc/passwd"),
        ("of-folder", "a/"),
        ("empty-part", "a//b"),
        ("dot", "."),
        ("dot-inside", "a/./b"),
        ("parent", "../a"),
        ("parent-inside", "a/../../b"),
        ("backslash", "a\\b"),
        ("drive", "c:a"),
        ("control", "a\nb"),
    ):
        yield case(f"asset-{word}", paths, OutOfRangeError, lone(asset(name)), 1, "asset_name")
    two = new_file().add(asset("a"), asset("a", b"x"))
    yield case("asset-twice", "3.6: asset names are unique", MalformedError, two, 2, "asset_name", "unit_marker")
    two = new_file().add(structure(0), structure(0))
    yield case(
        "structure-twice", "3.7: one structure of a variant", MalformedError, two, 2, "variant_id", "unit_marker"
    )


def tensors() -> Iterator[Refused]:
    """4 and 6: tensors."""

    def case(id: str, rule: str, error: Errors, unit: Laid, element: str | None = None) -> Refused:
        at = None if element is None else 1
        return refused(f"aim-tensor-{id}", "tensors", rule, error, lone(unit), at, element)

    def changed(**elements: bytes) -> Laid:
        return tensor(changed=elements)

    for data_type in (32, 254):
        unit = changed(data_type=bytes([data_type]))
        yield case(f"type-{data_type}", "6.1: data_type", OutOfRangeError, unit, "data_type")
    yield case("rank-33", "4.1: rank is at most 32", OutOfRangeError, tensor(dimensions=(1,) * 33, memory=b"a"), "rank")
    room = "4.1: elements and bytes are at most 2^63 - 1"
    for name, data_type, dimensions in (
        ("2-32-times-2-32", 1, (1 << 32, 1 << 32)),
        ("2-63", 1, (1 << 63,)),
        ("2-64-1", 1, ((1 << 64) - 1,)),
        ("0-and-2-63", 1, (0, 1 << 63)),
        ("bytes", 11, (0, 1 << 61)),
        ("product-0", 7, (1 << 32, 1 << 32, 1 << 32)),
    ):
        unit = tensor("t", data_type, dimensions, b"", segment=(0, 0))
        yield case(f"room-{name}", room, OutOfRangeError, unit)
    for coding in (2, 3, 255):
        unit = tensor(coding=coding)
        yield case(f"coding-{coding}", "4.1: coding is 0 or 1", UnsupportedError, unit, "coding")
    size = "4.2: the payload is the memory"
    for memory in (b"", b"abcde", b"abcdefg", b"abcdef" * 2):
        yield case(f"raw-of-{len(memory)}", size, InconsistentError, tensor(memory=memory))
    yield case("raw-packed", size, InconsistentError, tensor("t", 26, (3,), b"\1\2\3"))
    segments = "4.1: segments"
    yield case(
        "segment-beyond", segments, InconsistentError, tensor(segment=(0, 7), memory=b"abcdefg"), "segment_elements"
    )
    yield case("segment-wraps", segments, InconsistentError, changed(segment_start=LARGEST), "segment_elements")
    yield case("segment-empty", segments, OutOfRangeError, tensor(segment=(0, 0), memory=b""), "segment_elements")
    yield case("raw-segment", segments, InconsistentError, tensor(segment=(0, 3), memory=b"abc"), "segment_elements")
    unit = tensor("t", 26, (6,), None, [b"\1\0"], 9, (1, 5))
    yield case("segment-in-a-byte", segments, InconsistentError, unit, "segment_start")
    padding = "6.2: the bits after the last element are zero"
    yield case("padding-bits", padding, MalformedError, tensor("t", 31, (6,), b"\x40"))
    yield case("padding-bits-int4", padding, MalformedError, tensor("t", 26, (3,), b"\x21\x13"))
    yield case("bool-2", "6.1: a BOOL is 0 or 1", OutOfRangeError, tensor("t", 0, (3,), b"\0\1\2"))
    opaque = "4.1: opaque blocks"
    kinds: list[tuple[str, tuple[int, ...], tuple[str, int, int], Errors]] = [
        ("elements-0", (4,), ("x", 0, 1), OutOfRangeError),
        ("bytes-0", (4,), ("x", 4, 0), OutOfRangeError),
        ("dimension", (6,), ("x", 4, 1), InconsistentError),
        ("rank-0", (), ("x", 1, 1), InconsistentError),
    ]
    for name, shape, kind, error in kinds:
        unit = tensor("t", 255, shape, b"a", opaque=kind)
        yield case(f"opaque-{name}", opaque, error, unit)
    yield case(
        "name-beyond",
        "2.2: no element goes beyond the header",
        TruncatedError,
        changed(tensor_name_size=b"\xff\xff"),
        "tensor_name",
    )
    yield case("dimensions-beyond", "2.2: no element goes beyond the header", TruncatedError, changed(rank=b"\x08"))


def lossless() -> Iterator[Refused]:
    """4.3: the header of lossless tensors."""
    blocks = [b"\0abcd", b"\1e"]

    def case(id: str, rule: str, error: Errors, element: str | None, **changes: bytes) -> Refused:
        unit = tensor("t", 1, (6,), None, blocks, 4, changed=changes)
        at = None if element is None else 1
        return refused(f"aim-lossless-{id}", "lossless", rule, error, lone(unit), at, element)

    count = "4.3: block_count is ceil(records / block_records)"
    sizes = "4.3: the sum of coded_size is payload_size"
    yield case(
        "block-records-0", "4.3: block_records is at least 1", OutOfRangeError, "block_records", block_records=bytes(4)
    )
    yield case("block-records-6", count, InconsistentError, "block_count", block_records=numbers("I", 6))
    for number in (0, 1, 3, 0xFFFFFFFF):
        yield case(f"block-count-{number}", count, InconsistentError, "block_count", block_count=numbers("I", number))
    yield case("sizes-more", sizes, InconsistentError, None, coded_size=numbers("I", 5, 3))
    yield case("sizes-less", sizes, InconsistentError, None, coded_size=numbers("I", 4, 2))
    yield case("sizes-wrap", sizes, InconsistentError, None, coded_size=numbers("I", 0xFFFFFFFF, 8))
    yield case("sizes-zero", sizes, InconsistentError, None, coded_size=numbers("I", 0, 0))
    yield case("block-crc", "4.3: block_crc", InconsistentError, None, block_crc=numbers("I", 1, 2))
    long = tensor("t", 1, (6,), None, [b"\0abcd", b"\0eff"], 4)
    bound = "4.3: a coded_size is at most 1 more than the records"
    yield refused("aim-lossless-size-bound", "lossless", bound, InconsistentError, lone(long))
    yield refused(
        "aim-lossless-no-block",
        "lossless",
        "7.1: a block has a block_mode",
        TruncatedError,
        lone(tensor("t", 1, (6,), None, [b"\0abcd", b""], 4)),
    )
    yield refused(
        "aim-lossless-bool",
        "lossless",
        "6.1: a BOOL is 0 or 1",
        OutOfRangeError,
        lone(tensor("t", 0, (6,), None, blocks, 4)),
    )
    yield refused(
        "aim-lossless-padding",
        "lossless",
        "6.2: the bits after the last element",
        MalformedError,
        lone(tensor("t", 30, (3,), None, [b"\0\x08"], 4)),
    )


def part(
    start: int, size: int, data_type: int = 1, name: str = "t", dimension: int = 6, block: bytes = b"\1\0"
) -> Laid:
    return tensor(name, data_type, (dimension,), None, [block], 99, (start, size))


def names() -> Iterator[Refused]:
    """4.1 and 4.4: segments, names and aliases."""

    def case(
        id: str, rule: str, error: Errors, file: File, unit: int | None = None, element: str | None = None
    ) -> Refused:
        return refused(
            f"aim-names-{id}", "names", rule, error, file, unit, element, None if unit is None else "unit_marker"
        )

    follow = "4.1: segments follow each other and cover the tensor"
    for name, units, unit in (
        ("lacking", [part(0, 2)], 2),
        ("not-first", [part(2, 4)], 1),
        ("in-disorder", [part(2, 4), part(0, 2)], 1),
        ("gap", [part(0, 2), part(3, 3)], 2),
        ("overlap", [part(0, 2), part(1, 5)], 2),
        ("other-name", [part(0, 2), part(2, 4, name="u")], 2),
        ("other-type", [part(0, 2), part(2, 4, data_type=2)], 2),
        ("other-shape", [part(0, 2), part(2, 5, dimension=7)], 2),
        ("apart", [part(0, 2), metadata(), part(2, 4)], 2),
    ):
        file = put(new_file(), "t", 1, (6,), *units, coding=1)
        yield case(f"segments-{name}", follow, InconsistentError, file, unit)
    inside = "4.1: a segment ends at a byte"
    file = put(new_file(), "t", 26, (6,), part(0, 1, 26), part(1, 5, 26), coding=1)
    yield case("segments-in-a-byte", inside, InconsistentError, file)
    unique = "4.1: names are unique"
    two = put(put(new_file(), "t", 1, (6,), tensor()), "t", 1, (6,), tensor())
    yield case("tensor-twice", unique, MalformedError, two, 2, "tensor_name")
    file = put(new_file(), "w", 1, (6,), tensor("w"))
    file.alias("w", "w")
    file.units[-1] = alias("w", "w")
    yield case("alias-of-itself", unique, MalformedError, file, 2, "alias_name")
    file = put(new_file().add(variant(1, "a")), "w", 1, (6,), tensor("w", number=1), number=1)
    yield case(
        "alias-of-other-variant",
        "4.4: a tensor of the same variant",
        InconsistentError,
        file.add(alias("v", "w")),
        3,
        "target_name",
    )
    yield case(
        "alias-of-nothing", "4.4: a tensor before it", InconsistentError, lone(alias("v", "w")), 1, "target_name"
    )
    late = put(new_file().add(alias("v", "w")), "w", 1, (6,), tensor("w"))
    yield case("alias-before", "4.4: a tensor before it", InconsistentError, late, 1, "target_name")
    file = put(new_file(), "w", 1, (6,), tensor("w"))
    for name, target in (("v", "w"), ("u", "v")):
        file.alias(name, target)
        file.units[-1] = alias(name, target)
    yield case("alias-of-alias", "4.4: not for another alias", InconsistentError, file, 3, "target_name")
    file = put(new_file(), "w", 1, (6,), tensor("w"))
    file.alias("v", "w")
    file.units[-1] = alias("v", "w", changed={"tied_flag": b"\x81"})
    yield case("alias-reserved", "4.4: reserved bits are 0", OutOfRangeError, file)
    yield case(
        "tensor-variant",
        "3.2: a VARIANT unit comes before",
        InconsistentError,
        put(new_file(), "t", 1, (6,), tensor(number=1), number=1),
        1,
        "variant_id",
    )


INDEX_ERRORS: Mapping[str, bytes] = {
    "unit_count": numbers("I", 3),
    "unit_type": b"\0\x11",
    "unit_blocks": numbers("Q", 1, 3),
    "unit_digest": bytes(64),
    "tensor_count": numbers("I", 2),
    "entry_variant": numbers("H", 1),
    "entry_name_size": numbers("H", 2),
    "entry_name": b"u",
    "entry_data_type": b"\2",
    "entry_rank": b"\2",
    "entry_dimension": numbers("Q", 7),
    "entry_coding": b"\1",
    "entry_unit": bytes(4),
    "entry_units": numbers("I", 2),
    "entry_target": numbers("I", 1),
}


def indexes() -> Iterator[Refused]:
    """5: INDEX and END."""
    rule = "5.1: the index agrees with the units"
    structural = {"unit_count", "tensor_count", "entry_name_size", "entry_rank"}
    for name, value in INDEX_ERRORS.items():
        made = finished(a_tensor(), index={name: value})
        # A count that is wrong moves what follows: any of the kinds of error.
        error = AimcError if name in structural else InconsistentError
        yield refused(f"aim-index-{name.replace('_', '-')}", "index", rule, error, made)
    for name in ("unit_count", "tensor_count"):
        made = finished(a_tensor(), index={name: b"\xff\xff\xff\xff"})
        yield refused(f"aim-index-{name.replace('_', '-')}-huge", "index", "2.2: counts", AimcError, made)
    wide = finished(a_tensor(), index={"unit_blocks": numbers("Q", 1 << 58, 1 << 58)})
    yield refused("aim-index-blocks-wrap", "index", rule, InconsistentError, wide)
    low = finished(a_tensor(), index={"unit_blocks": numbers("Q", 1, (1 << 64) - 1)})
    yield refused("aim-index-blocks-huge", "index", rule, InconsistentError, low)
    swapped = put(put(new_file(), "a", 1, (6,), tensor("a")), "b", 1, (6,), tensor("b"))
    swapped.entries.reverse()
    yield refused("aim-index-order", "index", "5.1: entries are in the order of the units", InconsistentError, swapped)
    short = a_tensor()
    short.entries.clear()
    yield refused("aim-index-entry-lacking", "index", rule, InconsistentError, short)
    double = a_tensor()
    double.entries.append(replace(double.entries[0], name="u"))
    yield refused("aim-index-entry-extra", "index", rule, InconsistentError, double)
    file = put(new_file(), "w", 1, (6,), tensor("w"))
    file.alias("v", "w")
    file.units[-1] = alias("v", "w")
    file.entries[1] = replace(file.entries[1], target=1)
    yield refused("aim-index-alias-target", "index", rule, InconsistentError, file)
    agrees = "5.2: END says where INDEX is, and its digest"
    for name, value in (
        ("index_offset", bytes(8)),
        ("index_size", numbers("Q", 64)),
        ("file_size", numbers("Q", 64)),
        ("index_digest", bytes(32)),
    ):
        made = finished(a_tensor(), end={name: value})
        yield refused(f"aim-end-{name.replace('_', '-')}", "index", agrees, InconsistentError, made)
    for name in ("index_offset", "index_size"):
        made = finished(a_tensor(), end={name: LARGEST})
        yield refused(f"aim-end-{name.replace('_', '-')}-huge", "index", agrees, InconsistentError, made)
    made = finished(a_tensor(), end={"file_size": BIG})
    yield refused("aim-end-file-size-huge", "index", agrees, AimcError, made)
    made = finished(a_tensor(), end_options={"more": b"\0"})
    yield refused("aim-end-left", "index", "2.2: the elements fill the typed header", MalformedError, made)
    made = finished(a_tensor(), index_options={"more": b"\0"})
    yield refused("aim-index-left", "index", "2.2: the elements fill the typed header", MalformedError, made)


def of_block(broken: BrokenBlock) -> Refused | None:
    """A file of one tensor of one block."""
    fitting = in_file(broken)
    if fitting is None:
        return None
    data_type = data_type_of(fitting.record_bytes, fitting.rotate, fitting.opaque)
    opaque = ("test", 1, fitting.record_bytes) if fitting.opaque else None
    unit = tensor("t", data_type, (fitting.count,), None, [fitting.block], opaque=opaque)
    file = put(new_file(), "t", data_type, (fitting.count,), unit, coding=1)
    return refused(f"aim-block-{broken.name}", "blocks", broken.rule, broken.error, file)


def streams() -> Iterator[Refused]:
    """9: NNC."""
    (_, start), (_, mps), (_, topology), (head, payload) = cut(UNIFORM)
    header = head or b""
    given = [("w", 11, (2, 3))]

    def case(id: str, rule: str, error: Errors, *units: Laid, data_type: int = 11) -> Refused:
        file = new_file()
        for unit in units:
            if unit[8] == 19:
                put(file, "w", data_type, (2, 3), coding=2)
            file.add(unit)
        return refused(f"aim-nnc-{id}", "nnc", rule, error, file)

    front = [nnc_unit(start), nnc_unit(mps), nnc_unit(topology)]
    legal = "9.3: the stream of a variant is legal"
    yield case("no-start", legal, MalformedError, *front[1:], nnc_data(header, payload, given))
    yield case(
        "start-twice", legal, (MalformedError, UnsupportedError), *front, front[0], nnc_data(header, payload, given)
    )
    yield case("no-parameters", legal, MalformedError, front[0], nnc_data(header, payload, given))
    data = nnc_data(header, payload, given)
    yield case("unit-cut", legal, AimcError, front[0], nnc_unit(mps[:-1]), front[2], data)
    one = "9: each unit of the stream is one unit of the file"
    yield case("two-in-one", one, InconsistentError, nnc_unit(start + mps), front[2], data)
    yield case("data-as-other", one, InconsistentError, *front, nnc_unit(header + payload), data)
    yield case("header-short", one, InconsistentError, *front, nnc_data(header[:-1], header[-1:] + payload, given))
    yield case("header-long", one, InconsistentError, *front, nnc_data(header + payload[:1], payload[1:], given))
    same = "9.2: names and numbers of elements are those of the data unit"
    yield case("other-name", same, InconsistentError, *front, nnc_data(header, payload, [("x", 11, (2, 3))]))
    yield case("other-elements", same, InconsistentError, *front, nnc_data(header, payload, [("w", 11, (2, 4))]))
    yield case("no-tensors", same, InconsistentError, *front, nnc_data(header, payload, []))
    yield case("two-tensors", same, InconsistentError, *front, nnc_data(header, payload, [*given, ("x", 11, ())]))
    types = "9.2: data_type"
    for data_type in (6, 13, 18, 23, 255):
        unit = nnc_data(header, payload, [("w", data_type, (2, 3))])
        yield case(f"type-{data_type}", types, OutOfRangeError, *front, unit, data_type=data_type)
    yield case("payload-cut", legal, AimcError, *front, nnc_data(header, payload[:-1], given))
    yield case(
        "nnr-header-beyond",
        "2.2: counts",
        TruncatedError,
        *front,
        nnc_data(header, payload, given, changed={"nnr_header_size": b"\xff\xff\xff\xff"}),
    )
    yield case(
        "tensor-count-beyond",
        "2.2: counts",
        TruncatedError,
        *front,
        nnc_data(header, payload, given, changed={"tensor_count": b"\xff\xff"}),
    )


def limits() -> Iterator[Refused]:
    """Legal files that ask for more than a decoder spends unless told to: a few hundred bytes each."""

    def case(
        id: str,
        rule: str,
        data_type: int,
        dimensions: tuple[int, ...],
        blocks: list[bytes],
        block_records: int,
    ) -> Refused:
        unit = tensor("t", data_type, dimensions, None, blocks, block_records)
        file = put(new_file(), "t", data_type, dimensions, unit, coding=1)
        return refused(f"aim-limits-{id}", "limits", rule, LimitExceededError, file, klass="limits")

    most = 0xFFFFFFFF
    constant = b"\1\0"
    yield case("elements", "2^31 elements of constant blocks", 1, (1 << 31,), [constant], most)
    yield case("elements-2-40", "2^40 elements", 1, (1 << 20, 1 << 20), [constant] * 257, most)
    yield case("bits-2-35", "2^35 elements of 1 bit", 31, (1 << 35,), [constant] * 2, most)
    yield case(
        "output",
        "2^37 bytes of 2^33 records in 2^30 elements",
        14,
        (1 << 30, 16),
        [b"\1" + bytes(8)] * 9,
        most,
    )
    yield case("expansion", "1 GiB of 600 bytes", 1, ((1 << 30) + 8,), [constant], most)
    zeros = b"\2\1" + b"\0"
    yield case("expansion-plane", "1 GiB of a constant plane", 1, ((1 << 30) + 8,), [zeros], most)
    m = (1 << 30) + 8
    lengths = raw_plane(b"\1"), raw_plane(b"\xff" + (m - 5).to_bytes(4, "little"))
    match = lz_body((1, 1, 1, 5), [raw_plane(b"a"), *lengths, raw_plane(b"\1"), raw_plane(b"\0"), raw_plane(b"\0")])
    yield case("expansion-match", "1 GiB of one match", 1, (m,), [b"\2" + lz_plane(match)], most)
    parts = parts_plane(1 << 29, 3 * [constant_plane(7)])
    yield case("expansion-parts", "1 GiB of two parts and 8 bytes", 1, (m,), [b"\2" + parts], most)
    segments = [tensor("t", 1, (1 << 32,), None, [constant], most, (i << 31, 1 << 31)) for i in range(2)]
    file = put(new_file(), "t", 1, (1 << 32,), *segments, coding=1)
    yield refused("aim-limits-segments", "limits", "2^32 bytes in segments", LimitExceededError, file, klass="limits")
    unit = tensor("t", 255, (1 << 30,), None, [b"\1" + bytes(100)], most, opaque=("x", 1, 100))
    file = put(new_file(), "t", 255, (1 << 30,), unit, coding=1)
    yield refused("aim-limits-opaque", "limits", "100 bytes 2^30 times", LimitExceededError, file, klass="limits")


def broken_blocks() -> Iterator[Refused]:
    """7 and 8: blocks."""
    yield from (case for broken in BROKEN if (case := of_block(broken)) is not None)
