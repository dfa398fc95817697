"""Re-creates the suite: `python -m aimcodec.conformance.generate [--check] [--syntax SYNTAX] [--root FOLDER] [ID ...]`.

Without ids all generators run, or those of a syntax. `--check` writes nothing, and fails if anything differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aimcodec.conformance.catalogue import load_catalogue, streams_root
from aimcodec.conformance.generators.registry import Built, Family, families, family
from aimcodec.conformance.store import facts_of, folder_of, render, stream_name, write_case
from aimcodec.conformance.survey import survey
from aimcodec.errors import ArgumentError

__all__ = ["differences", "main"]

Facts = dict[str, Any]


def wanted_families(root: Path, ids: Sequence[str], syntaxes: Sequence[str]) -> list[Family]:
    """The generators of some cases; all of the syntaxes without ids.

    Raises:
        ArgumentError: a generator is not there.
    """
    if not ids:
        return families(*syntaxes)
    cases = load_catalogue(root).by_id
    sources = [cases[id].facts["generator"] for id in ids if "generator" in cases[id].facts]
    return [family(name, seed) for name, seed in dict.fromkeys((s["name"], s["seed"]) for s in sources)]


def differences(root: Path, ids: Sequence[str] = (), syntaxes: Sequence[str] = ()) -> Iterator[str]:
    """What is not in the suite as the generators make it, a line each."""
    for one in wanted_families(root, ids, syntaxes):
        for built in one.cases():
            if not ids or built.id in ids:
                yield from _differences_of(root, built, one)


def _differences_of(root: Path, built: Built, family: Family) -> Iterator[str]:
    facts = facts_of(built, family)
    folder = folder_of(root, facts)
    for number, stream in enumerate(built.streams):
        path = folder / stream_name(built, number)
        if not path.is_file() or path.read_bytes() != stream.data:
            yield f"{path}: other bytes"
    stored = folder / "case.json"
    there: Facts = json.loads(stored.read_text("utf-8")) if stored.is_file() else {}
    if render(there | {"coverage": []}) != render(facts):
        yield f"{stored}: other facts"


def write(root: Path, ids: Sequence[str], syntaxes: Sequence[str]) -> None:
    """Writes cases, then all that follows from them: coverage, catalogue, levels."""
    made = [
        (facts_of(built, one), built)
        for one in wanted_families(root, ids, syntaxes)
        for built in one.cases()
        if not ids or built.id in ids
    ]
    twice = [id for id, count in Counter(built.id for _, built in made).items() if count > 1]
    if twice:
        raise ArgumentError(f"two cases {twice[0]}")
    if not ids:
        for folder in _generated(root, syntaxes):
            shutil.rmtree(folder)
    for facts, built in made:
        streams = [(stream_name(built, number), stream.data) for number, stream in enumerate(built.streams)]
        write_case(folder_of(root, facts), facts, streams)
    survey(root)


def _generated(root: Path, syntaxes: Sequence[str]) -> list[Path]:
    paths = [path for syntax in syntaxes or ("*",) for path in root.glob(f"*/{syntax}/*/*/case.json")]
    return [path.parent for path in paths if "generator" in json.loads(path.read_text("utf-8"))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 1 where `--check` finds differences."""
    parser = argparse.ArgumentParser(prog="aimcodec.conformance.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("--root", type=Path, default=streams_root(), help="folder of catalogue.json")
    parser.add_argument("--syntax", action="append", choices=["nnc", "aim"], default=[], help="only these generators")
    parser.add_argument("ids", nargs="*", help="cases; all without any")
    given = parser.parse_args(arguments)
    if not given.check:
        write(given.root, given.ids, given.syntax)
        return 0
    found = list(differences(given.root, given.ids, given.syntax))
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
