"""What case.json says of a file, after checking that the generator and both decoders agree.

An accepted case is given only if the slow decoder and the package give the same contents, and the memory that was known
when it was built; a refused one only if both refuse it with the kind of error that the text names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

import aimcodec
from aimcodec.conformance.generators.aim.case import Accepted, BrokenStructure, Refused
from aimcodec.conformance.generators.aim.contents import of_package, of_slow
from aimcodec.conformance.generators.registry import Built, DisagreementError, Stream
from aimcodec.errors import AimcError, LimitExceededError
from aimcodec.limits import DEFAULT_LIMITS, Limits
from aimcodec.model import MEDIA_TYPE, decode_structure, encode_structure
from aimcodec.reference.aim import read, read_structure
from aimcodec.syntax.aim import check_file, iter_units

__all__ = ["confirmed"]

PROTECTED = ("secret", "coded")
CLAUSES = {
    "beside": "3",
    "blocks": "7",
    "frames": "2",
    "index": "5.1",
    "limits": "11",
    "lossless": "4.3",
    "names": "4.1",
    "nnc": "9",
    "protected": "12",
    "shapes": "4.1",
    "structures": "14",
    "tensors": "4.1",
    "types": "6.1",
    "units": "3",
}


def confirmed(cases: Iterable[Accepted | BrokenStructure | Refused]) -> Iterator[Built]:
    """Cases for the catalogue.

    Raises:
        DisagreementError: a decoder or the generator is wrong.
    """
    for case in cases:
        if isinstance(case, BrokenStructure):
            yield _broken_structure(case)
        else:
            yield _accepted(case) if isinstance(case, Accepted) else _refused(case)


def _accepted(case: Accepted) -> Built:
    expect = _contents(case)
    limits = case.klass == "limits"
    if limits:
        expect |= {"reason": case.title, "errors": [LimitExceededError.code], "element": None, "bit_offset": None}
        _check_refused(case.id, case.data, (LimitExceededError,), (_load,))
    return Built(
        id=case.id,
        title=case.title,
        purpose=f"Must {'decode exactly, or be refused for its limits' if limits else 'decode exactly'}: {case.title}.",
        syntax="aim",
        klass=case.klass,
        area=case.area,
        verdict="either" if limits else "accept",
        clauses=case.clauses or (CLAUSES[case.area],),
        streams=(Stream(case.data, expect),),
        features=case.features,
        note=case.note,
        limits_needed=_needed(case.data, expect, case.within),
    )


def _needed(data: bytes, contents: dict[str, Any], limits: Limits) -> dict[str, int]:
    return {
        "elements": max((math.prod(t["shape"]) for t in contents["tensors"]), default=0),
        "bytes": sum(t["bytes"] for t in contents["tensors"]),
        "units": sum(1 for _ in iter_units(data, limits=limits)),
    }


def _contents(case: Accepted) -> dict[str, Any]:
    if case.protected:
        contents = of_package(case.data, [0], protected=PROTECTED)
        return contents | {"protected": list(PROTECTED)}
    file = read(case.data)
    contents = of_slow(file)
    for structure in file.structures.values():
        if structure.media_type == MEDIA_TYPE:
            _check_structure(case.id, structure.content)
    package = of_package(case.data, [v["id"] for v in contents["variants"]], limits=case.within)
    if package != contents:
        raise DisagreementError(f"{case.id}: {package} is not {contents}")
    for key, memory in case.memories.items():
        if file.tensors[key].memory != memory:
            raise DisagreementError(f"{case.id}: {key} is not what it was built from")
    violations = check_file(case.data, limits=case.within)
    if violations:
        raise DisagreementError(f"{case.id}: {violations}")
    return contents


def _check_structure(id: str, payload: bytes) -> None:
    """Both readers take it, and what one has read is the same payload again."""
    read_structure(payload)
    if encode_structure(decode_structure(payload)) != payload:
        raise DisagreementError(f"{id}: the structure is written in another way than it was")


def _broken_structure(case: BrokenStructure) -> Built:
    """What a decoder that skips structures gives, and what one that reads them says."""
    file = read(case.data)
    contents = of_slow(file)
    package = of_package(case.data, [v["id"] for v in contents["variants"]])
    if package != contents:
        raise DisagreementError(f"{case.id}: {package} is not {contents}")
    errors = case.error if isinstance(case.error, tuple) else (case.error,)
    (structure,) = file.structures.values()
    readers = (decode_structure,) if case.klass == "limits" else (decode_structure, read_structure)
    _check_refused(case.id, structure.content, errors, readers)  # the slow reader has no limits
    found = check_file(case.data)[0]
    if not isinstance(found, errors) or case.bit_offset not in (None, found.bit_offset):
        raise DisagreementError(f"{case.id}: {found!r} is not at {case.bit_offset}")
    expect = {
        "reason": case.rule,
        "errors": [error.code for error in errors],
        "element": case.element,
        "bit_offset": case.bit_offset,
    }
    return Built(
        id=case.id,
        title=case.rule,
        purpose=f"Its structure breaks one rule, its tensors are good: {case.rule}.",
        syntax="aim",
        klass=case.klass,
        area="structures",
        verdict="either",
        clauses=(CLAUSES["structures"],),
        streams=(Stream(case.data, contents | expect),),
        features=("structure",),
        limits_needed=_needed(case.data, contents, DEFAULT_LIMITS),
    )


def _refused(case: Refused) -> Built:
    errors = case.error if isinstance(case.error, tuple) else (case.error,)
    _check_refused(case.id, case.data, errors, (read, _load))
    found = re.match(r"\d+(\.\d+)?", case.rule)
    limits = case.klass == "limits"
    expect = {
        "reason": case.rule,
        "errors": [error.code for error in errors if error is not AimcError],
        "element": case.element,
        "bit_offset": case.bit_offset,
    }
    return Built(
        id=case.id,
        title=case.rule,
        purpose=f"{'Asks for much: ' if limits else 'Must be refused, it breaks one rule: '}{case.rule}.",
        syntax="aim",
        klass=case.klass,
        area=case.area,
        verdict="either" if limits else "reject",
        clauses=(found[0] if found and not limits else CLAUSES[case.area],),
        streams=(Stream(case.data, expect),),
    )


def _check_refused(id: str, data: bytes, errors: tuple[type[AimcError], ...], decoders: tuple[Any, ...]) -> None:
    for decode in decoders:
        try:
            decode(data)
        except errors:
            continue
        raise DisagreementError(f"{id}: {decode.__name__} accepts it")


def _load(data: bytes) -> None:
    """Everything of a package."""
    with aimcodec.open(data, threads=1) as package:
        findings = package.verify()
        if findings:
            raise findings[0]
        for variant in package.variants:
            aimcodec.load_file(data, variant=variant.name, threads=1)
