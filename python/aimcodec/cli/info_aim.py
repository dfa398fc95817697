"""aimc info of a package: one screen."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from aimcodec.cli.output import print_json, print_lines, ratio_text, width
from aimcodec.cli.packages import Opened, opened
from aimcodec.cli.table import memory_bytes
from aimcodec.inspect.text import Column, elide, printable, table
from aimcodec.package import TensorInfo
from aimcodec.syntax.aim import UnitType

__all__ = ["show_package"]

SHOWN_TEXT = 60  # columns of a metadata value

GROUP_COLUMNS = (
    Column("tensors", right=True),
    Column("elements", right=True),
    Column("bytes", right=True),
    Column("coded", right=True),
    Column("ratio", right=True),
)


def show_package(source: str, json: bool) -> None:
    """Prints what a package holds; no tensor is read."""
    with opened(source) as found:
        record = _record(found)
    if json:
        print_json(record)
    else:
        print_lines(_lines(record))


def _record(found: Opened) -> dict[str, Any]:
    package, units = found.package, found.units
    infos = [package.info(name) for name in package]
    own = [info for info in infos if info.alias_of is None]
    memory = {info.name: memory_bytes(found, info) for info in own}
    total = sum(size or 0 for size in memory.values())
    header = units.head(0).header
    return {
        "format": "aim",
        "version": f"{header['version_major']}.{header['version_minor']}",
        "producer": header["producer"],
        "id": f"sha256:{package.digest.hex()}",
        "bytes": units.source.size,
        "memory_bytes": total,
        "ratio": units.source.size / total if total else None,
        "tensors": len(infos),
        "aliases": len(infos) - len(own),
        "parameters": sum(info.elements for info in own),
        "dtypes": _groups(own, memory, "dtype"),
        "codings": _groups(own, memory, "coding"),
        "variants": [dataclasses.asdict(variant) for variant in package.variants],
        "metadata": package.metadata,
        "licenses": [units.head(number).header["license_expression"] for number in units.numbers([UnitType.LICENSE])],
        "contributors": [dataclasses.asdict(person) for person in package.contributors],
        "evaluations": [dataclasses.asdict(value) for value in package.evaluations],
        "assets": [_asset(found, number) for number in units.numbers([UnitType.ASSET])],
        "structures": [_structure(found, number) for number in units.numbers([UnitType.STRUCTURE])],
    }


def _groups(infos: Iterable[TensorInfo], memory: dict[str, int | None], key: str) -> list[dict[str, Any]]:
    """Tensors by type or coding. Bytes of a data unit of many tensors count once."""
    groups: defaultdict[str, list[TensorInfo]] = defaultdict(list)
    for info in infos:
        groups[getattr(info, key)].append(info)
    result = []
    for name, members in groups.items():
        size = sum(memory[info.name] or 0 for info in members)
        coded = sum({info.units: info.coded_bytes for info in members}.values())
        result.append(
            {
                "name": name,
                "tensors": len(members),
                "elements": sum(info.elements for info in members),
                "bytes": size,
                "coded_bytes": coded,
                "ratio": coded / size if size else None,
            }
        )
    return result


def _asset(found: Opened, number: int) -> dict[str, Any]:
    unit = found.units.head(number)
    return {
        "name": unit.header["asset_name"],
        "media_type": unit.header["media_type"],
        "bytes": unit.fields["payload_size"],
    }


def _structure(found: Opened, number: int) -> dict[str, Any]:
    unit = found.units.head(number)
    return {
        "variant_id": unit.header["variant_id"],
        "media_type": unit.header["media_type"],
        "bytes": unit.fields["payload_size"],
    }


def _lines(record: dict[str, Any]) -> Iterator[str]:
    yield f"AIM {record['version']}, {record['bytes']:,} bytes, by {printable(record['producer']) or 'nobody'}"
    yield f"id {record['id']}"
    aliases = f" ({record['aliases']:,} of them aliases)" if record["aliases"] else ""
    sizes = f"{record['memory_bytes']:,} bytes of memory{ratio_text(record['ratio'])}"
    yield f"{record['tensors']:,} tensors{aliases}, {record['parameters']:,} parameters, {sizes}"
    for title, key in (("type", "dtypes"), ("coding", "codings")):
        if record[key]:
            yield ""
            yield from _group_lines(title, record[key])
    yield from _section("variants", [_text(v["name"] or '""', v["description"]) for v in record["variants"]][1:])
    yield from _section("metadata", [_text(key, value) for key, value in record["metadata"].items()])
    yield from _section("licence", [printable(text) or "(text only)" for text in record["licenses"]])
    yield from _section("contributors", [_text(*person.values()) for person in record["contributors"]])
    yield from _section("evaluations", [_evaluation(value) for value in record["evaluations"]])
    yield from _section("assets", [_file(asset["name"], asset) for asset in record["assets"]])
    yield from _section("structure", [_file(f"variant {s['variant_id']}", s) for s in record["structures"]])


def _group_lines(title: str, groups: list[dict[str, Any]]) -> Iterator[str]:
    rows = [
        [
            group["name"],
            f"{group['tensors']:,}",
            f"{group['elements']:,}",
            f"{group['bytes']:,}",
            f"{group['coded_bytes']:,}",
            "" if group["ratio"] is None else f"{group['ratio']:.4f}",
        ]
        for group in groups
    ]
    yield from table((Column(title, least=8), *GROUP_COLUMNS), rows, width())


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)


def _text(first: str, *others: str) -> str:
    rest = ", ".join(elide(printable(text), SHOWN_TEXT) for text in others if text)
    return f"{printable(first)}: {rest}" if rest else printable(first)


def _file(name: str, record: dict[str, Any]) -> str:
    return _text(name, f"{record['bytes']:,} bytes", record["media_type"])


def _evaluation(value: dict[str, Any]) -> str:
    what = " / ".join(printable(value[key]) for key in ("variant", "task", "dataset", "metric") if value[key])
    return f"{what}: {value['value']:g}"
