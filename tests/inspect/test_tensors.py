"""Two tensors value by value, against numbers that a reader can follow and a slow comparison."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aimcodec.inspect import tensors
from aimcodec.inspect.tensors import diff_tensors

FLOATS = st.lists(st.tuples(st.floats(width=32), st.floats(width=32)) | st.floats(width=32).map(lambda x: (x, x)))


def test_equal_bytes() -> None:
    a = np.array([[1.5, np.nan], [-0.0, 3.0]], np.float32)
    for b in (a.copy(), a.astype(">f4"), np.asfortranarray(a)):
        assert diff_tensors(a, b).same_bytes
    assert diff_tensors(np.zeros((0, 3)), np.zeros((0, 3))).same_bytes


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.array([0.0], np.float32), np.array([-0.0], np.float32)),
        (np.array([1, 2], np.int8), np.array([1, 2], np.uint64)),
        (np.array([1.5], ml_dtypes.bfloat16), np.array([1.5], np.float64)),
        (np.array([-3], ml_dtypes.int4), np.array([-3], np.int64)),
        (np.array([True]), np.array([1.0])),
        (np.array([np.nan], np.float32), np.array([np.nan], np.float64)),
        (np.array([1 + 0j], np.complex64), np.array([1.0], np.float32)),
    ],
)
def test_equal_values(a: NDArray[Any], b: NDArray[Any]) -> None:
    for found in (diff_tensors(a, b), diff_tensors(b, a)):
        assert (found.same_bytes, found.same_values, found.max_error) == (False, True, 0.0)


def test_large_integers_are_not_rounded() -> None:
    big = 2**63 - 1
    found = diff_tensors(np.array([big], np.int64), np.array([big - 1], np.int64))
    assert (found.changed, found.max_error) == (1, 1.0)
    assert diff_tensors(np.array([big], np.int64), np.array([big], np.uint64)).same_values
    assert diff_tensors(np.array([big], np.int64), np.array([big - 1], np.uint64)).changed == 1
    assert diff_tensors(np.array([2**53 + 1], np.int64), np.array([float(2**53)])).changed == 1
    assert diff_tensors(np.array([float(2**63)]), np.array([big])).changed == 1
    assert diff_tensors(np.array([np.nan, 1.0]), np.array([0, 1])).changed == 1


def test_distances() -> None:
    a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    b = a.copy()
    b[1] = [4.0, 5.5, 5.75]
    found = diff_tensors(a, b)
    assert (found.max_error, found.changed, found.first, found.values) == (0.5, 2, (1, 1), ("5.0", "5.5"))
    assert diff_tensors(np.uint8([0]), np.uint8([255])).max_error == 255
    assert diff_tensors(np.array([1.0]), np.array([np.inf])).max_error is None
    assert diff_tensors(np.array([1.0]), np.array([np.nan])).max_error is None
    assert diff_tensors(np.array([3j]), np.array([4 + 0j])).max_error == 5
    assert not diff_tensors(np.zeros(3), np.zeros((3, 1))).same_shape
    assert diff_tensors(np.float64(1), np.float64(2)).first == ()


@given(FLOATS)
def test_against_a_slow_comparison(pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array([pair[i] for pair in pairs], np.float32) for i in (0, 1))
    differ = [i for i, (x, y) in enumerate(pairs) if x != y and not (math.isnan(x) and math.isnan(y))]
    found = diff_tensors(a, b)
    assert found.changed == len(differ)
    assert found.same_values == (not differ)
    if differ:
        assert found.first == (differ[0],)
        distances = [abs(pairs[i][0] - pairs[i][1]) for i in differ]
        if all(map(math.isfinite, distances)):
            assert found.max_error == pytest.approx(max(distances), rel=1e-15)
        else:
            assert found.max_error is None


@given(FLOATS)
def test_pieces_make_no_difference(pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array([pair[i] for pair in pairs], np.float32) for i in (0, 1))
    whole = diff_tensors(a, b)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tensors, "CHUNK", 2)
        assert diff_tensors(a, b) == whole
