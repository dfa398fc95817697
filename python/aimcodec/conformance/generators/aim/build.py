"""Builds AIM files whose elements have known places, from docs/spec/aim-bitstream.md; no code of a reader."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from aimcodec.conformance.generators.aim.files import Entry, File, numbers, unit

__all__ = [
    "Elements",
    "Laid",
    "alias",
    "asset",
    "binary64",
    "contributors",
    "evaluation",
    "finished",
    "laid",
    "license_text",
    "metadata",
    "nnc_data",
    "nnc_unit",
    "package",
    "put",
    "structure",
    "tensor",
    "variant",
]

FRAME_BITS = {
    "unit_marker": 0,
    "unit_type": 64,
    "critical_flag": 72,
    "protected_flag": 73,
    "reserved_zero_6bits": 74,
    "unit_header_size": 80,
    "payload_size": 112,
    "payload_crc": 176,
}
FRAME_BYTES = 26

Elements = Sequence[tuple[str, bytes]]


class Laid(bytes):
    """The bytes of a unit.

    Attributes:
        places: first bit of each element, from the start of the unit; of an array its first element.
        entry: what the index says of a tensor that has no other unit.
    """

    places: Mapping[str, int]
    entry: Entry | None = None


def joined(elements: Elements, changed: Mapping[str, bytes]) -> bytes:
    unknown = set(changed) - {name for name, _ in elements}
    if unknown:
        raise KeyError(f"no elements {unknown}")
    return b"".join(changed.get(name, value) for name, value in elements)


def places_of(elements: Elements, changed: Mapping[str, bytes], begin: int) -> dict[str, int]:
    places = {}
    for name, value in elements:
        places[name] = 8 * begin
        begin += len(changed.get(name, value))
    return places


def laid(
    unit_type: int,
    header: Elements = (),
    payload: Elements = (),
    changed: Mapping[str, bytes] | None = None,
    more: bytes = b"",
    **frame: int | bytes,
) -> Laid:
    """A unit; `changed` replaces elements, `more` follows the typed header, `frame` replaces elements of the frame."""
    in_header = {n: v for n, v in (changed or {}).items() if n in dict(header)}
    in_payload = {n: v for n, v in (changed or {}).items() if n not in dict(header)}
    typed = joined(header, in_header) + more
    made = Laid(unit(unit_type, typed, joined(payload, in_payload), **frame))  # type: ignore[arg-type]
    header_end = FRAME_BYTES + len(typed) + 4
    payload_begin = -(-header_end // 64) * 64
    payload_end = payload_begin + len(joined(payload, in_payload))
    made.places = {
        **FRAME_BITS,
        **places_of(header, in_header, FRAME_BYTES),
        "more": 8 * (header_end - 4 - len(more)),
        "header_crc": 8 * (header_end - 4),
        "header_padding": 8 * header_end,
        "payload": 8 * payload_begin,
        **places_of(payload, in_payload, payload_begin),
        "payload_padding": 8 * payload_end,
    }
    return made


def sized(name: str, value: str | bytes, code: str = "H") -> Elements:
    """An element after its number of bytes."""
    data = value.encode() if isinstance(value, str) else value
    return [(f"{name}_size", numbers(code, len(data))), (name, data)]


def texts(index: int, names: Sequence[str], values: Sequence[str]) -> Elements:
    """Elements of an item of a list, each after its number of bytes."""
    both = [sized(name, value) for name, value in zip(names, values, strict=True)]
    return [(f"{element}[{index}]", data) for elements in both for element, data in elements]


def package(producer: str = "aimcodec conformance", minor: int = 0, **options: object) -> Laid:
    header = [("version_major", b"\1"), ("version_minor", bytes([minor])), *sized("producer", producer)]
    return laid(0, header, **options)  # type: ignore[arg-type]


def variant(number: int, name: str, description: str = "", **options: object) -> Laid:
    header = [("variant_id", numbers("H", number)), *sized("variant_name", name), *sized("description", description)]
    return laid(1, header, **options)  # type: ignore[arg-type]


def metadata(*pairs: tuple[str, str], **options: object) -> Laid:
    payload: list[tuple[str, bytes]] = [("entry_count", numbers("I", len(pairs)))]
    for i, (key, value) in enumerate(pairs):
        payload += [(f"{name}[{i}]", data) for name, data in (*sized("key", key), *sized("value", value, "I"))]
    return laid(2, payload=payload, **options)  # type: ignore[arg-type]


def contributors(*people: tuple[str, str, str, str], **options: object) -> Laid:
    payload: list[tuple[str, bytes]] = [("contributor_count", numbers("H", len(people)))]
    for i, person in enumerate(people):
        payload += texts(i, ("name", "role", "organization", "contact"), person)
    return laid(3, payload=payload, **options)  # type: ignore[arg-type]


def license_text(expression: str, content: str | bytes, **options: object) -> Laid:
    data = content.encode() if isinstance(content, str) else content
    return laid(4, sized("license_expression", expression), [("license_text", data)], **options)  # type: ignore[arg-type]


def asset(name: str, content: bytes = b"", media_type: str = "", **options: object) -> Laid:
    header = [*sized("asset_name", name), *sized("media_type", media_type)]
    return laid(5, header, [("content", content)], **options)  # type: ignore[arg-type]


def structure(
    number: int, content: bytes = b"graph", media_type: str = "application/octet-stream", **options: object
) -> Laid:
    header = [("variant_id", numbers("H", number)), *sized("media_type", media_type)]
    return laid(6, header, [("content", content)], **options)  # type: ignore[arg-type]


def evaluation(*records: tuple[int, str, str, str, bytes], **options: object) -> Laid:
    payload: list[tuple[str, bytes]] = [("evaluation_count", numbers("H", len(records)))]
    for i, (number, task, dataset, metric, bits) in enumerate(records):
        payload.append((f"variant_id[{i}]", numbers("H", number)))
        payload += texts(i, ("task", "dataset", "metric"), (task, dataset, metric))
        payload.append((f"value_bits[{i}]", bits))
    return laid(7, payload=payload, **options)  # type: ignore[arg-type]


def tensor(
    name: str = "t",
    data_type: int = 1,
    dimensions: tuple[int, ...] = (6,),
    memory: bytes | None = b"abcdef",
    blocks: Sequence[bytes] | None = None,
    block_records: int = 1 << 20,
    segment: tuple[int, int] | None = None,
    number: int = 0,
    opaque: tuple[str, int, int] | None = None,
    coding: int | None = None,
    **options: object,
) -> Laid:
    """A TENSOR unit, raw from its memory or lossless from its blocks."""
    header: list[tuple[str, bytes]] = [("variant_id", numbers("H", number)), *sized("tensor_name", name)]
    header += [("data_type", bytes([data_type]))]
    if opaque is not None:
        header += sized("opaque_type", opaque[0])
        header += [
            ("opaque_block_elements", numbers("I", opaque[1])),
            ("opaque_block_bytes", numbers("I", opaque[2])),
        ]
    start, count = segment or (0, math.prod(dimensions))
    header += [
        ("rank", bytes([len(dimensions)])),
        ("dimension", numbers("Q", *dimensions)),
        ("coding", bytes([int(blocks is not None) if coding is None else coding])),
        ("segment_start", numbers("Q", start)),
        ("segment_elements", numbers("Q", count)),
    ]
    payload = [("payload_of_tensor", memory or b"")]
    if blocks is not None:
        header += [
            ("block_records", numbers("I", block_records)),
            ("block_count", numbers("I", len(blocks))),
            ("coded_size", numbers("I", *map(len, blocks))),
            ("block_crc", numbers("I", *map(zlib.crc32, blocks))),
        ]
        payload = [("payload_of_tensor", b"".join(blocks))]
    made = laid(16, header, payload, **options)  # type: ignore[arg-type]
    made.entry = Entry(number, name, data_type, dimensions, int(blocks is not None), 1)
    return made


def alias(name: str, target: str, tied: int = 1, number: int = 0, **options: object) -> Laid:
    header = [("variant_id", numbers("H", number)), *sized("alias_name", name), *sized("target_name", target)]
    return laid(17, [*header, ("tied_flag", bytes([tied << 7]))], **options)  # type: ignore[arg-type]


def nnc_unit(content: bytes, number: int = 0, **options: object) -> Laid:
    return laid(18, [("variant_id", numbers("H", number))], [("content", content)], **options)  # type: ignore[arg-type]


def nnc_data(
    nnr_header: bytes,
    content: bytes,
    tensors: Sequence[tuple[str, int, tuple[int, ...]]],
    number: int = 0,
    **options: object,
) -> Laid:
    header = [("variant_id", numbers("H", number)), *sized("nnr_header", nnr_header, "I")]
    header += [("tensor_count", numbers("H", len(tensors)))]
    for i, (name, data_type, dimensions) in enumerate(tensors):
        header += [(f"{element}[{i}]", data) for element, data in sized("tensor_name", name)]
        header += [
            (f"data_type[{i}]", bytes([data_type])),
            (f"rank[{i}]", bytes([len(dimensions)])),
            (f"dimension[{i}]", numbers("Q", *dimensions)),
        ]
    return laid(19, header, [("content", content)], **options)  # type: ignore[arg-type]


def put(
    file: File,
    name: str,
    data_type: int,
    dimensions: tuple[int, ...],
    *units: bytes,
    coding: int = 0,
    number: int = 0,
) -> File:
    """Units of a tensor and its entry; without units the entry is of the unit that comes next."""
    if units:
        return file.tensor(name, data_type, dimensions, list(units), coding, number)
    file.entries.append(Entry(number, name, data_type, dimensions, coding, 1 + len(file.units)))
    return file


@dataclass(frozen=True)
class Finished:
    """A file and its units, with where they begin, in bytes."""

    data: bytes
    units: list[Laid]
    starts: list[int]

    def place(self, unit_number: int, element: str = "unit_marker") -> int:
        """First bit of an element."""
        return 8 * self.starts[unit_number] + self.units[unit_number].places[element]

    def cut(self, size: int) -> Finished:
        return replace(self, data=self.data[:size])


INDEX_ARRAYS = (
    ("unit_count", 4, 0),
    ("unit_type", 1, 1),
    ("unit_blocks", 8, 1),
    ("unit_digest", 32, 1),
    ("tensor_count", 4, 0),
    ("entry_variant", 2, 2),
    ("entry_name_size", 2, 2),
    ("entry_name", 0, 0),
    ("entry_data_type", 1, 2),
    ("entry_rank", 1, 2),
    ("entry_dimension", 0, 0),
    ("entry_coding", 1, 2),
    ("entry_unit", 4, 2),
    ("entry_units", 4, 2),
    ("entry_target", 4, 2),
)


def index_elements(file: File) -> list[tuple[str, bytes]]:
    """The payload of INDEX cut in its arrays."""
    counts = {0: 1, 1: 1 + len(file.units), 2: len(file.entries)}
    other = {
        "entry_name": sum(len(entry.name.encode()) for entry in file.entries),
        "entry_dimension": 8 * sum(len(entry.dimensions) for entry in file.entries),
    }
    data = file.index()
    elements = []
    begin = 0
    for name, width, kind in INDEX_ARRAYS:
        size = other.get(name, width * counts[kind])
        elements.append((name, data[begin : begin + size]))
        begin += size
    if begin != len(data):
        raise ValueError("the index is longer than its arrays")
    return elements


def finished(
    file: File,
    index: Mapping[str, bytes] | None = None,
    end: Mapping[str, bytes] | None = None,
    after_index: Sequence[Laid] = (),
    after_end: bytes = b"",
    index_options: Mapping[str, object] | None = None,
    end_options: Mapping[str, object] | None = None,
) -> Finished:
    """The file with INDEX and END, whose elements may be replaced."""
    units = [file.package, *file.units]
    units.append(laid(254, payload=index_elements(file), changed=index, **(index_options or {})))  # type: ignore[arg-type]
    starts = [sum(map(len, units[:i])) for i in range(len(units))]
    digest = hashlib.sha256(units[-1]).digest()
    units += after_index
    starts = [sum(map(len, units[:i])) for i in range(len(units))]
    before = sum(map(len, units))
    place = starts[len(file.units) + 1]
    elements = [
        ("index_offset", numbers("Q", place)),
        ("index_size", numbers("Q", len(units[len(file.units) + 1]))),
        ("file_size", numbers("Q", before + 128)),
        ("index_digest", digest),
    ]
    units.append(laid(255, elements, changed=end, **(end_options or {})))  # type: ignore[arg-type]
    starts.append(before)
    return Finished(b"".join(units) + after_end, units, starts)  # type: ignore[arg-type]


def binary64(value: float) -> bytes:
    return struct.pack(">d", value)
