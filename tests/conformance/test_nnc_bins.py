"""Coverage inside NNC payloads: what the points say, against the tables of the text and the bytes themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aimcodec.conformance.bins import UNREACHABLE_BINS, all_bin_points, bin_points_of
from aimcodec.conformance.catalogue import load_catalogue
from aimcodec.conformance.generators.nnc.observed import observation
from aimcodec.inspect import bin_trace
from aimcodec.reference import Codeword
from aimcodec.reference.nnc_encoder import (
    DataUnit,
    ModelParameterSet,
    StartUnit,
    TensorChoices,
    encode_payload,
    encode_stream,
)
from aimcodec.reference.nnc_encoder.replay import replay

TABLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "reference" / "annotated.json").read_text("utf-8")
)


def name_of(context: int, N: int) -> str:  # noqa: N803 (name of the text)
    """Section 6."""
    starts = [
        (0, "SIG[{}]"), (24, "SIG_T[{}]"), (40, "SIG_H[{}]"), (48, "SIGN[{}]"), (51, "SIGN_T[{}]"), (53, "GTX"),
        (53 + 2 * N, "GTX_T"), (53 + 4 * N, "REM[{}]"), (53 + 4 * N + 34, "SHIFT"), (53 + 4 * N + 36, "ROWSKIP"),
    ]  # fmt: skip
    start, name = max((start, name) for start, name in starts if start <= context)
    if name.startswith("GTX"):
        return f"{name}[{(context - start) // 2}][{(context - start) % 2}]"
    return name.format(context - start)


@pytest.mark.parametrize(("table", "N"), [(0, 11), (1, 2), (2, 2)])
def test_contexts_are_those_of_the_tables_of_the_text(table: int, N: int) -> None:  # noqa: N803
    found = {p for p in bin_points_of(bytes.fromhex(TABLES[table]["stream"])) if "/context/" in p}
    bins = [(row[3], row[8]) for row in TABLES[table]["bins"] if isinstance(row[3], int)]
    assert found == {f"nnc-bins/context/{name_of(context, N)}/{bin}" for context, bin in bins}
    assert len(found) >= 10


def test_points_of_a_stream_by_hand() -> None:
    # One level 3 with N = 1 and parameter set 5 for sig_flag: greater 1, prefix 1 0, a suffix of 1 bin.
    tensor = TensorChoices(np.array([3]), 0, {0: 5})
    unit = DataUnit(1, ("w",), (1,), (tensor,), cabac_unary_length_minus1=0)
    points = bin_points_of(encode_stream([StartUnit(), ModelParameterSet(mps_qp_density=7), unit]))
    assert {p for p in points if "parameter_set" in p} == {
        "nnc-bins/parameter_set/SIG/5/1",
        "nnc-bins/parameter_set/SIGN/0/0",
        "nnc-bins/parameter_set/GTX/0/1",
        "nnc-bins/parameter_set/REM/0/1",
        "nnc-bins/parameter_set/REM/0/0",
    }
    assert {p for p in points if "/remainder/" in p or "/bypass/" in p or "/layout/" in p} == {
        "nnc-bins/remainder/1",
        "nnc-bins/bypass/qp_delta/13",
        "nnc-bins/layout/N/1",
        "nnc-bins/layout/dq=0,temporal=0,history=0",
    }
    assert {p for p in points if "/payload/" in p} == {"nnc-bins/payload/FLOAT/vector"}


@settings(max_examples=60)
@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1) | st.integers(-3, 3), min_size=1, max_size=40))
def test_bins_of_the_decoder_give_the_codeword_again(levels: list[int]) -> None:
    encoded = encode_payload(Codeword(has_qp=False), [TensorChoices(np.array(levels))])
    unit = DataUnit(0, ("w",), (len(levels),), (TensorChoices(np.array(levels)),))
    bins = bin_trace(encode_stream([StartUnit(), ModelParameterSet(), unit]), "w").bins[:-1]
    bypass = bins["context"] == 0xFFFF
    columns = bins["bin"], bins["state_before"] >= 0, np.where(bypass, 0, bins["lps_range"]), bins["range_before"]
    assert replay(zip(*(c.astype(int).tolist() for c in columns), strict=True)) == (encoded.data, encoded.carries)


@pytest.mark.slow
def test_suite_reaches_all_points() -> None:
    reached = set()
    for case in load_catalogue().cases:
        if case.syntax == "nnc" and case.verdict == "accept" and case.bytes < 100_000:
            reached |= bin_points_of(*(step.data for step in case.steps))
    assert set(all_bin_points()) - reached == UNREACHABLE_BINS.keys()


def test_observations_are_of_the_streams_as_they_were() -> None:
    case = next(c for c in load_catalogue().cases if "NNCodec 2.1.3" in c.facts.get("confirmed_by", ()))
    streams = [step.data for step in case.steps]
    assert observation(case.id, streams) == (("NNCodec 2.1.3",), {})
    assert observation(case.id, [*streams, b"\0"]) == ((), {})
    assert observation("no such case", streams) == ((), {})
