"""What the page is made of: every bit counted once, bounded, for any bytes."""

from __future__ import annotations

import io
import json
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aimcodec
from aimcodec.report import collect, page
from aimcodec.report.values import describe


def package_of(arrays: dict[str, np.ndarray[Any, Any]]) -> bytes:
    target = io.BytesIO()
    aimcodec.save_file(arrays, target)
    return target.getvalue()


DATA = package_of({"w": np.linspace(-1, 1, 3000, dtype=np.float32).reshape(50, 60), "b": np.zeros(7, np.int8)})
STREAM = aimcodec.nnc.encode({"w": np.linspace(-1, 1, 3000, dtype=np.float32).reshape(50, 60)}, qp=-20)


@pytest.mark.parametrize("data", [DATA, STREAM])
def test_every_bit_has_one_purpose(data: bytes) -> None:
    report = collect(data, "x")
    assert sum(bits for _, bits in report["bits"]) == 8 * len(data)
    assert sum(unit["bytes"] for unit in report["units"]) == len(data)
    assert report["findings"] == []


def test_tensors_of_a_package() -> None:
    weight, bias = collect(DATA, "x")["tensors"]
    assert (weight["name"], weight["dtype"], weight["shape"], weight["bytes"]) == ("w", "float32", [50, 60], 12000)
    assert (weight["values"]["min"], weight["values"]["max"]) == (-1.0, 1.0)
    assert sum(weight["values"]["bars"]) == 3000
    assert bias["values"]["zeros"] == 1.0


def test_units_name_their_tensors() -> None:
    report = collect(DATA, "x")
    for tensor in report["tensors"]:
        assert [report["units"][number]["tensors"] for number in tensor["units"]] == [[tensor["name"]]]


@given(st.integers(0, len(DATA) * 8 - 1), st.integers(0, len(DATA)))
@settings(max_examples=60, deadline=None)
def test_damaged_files_make_pages(bit: int, end: int) -> None:
    data = bytearray(DATA)
    data[bit >> 3] ^= 1 << (bit & 7)
    for damaged in (bytes(data), DATA[:end]):
        report = collect(damaged, "x")
        assert sum(bits for _, bits in report["bits"]) == 8 * len(damaged)
        assert "@DATA@" not in page(report)


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_make_pages(data: bytes) -> None:
    page(collect(data, "x"))


def test_loops_are_cut() -> None:
    many = package_of({f"t{i}": np.zeros(1, np.int8) for i in range(300)})
    index = next(unit for unit in collect(many, "x")["tree"] if any(c[0] == "index_payload" for c in unit[3]))
    assert len(json.dumps(index)) < 400_000


@pytest.mark.parametrize(
    ("values", "finite"),
    [
        (np.array([np.nan, np.inf, 1.0, 2.0]), 2),
        (np.array([5e-324, 0.0]), 2),
        (np.array([-1.7e308, 1.7e308]), 2),
        (np.array([3], np.uint64), 1),
        (np.array([1, -2], ml_dtypes.int4), 2),
        (np.array([1, 0.5], ml_dtypes.float8_e4m3fn), 2),
        (np.array([True, False]), 2),
    ],
)
def test_values_of_any_kind(values: np.ndarray[Any, Any], finite: int) -> None:
    found = describe(values, values.size)
    assert found is not None
    assert sum(found["bars"]) == finite
    assert found["unfinite"] == values.size - finite


@pytest.mark.parametrize("values", [np.array([np.nan]), np.zeros(0), np.array([1j])])
def test_nothing_to_say(values: np.ndarray[Any, Any]) -> None:
    assert describe(values, values.size) is None


def test_notebooks_show_a_table() -> None:
    name = "<b>&w"
    with aimcodec.open(package_of({name: np.zeros((2, 3), np.float32), "v": np.ones(2)})) as package:
        text = package._repr_html_()
    assert "&lt;b&gt;&amp;w" in text
    assert name not in text
    assert "2 × 3" in text
    assert text.count("<tr>") == 3
