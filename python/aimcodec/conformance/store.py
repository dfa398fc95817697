"""Writing the suite: case.json, catalogue.json and the level lists, in one form."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aimcodec.conformance.case import FORMAT
from aimcodec.conformance.catalogue import LEVELS
from aimcodec.conformance.generators.registry import GENERATOR_VERSION, Built, Family

__all__ = ["facts_of", "folder_of", "render", "stream_name", "write_case", "write_catalogue", "write_levels"]

LICENCE = "BSD-3-Clause"
ADDED = "0.1.0"
LARGE = 100_000  # bytes of a folder beyond which installed copies do without it

Facts = dict[str, Any]


def stream_name(built: Built, number: int) -> str:
    """File of a stream."""
    return f"stream.{built.syntax}" if len(built.streams) == 1 else f"stream-{number}.{built.syntax}"


def facts_of(built: Built, family: Family) -> Facts:
    """case.json of a generated case, but for `coverage`."""
    facts: Facts = {
        "format": FORMAT,
        "id": built.id,
        "title": built.title,
        "purpose": built.purpose,
        "class": built.klass,
        "syntax": built.syntax,
        "area": built.area,
        "verdict": built.verdict,
        "clauses": list(built.clauses),
        "features": list(built.features),
        "generator": {"name": family.name, "seed": family.seed, "kit_version": GENERATOR_VERSION},
        "options": list(built.options),
        "streams": [
            {
                "file": stream_name(built, number),
                "bytes": len(stream.data),
                "sha256": hashlib.sha256(stream.data).hexdigest(),
                "expect": dict(stream.expect),
            }
            for number, stream in enumerate(built.streams)
        ],
        "coverage": [],
        "licence": LICENCE,
        "added": ADDED,
    }
    optional = {
        "note": built.note,
        "limits_needed": dict(built.limits_needed),
        "confirmed_by": list(built.confirmed_by),
        "observed": dict(built.observed),
    }
    return facts | {name: value for name, value in optional.items() if value}


def folder_of(root: Path, facts: Mapping[str, Any]) -> Path:
    """Folder of a case."""
    return root.joinpath(*(str(facts[name]) for name in ("class", "syntax", "area", "id")))


def render(value: Any, indent: int = 0) -> str:
    """JSON with an object or list in one line where it has only plain values and is short."""
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    plain = not any(isinstance(part, dict | list) for part in (value.values() if isinstance(value, dict) else value))
    line = json.dumps(value, ensure_ascii=False)
    if plain and (isinstance(value, list) or len(line) <= 100):
        return line
    margin = " " * (indent + 1)
    if isinstance(value, dict):
        parts = [f"{json.dumps(key, ensure_ascii=False)}: {render(part, indent + 1)}" for key, part in value.items()]
    else:
        parts = [render(part, indent + 1) for part in value]
    ends = "{}" if isinstance(value, dict) else "[]"
    return f"{ends[0]}\n{margin}" + f",\n{margin}".join(parts) + f"\n{' ' * indent}{ends[1]}"


def write_case(folder: Path, facts: Mapping[str, Any], streams: Iterable[tuple[str, bytes]] = ()) -> None:
    """Streams, if given, and case.json; what a generated folder had before is gone."""
    given = list(streams)
    if given and folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in given:
        (folder / name).write_bytes(data)
    (folder / "case.json").write_text(render(dict(facts)) + "\n", "utf-8")


def write_catalogue(root: Path) -> None:
    """catalogue.json, from the cases that are there, and the list of those that installed copies leave out."""
    paths = sorted(root.glob("*/*/*/*/case.json"), key=lambda path: path.parent.name)
    entries = [_line(path, root) for path in paths]
    lines = ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in entries)
    text = f'{{\n "format": {FORMAT},\n "cases": [\n{lines}\n ]\n}}\n'
    (root / "catalogue.json").write_text(text, "utf-8")
    _write_list(root, "large", [entry["id"] for entry in entries if "large" in entry])


def _line(path: Path, root: Path) -> Facts:
    data = path.read_bytes()
    facts = json.loads(data)
    line = {
        "id": facts["id"],
        "syntax": facts["syntax"],
        "class": facts["class"],
        "area": facts["area"],
        "folder": path.parent.relative_to(root).as_posix(),
        "title": facts["title"],
        "verdict": facts["verdict"],
        "streams": len(facts["streams"]),
        "bytes": sum(stream["bytes"] for stream in facts["streams"]),
        "tensors": sum(len(stream["expect"].get("tensors", [])) for stream in facts["streams"]),
        "features": facts["features"],
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    large = sum(file.stat().st_size for file in path.parent.iterdir()) > LARGE
    return line | {"large": True} if large else line


def write_levels(root: Path, levels: Mapping[str, Iterable[str]]) -> None:
    """The lists of ids of "smoke", "core" and "full"."""
    for name in LEVELS:
        _write_list(root, name, levels[name])


def _write_list(root: Path, name: str, ids: Iterable[str]) -> None:
    (root / "levels").mkdir(exist_ok=True)
    (root / "levels" / f"{name}.txt").write_text("".join(f"{id}\n" for id in sorted(ids)), "utf-8")
