"""The checked-in streams are those that the generators make."""

from __future__ import annotations

from pathlib import Path

import pytest

from aimcodec.conformance.catalogue import Catalogue, load_catalogue
from aimcodec.conformance.generate import differences, main
from aimcodec.conformance.generators.registry import Family, families
from aimcodec.conformance.store import write_catalogue

from .cases import STREAMS

SAMPLE = ("aim/units", "aim/names", "aim/refused-lossless")


def family_parameters() -> list[object]:
    """Families by name and seed; those outside of the sample are slow."""
    return [
        pytest.param(one, id=f"{one.name}-{one.seed}", marks=[] if one.name in SAMPLE else [pytest.mark.slow])
        for one in families()
    ]


@pytest.mark.parametrize("one", family_parameters())
def test_streams_and_descriptions_are_made_again(one: Family) -> None:
    ids = [built.id for built in one.cases()]
    assert ids
    assert list(differences(STREAMS, ids)) == []


def test_every_generated_case_has_its_generator() -> None:
    known = {(one.name, one.seed) for one in families()}
    sources = [case.facts["generator"] for case in load_catalogue().cases if "generator" in case.facts]
    assert {(source["name"], source["seed"]) for source in sources} == known


def test_changes_are_found_and_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = load_catalogue().by_id["aim-minimal"]
    folder = tmp_path / case.folder.relative_to(STREAMS)
    folder.mkdir(parents=True)
    for file in case.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    stream = folder / "stream.aim"
    stream.write_bytes(stream.read_bytes()[:-1])
    write_catalogue(tmp_path)
    call = ["--root", str(tmp_path), case.id]
    assert main(["--check", *call]) == 1
    assert capsys.readouterr().out == f"{stream}: other bytes\n"
    assert main(call) == 0
    assert stream.read_bytes() == case.steps[0].data
    assert main(["--check", *call]) == 0
    again: Catalogue = load_catalogue(tmp_path)
    assert [c.id for level in ("smoke", "core", "full") for c in again.level(level)] == 3 * [case.id]
