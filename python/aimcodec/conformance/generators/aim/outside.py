"""AIM files that shall be refused: values just outside of what elements may be, and wrong sizes (syntax coverage)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aimcodec.conformance.generators.aim.build import (
    FRAME_BYTES,
    Finished,
    Laid,
    alias,
    asset,
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
from aimcodec.conformance.generators.aim.coded import new_file
from aimcodec.conformance.generators.aim.files import File, numbers
from aimcodec.conformance.generators.aim.whole import UNIFORM, cut
from aimcodec.errors import AimcError, InconsistentError, MalformedError, OutOfRangeError, TruncatedError

__all__ = ["sizes", "texts", "values"]

NO_TEXT = b"\xff"
RECORD = (0, "task", "dataset", "metric", bytes(8))
PERSON = ("name", "role", "organization", "contact")
# A decoder may know what is permitted, or compare with the units.
INDEX_ERRORS = (OutOfRangeError, InconsistentError)


def with_unit(unit: Laid) -> File:
    """A unit after PACKAGE; a tensor has its entry, and an alias what it means."""
    if unit[8] == 17:
        file = put(new_file(), "t", 1, (6,), tensor("t"))
        file.alias("a", "t")
        file.units[-1] = unit
        return file
    file = new_file().add(unit)
    file.entries += [] if unit.entry is None else [unit.entry]
    return file


def of_nnc(**changed: bytes) -> Finished:
    """The NNC stream of the text, with changed elements of its NNC_DATA unit."""
    file = new_file()
    for header, content in cut(UNIFORM):
        if header is None:
            file.add(nnc_unit(content))
        else:
            put(file, "w", 11, (2, 3), coding=2)
            file.add(nnc_data(header, content, [("w", 11, (2, 3))], changed=changed))
    return finished(file)


def no_text(name: str, size_code: str = "H") -> dict[str, bytes]:
    """Changes of a text, and of the size before it."""
    element, bracket, rest = name.partition("[")
    return {f"{element}_size{bracket}{rest}": numbers(size_code, 1), name: NO_TEXT}


def texts() -> Iterator[Refused]:
    """1.1: every text."""

    def case(id: str, file: File | Finished, unit: int, element: str, at: str | None = None) -> Refused:
        rule = "1.1: utf8 is well-formed UTF-8 without U+0000"
        return refused(f"aim-text-{id}", "beside", rule, MalformedError, file, unit, element, at)

    one: list[tuple[str, str, Callable[..., Laid]]] = [
        ("variant-name", "variant_name", lambda changed: variant(1, "a", changed=changed)),
        ("variant-description", "description", lambda changed: variant(1, "a", "text", changed=changed)),
        ("metadata-key", "key[0]", lambda changed: metadata(("k", "v"), changed=changed)),
        *(
            (f"contributor-{name}", f"{name}[0]", lambda changed: contributors(PERSON, changed=changed))
            for name in PERSON
        ),
        ("license-expression", "license_expression", lambda changed: license_text("MIT", "", changed=changed)),
        ("asset-name", "asset_name", lambda changed: asset("a", changed=changed)),
        ("asset-media-type", "media_type", lambda changed: asset("a", changed=changed)),
        ("structure-media-type", "media_type", lambda changed: structure(0, changed=changed)),
        *(
            (f"evaluation-{name}", f"{name}[0]", lambda changed: evaluation(RECORD, changed=changed))
            for name in ("task", "dataset", "metric")
        ),
        ("tensor-name", "tensor_name", lambda changed: tensor(changed=changed)),
        (
            "opaque-type",
            "opaque_type",
            lambda changed: tensor("t", 255, (6,), opaque=("type", 1, 1), changed=changed),
        ),
    ]
    for id, element, make in one:
        yield case(id, with_unit(make(no_text(element))), 1, element.partition("[")[0], element)
    changed = no_text("value[0]", "I")
    yield case("metadata-value", with_unit(metadata(("k", "v"), changed=changed)), 1, "value", "value[0]")
    for element in ("alias_name", "target_name"):
        unit = alias("a", "t", changed=no_text(element))
        yield case(element.replace("_", "-"), with_unit(unit), 2, element)
    yield case("nnc-name", of_nnc(**no_text("tensor_name[0]")), 4, "tensor_name", "tensor_name[0]")
    made = finished(with_unit(tensor()), index={"entry_name": NO_TEXT})
    yield case("entry-name", made, 2, "entry_name")


def values() -> Iterator[Refused]:
    """Reserved values, and those next to permitted ones."""

    def case(
        id: str, rule: str, file: File | Finished, unit: int, element: str, at: str | None = None, bits: int = 0
    ) -> Refused:
        made = finished(file) if isinstance(file, File) else file
        place = made.place(unit, at or element) + bits
        error = INDEX_ERRORS if element.startswith("entry_") else OutOfRangeError
        return Refused(f"aim-outside-{id}", "tensors", rule, error, made.data, element, place)

    zero = "2.2: reserved bits are zero"
    yield case("reserved-6-bits", zero, with_unit(metadata(flags=0x3F)), 1, "reserved_zero_6bits")
    unit = alias("a", "t", changed={"tied_flag": b"\xff"})
    yield case("reserved-7-bits", "4.4: reserved_zero_7bits", with_unit(unit), 2, "reserved_zero_7bits", "tied_flag", 1)
    rank = "4.1: rank is at most 32"
    yield case("rank-255", rank, with_unit(tensor(changed={"rank": b"\xff"})), 1, "rank")
    for number in (33, 255):
        yield case(f"nnc-rank-{number}", rank, of_nnc(**{"rank[0]": bytes([number])}), 4, "rank", "rank[0]")
    index = "5.1: the index has values of the units"
    for element, outside in (("entry_data_type", (32, 254)), ("entry_rank", (33, 255)), ("entry_coding", (3, 254))):
        for value in outside:
            made = finished(with_unit(tensor()), index={element: bytes([value])})
            yield case(f"{element.replace('_', '-')}-{value}", index, made, 2, element)
    room = "4.1: elements and bytes are at most 2^63 - 1"
    made = of_nnc(**{"dimension[0]": numbers("Q", 1 << 62, 2)})
    yield refused("aim-outside-nnc-elements", "tensors", room, OutOfRangeError, made)


def shorter(unit: Laid, drop: int = 1) -> Laid:
    """The unit without the last bytes of its typed header; all sizes and checksums are right."""
    size = int.from_bytes(unit[10:14], "big")
    made = laid(unit[8], [("typed_header", unit[FRAME_BYTES : size - 4 - drop])])
    made.entry = unit.entry
    return made


def sizes() -> Iterator[Refused]:
    """2.2: the elements fill the typed header and the payload."""

    def case(id: str, error: Errors, file: File | Finished, unit: int | None = None, at: str | None = None) -> Refused:
        rule = "2.2: the elements fill the typed header and the payload"
        return refused(f"aim-size-{id}", "frames", rule, error, file, unit, None, at)

    yield case("package-long", MalformedError, File(package=package(more=b"\0")), 0, "more")
    headers: list[tuple[str, Callable[..., Laid]]] = [
        ("variant", lambda **more: variant(1, "a", **more)),
        ("license", lambda **more: license_text("MIT", "", **more)),
        ("asset", lambda **more: asset("a", **more)),
        ("structure", lambda **more: structure(0, b"", **more)),
        ("alias", lambda **more: alias("a", "t", **more)),
        ("nnc-unit", lambda **more: nnc_unit(b"", **more)),
    ]
    for name, make in headers:
        place = 2 if name == "alias" else 1
        yield case(f"{name}-long", MalformedError, with_unit(make(more=b"\0")), place, "more")
        yield case(f"{name}-short", TruncatedError, with_unit(shorter(make())))
    longer = contributors(changed={"contributor_count": numbers("H", 0) + b"\0"})
    yield case("contributors-long", MalformedError, with_unit(longer))
    longer = evaluation(changed={"evaluation_count": numbers("H", 0) + b"\0"})
    yield case("evaluation-long", MalformedError, with_unit(longer))
    few = evaluation(RECORD, changed={"evaluation_count": numbers("H", 2)})
    yield case("evaluation-short", TruncatedError, with_unit(few))
    yield case("nnc-data-long", MalformedError, of_nnc(**{"dimension[0]": numbers("Q", 2, 3) + b"\0"}))
    short = finished(with_unit(tensor()), end={"index_digest": bytes(31)})
    yield case("end-short", AimcError, short)
