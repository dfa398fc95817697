"""Messages between the harness and the process of a library."""

from __future__ import annotations

import io
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from aimcodec.operators.compare.case import Case
from aimcodec.operators.compare.wire import array_of, case_of, case_record, receive, send, tensor_record

KINDS = [np.bool_, np.uint8, np.int16, np.int64, np.float16, np.float32, np.complex64]


def through(record: dict[str, Any], blobs: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    stream = io.BytesIO()
    send(stream, record, blobs)
    stream.seek(0)
    return receive(stream)


@given(
    inputs=st.lists(
        st.one_of(st.none(), st.sampled_from(KINDS).flatmap(lambda k: hnp.arrays(k, hnp.array_shapes(min_dims=0))))
    ),
    attributes=st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.lists(st.floats(allow_nan=False)))),
)
@settings(max_examples=100)
def test_cases_arrive_as_they_were(inputs: list[Any], attributes: dict[str, Any]) -> None:
    blobs: list[bytes] = []
    record = case_record(Case("", inputs, {**attributes, "tensor": np.float32([1, 2])}), blobs)
    got = case_of(*through(record, blobs))
    assert {name: got.attributes[name] for name in attributes} == attributes or "tensor" in attributes
    assert len(got.inputs) == len(inputs)
    for ours, theirs in zip(got.inputs, inputs, strict=True):
        if theirs is None:
            assert ours is None
        else:
            assert (ours.dtype, ours.shape, ours.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())


@pytest.mark.parametrize("kind", [ml_dtypes.int4, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn])
def test_small_types(kind: Any) -> None:
    blobs: list[bytes] = []
    array = np.array([[1, -2, 3]]).astype(kind)
    record = tensor_record(array, blobs)
    assert record is not None
    got = array_of(record, blobs)
    assert got is not None
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got.astype(np.float32), array.astype(np.float32))


def test_the_other_side_is_gone() -> None:
    stream = io.BytesIO()
    send(stream, {"a": 1}, [b"bytes"])
    whole = stream.getvalue()
    for size in range(len(whole)):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole[:size]))
    assert receive(io.BytesIO(whole)) == ({"a": 1}, [b"bytes"])
