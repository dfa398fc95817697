"""Lines of JSON from others: objects, or one error that names the line."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aimcodec.errors import LimitExceededError, MalformedError
from aimcodec.inspect import jsonl
from aimcodec.inspect.jsonl import read_lines

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=5), st.booleans(), st.booleans())
def test_objects_come_back_with_the_numbers_of_their_lines(
    objects: list[dict[str, object]], ascii_: bool, gaps: bool
) -> None:
    text = "\n\n".join if gaps else "\n".join
    data = text([json.dumps(o, ensure_ascii=ascii_) for o in objects]).encode("utf-8", "surrogatepass")
    if b"\xed" in data and not ascii_:  # lone surrogates have no UTF-8 form
        return
    lines = list(read_lines(io.BytesIO(data)))
    assert [line.fields for line in lines] == objects
    assert [line.number for line in lines] == [1 + n * (2 if gaps else 1) for n in range(len(objects))]


@pytest.mark.parametrize(
    "bad",
    [
        b"[1]",
        b"1",
        b'"x"',
        b"{",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"\xff{}",
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_an_object_is_refused_with_its_line(bad: bytes) -> None:
    lines = read_lines(io.BytesIO(b'{"bit_offset": 0}\n\n' + bad + b"\n"))
    assert next(lines).fields == {"bit_offset": 0}
    with pytest.raises(MalformedError, match="line 3 is not"):
        next(lines)


@given(st.binary(max_size=80))
def test_any_bytes_give_objects_or_an_error_for_bad_input(data: bytes) -> None:
    try:
        lines = list(read_lines(io.BytesIO(data)))
    except MalformedError:
        return
    assert all(isinstance(line.fields, dict) for line in lines)


def test_long_lines_are_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 20)
    exact = b'{"a": "' + b"x" * 10 + b'"}\n'
    assert len(exact) == 20
    assert [line.number for line in read_lines(io.BytesIO(exact * 2))] == [1, 2]
    file = io.BytesIO(exact + b" " * 1000)
    with pytest.raises(LimitExceededError, match="line 2 has more than 20 bytes"):
        list(read_lines(file))
    assert file.tell() == 20 + 21
