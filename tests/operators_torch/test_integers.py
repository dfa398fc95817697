"""Integers: exact, and modulo the range of their type, against numbers of Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch import from_array, to_array
from aimcodec.operators.torch.registry import Context, find

# As many cases as elsewhere would take too long: each is 4 to 8 numbers of a type.
SOME = settings(max_examples=settings.default.max_examples // 4)

TYPES = ["UINT8", "INT8", "UINT16", "INT16", "UINT32", "INT32", "UINT64", "INT64"]


def limits(element_type: str) -> tuple[int, int]:
    bits = int(element_type.lstrip("UINT"))
    return (0, 2**bits - 1) if element_type.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def wrapped(value: int, element_type: str) -> int:
    low, high = limits(element_type)
    return (value - low) % (high - low + 1) + low


def call(name: str, element_type: str, *arrays: Any, version: int = 21, **attributes: Any) -> Any:
    """The result of an operator on lists of integers of one type."""
    kernel = find("", name, version)
    assert kernel is not None
    inputs = [from_array(np.array(values, element_type.lower()), element_type) for values in arrays]
    result = kernel(Context(version), *inputs, **attributes)
    return to_array(result, element_type).tolist()


def truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def remainder_of_truncated(a: int, b: int) -> int:
    return a - b * truncated(a, b)


BINARY: dict[str, tuple[Callable[[int, int], int], dict[str, Any]]] = {
    "Add": (operator.add, {}),
    "Sub": (operator.sub, {}),
    "Mul": (operator.mul, {}),
    "Div": (truncated, {}),
    "Mod": (operator.mod, {}),
    "Max": (max, {}),
    "Min": (min, {}),
    "BitwiseAnd": (operator.and_, {}),
    "BitwiseOr": (operator.or_, {}),
    "BitwiseXor": (operator.xor, {}),
}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, list[int], list[int]]:
    element_type = draw(st.sampled_from(TYPES))
    low, high = limits(element_type)
    number = st.one_of(st.integers(low, high), st.sampled_from([low, high, low + 1, high - 1, 0, 1, max(low, -1)]))
    return element_type, draw(st.lists(number, min_size=4, max_size=4)), draw(st.lists(number, min_size=4, max_size=4))


@SOME
@given(pairs(), st.sampled_from(sorted(BINARY)))
def test_arithmetic(numbers: tuple[str, list[int], list[int]], name: str) -> None:
    element_type, left, right = numbers
    if name in {"Div", "Mod"}:
        right = [value or 1 for value in right]
    function, attributes = BINARY[name]
    expected = [wrapped(function(a, b), element_type) for a, b in zip(left, right, strict=True)]
    assert call(name, element_type, left, right, **attributes) == expected


@SOME
@given(pairs())
def test_remainders_with_the_sign_of_the_dividend(numbers: tuple[str, list[int], list[int]]) -> None:
    element_type, left, right = numbers
    right = [value or 1 for value in right]
    expected = [remainder_of_truncated(a, b) for a, b in zip(left, right, strict=True)]
    assert call("Mod", element_type, left, right, fmod=1) == expected


@pytest.mark.parametrize("element_type", TYPES)
@pytest.mark.parametrize("name", ["Div", "Mod"])
def test_division_by_zero(name: str, element_type: str) -> None:
    with pytest.raises((InconsistentError, RuntimeError)):
        call(name, element_type, [1, 2], [1, 0])


COMPARISONS = {
    "Less": operator.lt,
    "LessOrEqual": operator.le,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "Equal": operator.eq,
}


@SOME
@given(pairs(), st.sampled_from(sorted(COMPARISONS)))
def test_comparisons(numbers: tuple[str, list[int], list[int]], name: str) -> None:
    element_type, left, right = numbers
    kernel = find("", name, 21)
    assert kernel is not None
    a, b = (from_array(np.array(values, element_type.lower()), element_type) for values in (left, right))
    expected = [COMPARISONS[name](x, y) for x, y in zip(left, right, strict=True)]
    assert kernel(Context(21), a, b).tolist() == expected


@SOME
@given(pairs())
def test_order(numbers: tuple[str, list[int], list[int]]) -> None:
    element_type, left, right = numbers
    values = left + right
    x = from_array(np.array(values, element_type.lower()), element_type)
    top, places = find("", "TopK", 21)(Context(21, 2), x, torch.tensor([3]))  # type: ignore[misc]
    assert to_array(top, element_type).tolist() == sorted(values, reverse=True)[:3]
    assert places.tolist() == sorted(range(8), key=lambda i: (-values[i], i))[:3]
    unique, first, inverse, counts = find("", "Unique", 21)(Context(21, 4), x)  # type: ignore[misc]
    assert to_array(unique, element_type).tolist() == sorted(set(values))
    assert first.tolist() == [values.index(value) for value in sorted(set(values))]
    assert inverse.tolist() == [sorted(set(values)).index(value) for value in values]
    assert counts.tolist() == [values.count(value) for value in sorted(set(values))]
    assert int(find("", "ArgMax", 21)(Context(21), x)) == values.index(max(values))  # type: ignore[misc]
    last = find("", "ArgMin", 21)(Context(21), x, select_last_index=1)  # type: ignore[misc]
    assert int(last) == 7 - values[::-1].index(min(values))


@SOME
@given(pairs())
def test_reductions(numbers: tuple[str, list[int], list[int]]) -> None:
    element_type, left, right = numbers
    values = left + right
    product = 1
    for value in values:
        product *= value
    expected = {"ReduceSum": sum(values), "ReduceProd": product, "ReduceMax": max(values), "ReduceMin": min(values)}
    for name, total in expected.items():
        assert call(name, element_type, values, keepdims=0) == wrapped(total, element_type)
    sums = [wrapped(sum(values[: i + 1]), element_type) for i in range(8)]
    x = from_array(np.array(values, element_type.lower()), element_type)
    found = find("", "CumSum", 21)(Context(21), x, torch.tensor(0))  # type: ignore[misc]
    assert to_array(found, element_type).tolist() == sums


@pytest.mark.parametrize("element_type", ["UINT8", "UINT16", "UINT32", "UINT64"])
def test_shifts(element_type: str) -> None:
    bits = int(element_type.lstrip("UINT"))
    values, places = [2**bits - 1, 1, 2 ** (bits - 1), 5], [bits - 1, bits - 1, 1, 1]
    left = [(a << b) % 2**bits for a, b in zip(values, places, strict=True)]
    right = [a >> b for a, b in zip(values, places, strict=True)]
    assert call("BitShift", element_type, values, places, direction="LEFT") == left
    assert call("BitShift", element_type, values, places, direction="RIGHT") == right


bytes_ = st.integers(0, 255)
FEW = settings(max_examples=settings.default.max_examples // 10)


@FEW
@given(st.integers(1, 700), st.integers(0, 2**32 - 1), bytes_, st.integers(-128, 127))
def test_products_of_matrices_of_bytes(terms: int, seed: int, a_zero: int, b_zero: int) -> None:
    """Sums of more terms than binary32 numbers can hold at once."""
    rng = np.random.default_rng(seed)
    extremes = rng.random() < 0.3
    a = np.where(rng.random((2, terms)) < 0.5, 0, 255) if extremes else rng.integers(0, 256, (2, terms))
    b = np.where(rng.random((terms, 3)) < 0.5, -128, 127) if extremes else rng.integers(-128, 128, (terms, 3))
    expected = (a.astype(np.int64) - a_zero) @ (b.astype(np.int64) - b_zero)
    found = find("", "MatMulInteger", 21)(  # type: ignore[misc]
        Context(21),
        torch.from_numpy(a.astype(np.uint8)),
        torch.from_numpy(b.astype(np.int8)),
        torch.tensor(a_zero, dtype=torch.uint8),
        torch.tensor(b_zero, dtype=torch.int8),
    )
    assert found.dtype == torch.int32
    assert found.tolist() == expected.tolist()


@FEW
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), bytes_, bytes_)
def test_convolutions_of_bytes(seed: int, channels: int, x_zero: int, w_zero: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.integers(0, 256, (1, channels, 5)), rng.integers(0, 256, (2, channels, 3))
    centred, weights = x - x_zero, w - w_zero
    padded = np.pad(centred, [(0, 0), (0, 0), (1, 0)])
    expected = [[int((padded[0, :, i : i + 3] * weights[o]).sum()) for i in range(4)] for o in range(2)]
    found = find("", "ConvInteger", 21)(  # type: ignore[misc]
        Context(21),
        *(torch.from_numpy(t.astype(np.uint8)) for t in (x, w)),
        *(torch.tensor(zero, dtype=torch.uint8) for zero in (x_zero, w_zero)),
        pads=[1, 0],
    )
    assert found.tolist() == [expected]
