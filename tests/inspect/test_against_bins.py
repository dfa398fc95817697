"""Traces of bins and steps by others beside ours."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec.errors import MalformedError
from aimcodec.inspect import bin_trace, step_chunks
from aimcodec.inspect.against_bins import BinDivergence, first_bin_divergence
from aimcodec.inspect.jsonl import read_lines
from aimcodec.inspect.render import bin_records
from aimcodec.inspect.step_text import step_records

from ..reference.annotated import PLAIN

OURS = list(bin_records(bin_trace(PLAIN[0].stream, "w")))


def compared(theirs: list[Any], ours: list[dict[str, Any]] = OURS) -> BinDivergence | None:
    text = "\n".join(map(json.dumps, theirs)).encode()
    return first_bin_divergence(ours, read_lines(io.BytesIO(text)), "bin")


def test_our_own_trace_agrees() -> None:
    assert compared(OURS) is None


@pytest.mark.parametrize("fields", [("bin",), ("context", "bin"), ("range_before", "offset_before"), ("element",)])
def test_a_table_of_the_text_agrees_whatever_columns_are_given(fields: tuple[str, ...]) -> None:
    assert compared([{field: bin_[field] for field in fields} for bin_ in OURS]) is None


def test_elements_may_lack_their_number_and_lines_be_left_out() -> None:
    last = OURS[-1]["number"]
    theirs = [{"number": b["number"], "element": b["element"].partition("[")[0]} for b in OURS if b["number"] % 7 == 0]
    assert compared([*theirs, {"number": last, "bin": 1}]) is None


@pytest.mark.parametrize("number", [0, 3, 60, len(OURS) - 1])
@pytest.mark.parametrize("field", ["bin", "range_before", "context"])
def test_the_first_difference_is_found(number: int, field: str) -> None:
    theirs = [{field: bin_[field]} for bin_ in OURS]
    for later in theirs[number:]:
        later[field] = 5
    found = compared(theirs)
    expected = next(b["number"] for b in OURS[number:] if b[field] != 5)
    assert found is not None
    assert found.ours == OURS[expected]
    assert (found.field, found.line and found.line.number) == (field, expected + 1)
    assert found.before == OURS[max(0, expected - 5) : expected]
    assert str(OURS[expected][field]) in found.message


def test_a_wrong_context_offset_is_found_where_it_is_used_first() -> None:
    """A decoder that takes the sign of the level before for another one sees other contexts."""
    theirs = [dict(b, context=b["context"] + 1 if b["element"] == "sign_flag" else b["context"]) for b in OURS]
    found = compared(theirs)
    assert found is not None
    assert found.ours is not None
    assert found.field == "context"
    assert found.ours["number"] == next(b["number"] for b in OURS if b["element"] == "sign_flag")


def test_ends() -> None:
    short = compared(OURS[:-1])
    assert short is not None
    assert (short.line, short.ours) == (None, OURS[-1])
    long = compared([*OURS, {"bin": 0}])
    assert long is not None
    assert (long.line is not None and long.line.number, long.ours) == (len(OURS) + 1, None)
    back = compared([OURS[4], OURS[2]])
    assert back is not None
    assert (back.field, back.ours) == ("number", OURS[5])


@pytest.mark.parametrize("line", [{"number": "3"}, {"number": True}, {"bin": [1]}, {"other": 1}, {}])
def test_lines_that_are_no_bins(line: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="line 1"):
        compared([line])


def test_null_is_not_compared() -> None:
    assert compared([dict(b, state_before=b["state_before"] or 0, lps_range=None) for b in OURS]) is None


def test_steps(tmp_path: Any) -> None:
    values = np.random.default_rng(0).normal(size=(30, 40)).astype("f2")
    aimcodec.save_file({"t": values}, tmp_path / "m.aim")
    ours = list(step_records(step_chunks((tmp_path / "m.aim").read_bytes(), "t")))
    theirs = [{"part": r["part"], "state_before": r["state_before"], "value": r["value"]} for r in ours]
    assert compared(theirs, ours) is None
    theirs[700]["value"] ^= 1
    found = compared(theirs, ours)
    assert found is not None
    assert found.ours == ours[700]
