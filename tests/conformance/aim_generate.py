"""Writes the conformance streams of AIM: `python -m tests.conformance.aim_generate`, from the root of the project.

Streams are built byte by byte from the text, with numbers drawn from seeds; no encoder of this project has a part in
them. An accepted case is written only if the slow decoder and the package give the same contents, and the memory that
was known when it was built; a refused one only if both refuse it with the kind of error that the text names.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aimcodec
from aimcodec.errors import AimcError
from aimcodec.reference.aim import read
from aimcodec.syntax.aim import check_file

from .aim_case import Accepted, Refused
from .aim_coded import coded_cases
from .aim_contents import of_package, of_slow
from .aim_refused import refused_cases
from .aim_whole import whole_cases
from .cases import STREAMS

__all__ = ["all_cases"]

PRODUCER = "tests/conformance/aim_generate.py"
PROTECTED = ("secret", "coded")


class DisagreementError(Exception):
    """The decoders and the builder do not agree."""


def all_cases() -> Iterator[Accepted | Refused]:
    """All cases, built anew."""
    yield from whole_cases()
    yield from coded_cases()
    yield from refused_cases()


def accepted(case: Accepted) -> dict[str, Any]:
    """What is expected of a file, after checking that everybody agrees."""
    if case.protected:
        contents = of_package(case.data, [0], protected=PROTECTED)
        return contents | {"protected": list(PROTECTED)}
    file = read(case.data)
    contents = of_slow(file)
    package = of_package(case.data, [v["id"] for v in contents["variants"]])
    if package != contents:
        raise DisagreementError(f"{case.id}: {package} is not {contents}")
    for key, memory in case.memories.items():
        if file.tensors[key].memory != memory:
            raise DisagreementError(f"{case.id}: {key} is not what it was built from")
    if check_file(case.data):
        raise DisagreementError(f"{case.id}: {check_file(case.data)}")
    return contents


def errors_of(case: Refused) -> tuple[type[AimcError], ...]:
    return case.error if isinstance(case.error, tuple) else (case.error,)


def refused(case: Refused) -> dict[str, Any]:
    """What is expected of the decoders, after checking that both refuse it."""
    for decode in (read, load):
        try:
            decode(case.data)
        except errors_of(case):
            continue
        raise DisagreementError(f"{case.id}: {decode.__name__} accepts it")
    codes = [error.code for error in errors_of(case) if error is not AimcError]
    return {
        "reason": case.rule,
        "errors": codes,
        "element": case.element,
        "bit_offset_of_first_violation": case.bit_offset,
    }


def load(data: bytes) -> None:
    """Everything of a package."""
    with aimcodec.open(data, threads=1) as package:
        findings = package.verify()
        if findings:
            raise findings[0]
        for variant in package.variants:
            aimcodec.load_file(data, variant=variant.name, threads=1)


def described(case: Accepted | Refused) -> dict[str, Any]:
    """case.json."""
    good = isinstance(case, Accepted)
    description: dict[str, Any] = {
        "id": case.id,
        "title": case.title if isinstance(case, Accepted) else case.rule,
        "producer": PRODUCER,
    }
    if isinstance(case, Accepted) and case.note:
        description["note"] = case.note
    description["stream"] = {
        "file": "stream.aim",
        "bytes": len(case.data),
        "sha256": hashlib.sha256(case.data).hexdigest(),
    }
    verdict = {"verdict": "accept" if good else "reject"}
    description["expect"] = verdict | (accepted(case) if isinstance(case, Accepted) else refused(case))
    return description


def entry_of(case: Accepted | Refused, description: dict[str, Any]) -> dict[str, Any]:
    """The line of the catalogue."""
    return {
        "id": case.id,
        "syntax": "aim",
        "class": case.klass,
        "area": case.area,
        "folder": f"{case.klass}/aim/{case.area}/{case.id}",
        "title": description["title"],
        "verdict": description["expect"]["verdict"],
        "streams": 1,
        "bytes": len(case.data),
        "tensors": len(description["expect"].get("tensors", [])),
        "features": [],
    }


def write(folder: Path, case: Accepted | Refused, description: dict[str, Any]) -> None:
    folder.mkdir(parents=True)
    (folder / "stream.aim").write_bytes(case.data)
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (folder / "case.json").write_text(text + "\n", "utf-8")


def write_catalogue(entries: list[dict[str, Any]]) -> None:
    """The lines of other syntaxes stay as they are."""
    path = STREAMS / "catalogue.json"
    others = [entry for entry in json.loads(path.read_text("utf-8"))["cases"] if entry["syntax"] != "aim"]
    lines = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in others + entries)
    path.write_text(f'{{\n "format": 1,\n "cases": [\n{lines}\n ]\n}}\n', "utf-8")


def main() -> None:
    cases = list(all_cases())
    descriptions = [described(case) for case in cases]
    for folder in STREAMS.glob("*/aim"):
        shutil.rmtree(folder)
    entries = [entry_of(case, description) for case, description in zip(cases, descriptions, strict=True)]
    for case, description, entry in zip(cases, descriptions, entries, strict=True):
        write(STREAMS / entry["folder"], case, description)
    write_catalogue(sorted(entries, key=lambda entry: entry["id"]))


if __name__ == "__main__":
    main()
