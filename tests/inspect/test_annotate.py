"""Annotated bytes: each byte of a stream is shown, beside elements to which it belongs."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.inspect import Tree, read_tree
from aimcodec.inspect.annotate import annotated_lines
from aimcodec.syntax.aim import Unit, UnitType, write_units

from ..cli.command import Command
from ..conformance.cases import Case, case_parameters
from ..reference.annotated import PLAIN, TABLES

STREAM = PLAIN[0].stream
WIDTH = 200
LINE = re.compile(r"(!!)? *([0-9a-f]{6}) +((?:[0-9a-f]{2} )*[0-9a-f]{2}) +((?:[01.]{8} |[.]{3} )*)")


def lines_of(tree: Tree, places: range | None = None) -> list[str]:
    return list(annotated_lines(tree, tree.roots, places, WIDTH))[1:]


def bytes_of(lines: list[str]) -> dict[int, int]:
    """Places of bytes and their values; a place that comes twice must have one value."""
    found: dict[int, int] = {}
    for line in lines:
        match = LINE.match(line + "  ")
        if match is not None:
            for at, byte in enumerate(bytes.fromhex(match[3]), int(match[2], 16)):
                assert found.setdefault(at, byte) == byte
    return found


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", "invalid", slow_beyond=5000))
def test_every_byte_is_shown(case: Case) -> None:
    for step in case.steps:
        tree = read_tree(step.data)
        assert bytes_of(lines_of(tree, range(len(step.data)))) == dict(enumerate(step.data))
        assert bytes_of(lines_of(tree)).items() <= dict(enumerate(step.data)).items()


@pytest.mark.parametrize("case", case_parameters("valid", "invalid", syntax="aim", slow_beyond=1500))
def test_every_byte_of_packages_is_shown(case: Case) -> None:
    data = (case.folder / "stream.aim").read_bytes()
    assert bytes_of(lines_of(read_tree(data), range(len(data)))) == dict(enumerate(data))


@given(st.integers(0, 50), st.integers(0, 50))
def test_ranges(first: int, last: int) -> None:
    shown = bytes_of(lines_of(read_tree(STREAM), range(first, last)))
    assert shown == {at: STREAM[at] for at in range(first, min(last, len(STREAM)))}


@pytest.mark.parametrize("table", TABLES, ids=[t["section"] for t in TABLES])
def test_bits_are_those_of_the_annotated_streams(table: dict[str, Any]) -> None:
    """The pattern of bits of every element that is no whole bytes, against the tables of section 17."""
    data = bytes.fromhex(table["stream"])
    first = int(table["header"][0][0].partition(".")[0])
    matches = [match for match in map(LINE.match, lines_of(read_tree(data))) if match and int(match[2], 16) >= first]
    patterns = [match[4].replace(" ", "") for match in matches if match[4].strip()]
    expected = []
    for place, _, _, bits, _ in table["header"]:
        bit = int(place.partition(".")[2])
        if bit or len(bits) % 8:
            expected.append("." * bit + bits + "." * (-(bit + len(bits)) % 8))
    assert patterns == expected


def test_long_elements_are_cut_in_the_middle() -> None:
    stream = write_units(
        [Unit(UnitType.ASSET, {"asset_header": {"asset_name": "n", "media_type": ""}}, bytes(range(100)))]
    )
    lines = lines_of(read_tree(stream))
    place = next(n for n, line in enumerate(lines) if line.strip() == "... 80 more")
    assert bytes_of(lines[place - 2 : place]) == {64 + at: at for at in range(16)}
    assert bytes_of(lines[place + 1 : place + 2]) == {64 + at: at for at in range(96, 100)}
    assert bytes_of(lines_of(read_tree(stream), range(64, 164))) == {64 + at: at for at in range(100)}


def test_gaps_are_flagged() -> None:
    damaged = bytearray(STREAM)
    damaged[15] = 0xFF
    flagged = [line for line in lines_of(read_tree(bytes(damaged))) if line.startswith("!!")]
    assert len(flagged) == 1
    assert "topology_storage_format is 255" in flagged[0]
    assert not [line for line in lines_of(read_tree(STREAM)) if line.startswith("!!")]


@pytest.fixture
def aimc(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def test_command(aimc: Command, tmp_path: Any) -> None:
    file = tmp_path / "x.nnc"
    file.write_bytes(STREAM)
    whole = aimc("annotate", file)
    assert whole.code == 0
    one = [line.split() for line in aimc("annotate", file, "--unit", 2).lines if "units[" in line]
    assert one == [line.split() for line in whole.lines if "units[2]" in line]
    assert bytes_of(aimc("annotate", file, "--range", "0x10:20").lines) == {at: STREAM[at] for at in range(16, 20)}
    assert bytes_of(aimc("annotate", file, "--range", "30:").lines).keys() == set(range(30, len(STREAM)))
    for bad in (["--unit", 9], ["--range", "5"], ["--range", "1:x"], ["--range", "-3:"]):
        assert aimc("annotate", file, *bad).code == 2
    file.write_bytes(STREAM[:-1])
    cut = aimc("annotate", file)
    assert cut.code == 3
    assert cut.err.count("aimc inspect") == 1
