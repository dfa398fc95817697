"""Traces of others beside ours: what may be left out, and where they part."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.errors import MalformedError
from aimcodec.inspect.against import Divergence, first_divergence
from aimcodec.inspect.jsonl import Line
from aimcodec.inspect.render import element_record
from aimcodec.syntax import TraceRecord
from aimcodec.syntax.aim import trace_file
from aimcodec.syntax.nnc import trace_stream

from ..conformance.cases import Case, case_parameters
from ..reference.annotated import PLAIN

STREAM = PLAIN[0].stream
RECORDS = trace_stream(STREAM)
CODED = [r for r in RECORDS if r.bit_length and r.status == "ok" and r.descriptor != "align"]


def lines_of(objects: list[dict[str, Any]]) -> list[Line]:
    return [Line(number, json.loads(json.dumps(fields))) for number, fields in enumerate(objects, 1)]


def compare(*objects: dict[str, Any]) -> Divergence | None:
    return first_divergence(RECORDS, lines_of(list(objects)))


def name_of(record: TraceRecord) -> str:
    return record.path.rpartition(".")[2].partition("[")[0]


FORMS = {
    "all": element_record,
    "offset and value": lambda r: {"bit_offset": r.bit_offset, "value": element_record(r)["value"]},
    "name and value": lambda r: {"name": name_of(r), "value": element_record(r)["value"]},
    "path": lambda r: {"path": r.path},
    "offset and raw": lambda r: {"bit_offset": r.bit_offset, "raw": f"{r.raw:0{r.bit_length}b}", "theirs": [1]},
}


@pytest.mark.parametrize("form", FORMS)
def test_partial_traces_agree(form: str) -> None:
    assert compare(*[FORMS[form](record) for record in CODED]) is None


@pytest.mark.parametrize("form", ["all", "offset and value", "name and value"])
@given(st.data())
def test_a_changed_value_is_where_they_part(form: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(CODED) - 1))
    objects = [FORMS[form](record) for record in CODED]
    objects[index]["value"] = data.draw(st.sampled_from(["no such text", 1e9, -12345, 10**400, [1], {}, 1.5, "ff"]))
    found = compare(*objects)
    assert found is not None
    assert found.line is not None
    assert (found.line.number, found.field, found.ours) == (index + 1, "value", CODED[index])


@given(st.data())
def test_a_trace_that_ends_early(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(CODED) - 1))
    for form in FORMS.values():
        found = compare(*[form(record) for record in CODED[:length]])
        assert found is not None
        assert (found.line, found.ours) == (None, CODED[length])


@given(st.sets(st.integers(0, len(CODED) - 2)))
def test_elements_may_be_left_out_only_where_places_are_said(missing: set[int]) -> None:
    kept = [record for index, record in enumerate(CODED) if index not in missing]
    assert compare(*[FORMS["offset and value"](record) for record in kept]) is None
    found = compare(*[{"path": record.path} for record in kept])
    if missing:
        assert found is not None
        assert (found.field, found.ours) == ("path", CODED[min(missing)])


def test_places_where_nothing_begins() -> None:
    first, second = CODED[0], CODED[1]
    assert second.bit_length > 1
    found = compare({"bit_offset": second.bit_offset + 1})
    assert found is not None
    assert found.message == f"no element begins at bit {second.bit_offset + 1}: it is inside of {second.path}"
    found = compare({"bit_offset": second.bit_offset}, {"bit_offset": first.bit_offset})
    assert found is not None
    assert "does not come after" in found.message
    found = compare({"bit_offset": 8 * len(STREAM)})
    assert found is not None
    assert (found.ours, found.message) == (None, f"the stream ends before bit {8 * len(STREAM)}")
    found = compare({"bit_offset": -1})
    assert found is not None
    assert "does not come after" in found.message


def test_too_many_lines_without_places() -> None:
    found = compare(*[{"name": name_of(record)} for record in CODED], {"name": "more"})
    assert found is not None
    assert (found.ours, found.message) == (None, "the stream has no more elements")


def test_absent_elements_may_be_said_by_name() -> None:
    absent = next(record for record in RECORDS if record.status == "inferred")
    before = [record for record in CODED if record.bit_offset < absent.bit_offset]
    good = [{"bit_offset": record.bit_offset} for record in before]
    place = {"bit_offset": absent.bit_offset, "name": name_of(absent)}
    rest = [{"bit_offset": record.bit_offset} for record in CODED[len(before) :]]
    assert compare(*good, {**place, "value": absent.value}, *rest) is None
    found = compare(*good, {**place, "value": 7}, *rest)
    assert found is not None
    assert (found.field, found.ours) == ("value", absent)


@pytest.mark.parametrize(
    "bad",
    [{}, {"value": 1}, {"bit_offset": "0"}, {"bit_offset": True}, {"bit_offset": 0.0}, {"path": 3}, {"name": None}],
)
def test_lines_that_say_nothing(bad: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="line 2"):
        compare(FORMS["all"](CODED[0]), bad)


def test_numbers_in_other_clothes() -> None:
    def record(value: Any, descriptor: str = "x") -> TraceRecord:
        return TraceRecord(0, 8, descriptor, "a.b", 0, value, "1", "ok")

    def agree(ours: Any, theirs: Any) -> bool:
        return first_divergence([record(ours)], [Line(1, {"name": "b", "value": theirs})]) is None

    tenth = 0.10000000149011612  # binary32
    assert agree(1, True)
    assert agree(1, 1.0)
    assert not agree(1, "1")
    assert agree(tenth, 0.1)
    assert agree(tenth, tenth)
    assert not agree(tenth, 0.1000001)
    assert not agree(tenth, 1e300)
    assert not agree(tenth, 10**400)
    assert agree(b"\xab\xcd", "ABcd")
    assert not agree("Ab", "ab")
    assert agree(float("nan"), "nan")


def test_the_stream_may_be_the_damaged_one() -> None:
    records = trace_stream(STREAM[:-1])
    gap = records[-1]
    assert gap.status == "gap"
    found = first_divergence(records, lines_of([element_record(record) for record in CODED]))
    assert found is not None
    assert found.ours == gap
    assert found.message.startswith("the stream cannot be read here")


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", slow_beyond=20_000))
def test_our_own_trace_agrees(case: Case) -> None:
    for step in case.steps:
        records = trace_stream(step.data)
        assert first_divergence(records, lines_of([element_record(record) for record in records])) is None


@pytest.mark.parametrize("case", case_parameters("valid", syntax="aim", slow_beyond=20_000))
def test_our_own_trace_of_packages_agrees(case: Case) -> None:
    data = (case.folder / "stream.aim").read_bytes()
    records = trace_file(data)
    assert first_divergence(records, lines_of([element_record(record) for record in records])) is None
