"""The stream suite: where it is, its cases and levels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from aimcodec.conformance.case import FORMAT, Case, Expect, ExpectedTensor, Step, Verdict, case_of, text_of
from aimcodec.errors import ArgumentError, MalformedError

__all__ = [
    "LEVELS",
    "Case",
    "Catalogue",
    "Expect",
    "ExpectedTensor",
    "Step",
    "Verdict",
    "load_catalogue",
    "streams_root",
]

LEVELS = ("smoke", "core", "full")


@dataclass(frozen=True)
class Catalogue:
    """All cases of a suite.

    Attributes:
        root: folder of catalogue.json.
        cases: those that are in this copy, in the order of their ids.
        absent: ids of those that are not: installed copies leave large streams out.
        digest: SHA-256 of catalogue.json, which has the digest of every case.
    """

    root: Path
    cases: tuple[Case, ...]
    absent: tuple[str, ...]
    digest: str

    @cached_property
    def by_id(self) -> dict[str, Case]:
        """Cases by id."""
        return {case.id: case for case in self.cases}

    def level(self, name: str) -> tuple[Case, ...]:
        """Cases of "smoke", "core" or "full", as levels/NAME.txt lists them, in the order of their ids.

        Raises:
            ArgumentError: there is no such level.
            MalformedError: the list names a case that the catalogue does not have.
        """
        if name not in LEVELS:
            raise ArgumentError(f"level {name!r} is none of {', '.join(LEVELS)}")
        path = self.root / "levels" / f"{name}.txt"
        wanted = set(_read(path).decode("utf-8").split())
        unknown = wanted - set(self.by_id) - set(self.absent)
        if unknown:
            raise MalformedError(f"{path}: no case {min(unknown)!r}")
        return tuple(case for case in self.cases if case.id in wanted)


def streams_root() -> Path:
    """Folder of the suite: of the source tree if this package lies in one, else what was installed with it."""
    here = Path(__file__).resolve()
    source = here.parents[3] / "conformance_streams"
    return source if (source / "catalogue.json").is_file() else here.parent / "streams"


def load_catalogue(root: Path | None = None) -> Catalogue:
    """The suite in a folder, by default that of `streams_root`.

    Raises:
        ArgumentError: there is no catalogue in the folder, or a file of it cannot be read.
        MalformedError: it is none, or a case differs from what it says.
    """
    folder = streams_root() if root is None else root
    path = folder / "catalogue.json"
    data = _read(path)
    contents = _object(data, path)
    lines = contents.get("cases")
    if contents.get("format") != FORMAT or not isinstance(lines, list):
        raise MalformedError(f"{path}: no catalogue of format {FORMAT}")
    by_id = {text_of(line, "id", str(path)): line for line in lines}
    if len(by_id) != len(lines):
        raise MalformedError(f"{path}: an id comes twice")
    absent = {id for id, line in by_id.items() if _is_absent(line, folder, path)}
    cases = [_case(by_id[id], folder, path) for id in sorted(by_id.keys() - absent)]
    return Catalogue(folder, tuple(cases), tuple(sorted(absent)), hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArgumentError(f"{path}: {error.strerror}") from error


def _object(data: bytes, path: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(data)
    except ValueError as error:
        raise MalformedError(f"{path}: {error}") from error
    if not isinstance(facts, dict):
        raise MalformedError(f"{path}: no object")
    return facts


def _folder(line: Mapping[str, Any], root: Path, path: Path) -> Path:
    folder = PurePosixPath(text_of(line, "folder", str(path)))
    if folder.is_absolute() or ".." in folder.parts:
        raise MalformedError(f"{path}: {folder} is elsewhere")
    return root / folder


def _is_absent(line: Mapping[str, Any], root: Path, path: Path) -> bool:
    return line.get("large") is True and not _folder(line, root, path).is_dir()


def _case(line: Mapping[str, Any], root: Path, path: Path) -> Case:
    folder = _folder(line, root, path)
    data = _read(folder / "case.json")
    if hashlib.sha256(data).hexdigest() != text_of(line, "sha256", str(path)):
        raise MalformedError(f"{folder / 'case.json'}: not the one in the catalogue")
    case = case_of(_object(data, folder / "case.json"), folder)
    if case.id != line["id"]:
        raise MalformedError(f"{path}: {line['id']!r} is {case.id!r} in its folder")
    return case
