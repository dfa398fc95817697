"""Structures with one element changed, through all that takes structures: only typed errors leave it."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from aimcodec.errors import AimcError
from aimcodec.model import MEDIA_TYPE, decode_structure, encode_structure
from aimcodec.model.text import to_text
from aimcodec.model.validate import validate_structure
from aimcodec.syntax.aim import Unit, UnitType, check_file, trace_file, write_units
from aimcodec.syntax.aim.draw_structure import draw_structure, write_structure
from aimcodec.syntax.mutate import mutate

OF_EACH = 12


def outcome(payload: bytes) -> str:
    try:
        structure = decode_structure(payload)
    except AimcError as error:
        return error.code
    assert encode_structure(structure) == payload
    findings = validate_structure(structure, None)
    assert all(finding.rule and finding.severity in {"error", "warning"} for finding in findings)
    assert to_text(structure)
    return "accepted"


@pytest.mark.parametrize("seed", range(2))
def test_only_typed_errors(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    counts: Counter[str] = Counter()
    for _ in range(6):
        payload = write_structure(draw_structure(rng))
        header = {"structure_header": {"variant_id": 0, "media_type": MEDIA_TYPE}}
        unit = write_units([Unit(UnitType.STRUCTURE, header, payload)])
        begin = unit.index(payload)
        assert outcome(payload) == "accepted"
        for _ in range(OF_EACH):
            change = mutate(unit, "aim", rng)
            if "structure_payload" in change.path:
                found = outcome(change.data[begin : begin + len(payload)])
                counts[found] += 1
                if not change.legal:
                    assert found != "accepted"
                    assert any(error.code == found for error in check_file(change.data))
                assert sum(record.bit_length for record in trace_file(change.data)) == 8 * len(change.data)
    assert len(counts) > 2
    assert not counts.keys() & {"internal", "argument"}
