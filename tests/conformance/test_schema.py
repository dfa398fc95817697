"""Every case.json is what its schema says, and the schema notices what is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import aimcodec.conformance
from aimcodec.conformance.catalogue import load_catalogue

SCHEMA = Path(aimcodec.conformance.__path__[0]) / "schemas" / "case.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
CATALOGUE = load_catalogue()


def test_every_case_is_valid() -> None:
    VALIDATOR.check_schema(VALIDATOR.schema)
    wrong = [(case.id, error.message) for case in CATALOGUE.cases for error in VALIDATOR.iter_errors(case.facts)]
    assert wrong == []


def test_verdicts_say_what_is_expected() -> None:
    for case in CATALOGUE.cases:
        last = case.steps[-1].expect
        assert last.known == (case.verdict == "accept") or case.verdict == "either"
        assert bool(last.reason) == (case.verdict != "accept")
        assert all(step.expect.known for step in case.steps[:-1])
        assert ("limits_needed" in case.facts) == last.known


def drop_streams(facts: dict[str, Any]) -> None:
    facts["streams"] = []


def other_verdict(facts: dict[str, Any]) -> None:
    facts["verdict"] = "perhaps"


def two_sources(facts: dict[str, Any]) -> None:
    facts["producer"] = {"name": "somebody"}


def path_as_file(facts: dict[str, Any]) -> None:
    facts["streams"][0]["file"] = "../stream.aim"


def unknown_field(facts: dict[str, Any]) -> None:
    facts["streams"][0]["expect"]["tensor"] = []


def short_digest(facts: dict[str, Any]) -> None:
    facts["streams"][0]["sha256"] = "00"


@pytest.mark.parametrize("spoil", [drop_streams, other_verdict, two_sources, path_as_file, unknown_field, short_digest])
def test_the_schema_notices(spoil: Callable[[dict[str, Any]], None]) -> None:
    facts = copy.deepcopy(dict(CATALOGUE.by_id["aim-minimal"].facts))
    spoil(facts)
    assert not VALIDATOR.is_valid(facts)
