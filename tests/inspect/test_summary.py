"""The summary against decoding: names, shapes, quantization parameters."""

from __future__ import annotations

from typing import Any

import pytest

from aimcodec.inspect import summarize
from aimcodec.reference import Bin, Decoder
from aimcodec.syntax.nnc import Unit, UnitType, iter_units

from ..conformance.cases import Case, case_parameters
from ..reference.annotated import PLAIN, TABLES, Annotated

FLAGS = {"hist_dep_sig_prob_enabled_flag": "history", "row_skip_enabled_flag": "row skipping"}


def is_small(parameter: Any) -> bool:
    """Those that the reference decoder, slow on purpose, can do in a moment."""
    return bool(parameter.values[0].entry["bytes"] < 20_000)


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", slow_beyond=100_000))
def test_names_and_shapes_are_those_of_the_decoder(case: Case) -> None:
    for step in case.steps:
        summary = summarize(step.data)
        assert summary.bytes == len(step.data) == sum(unit.bytes for unit in summary.units)
        described = {tensor["name"]: tuple(tensor["shape"]) for tensor in step.expect["tensors"]}
        found = {tensor.name: tensor.shape for tensor in summary.tensors}
        assert {name: found[name] for name in described} == described
        assert case.local_scaling or found == described


@pytest.mark.parametrize("case", [p for p in case_parameters("valid", "uncommon", slow_beyond=2000) if is_small(p)])
def test_parameters_are_those_that_the_reference_decoder_reads(case: Case) -> None:
    """Nothing of the summary's short look into payloads: QP and flags from a trace of complete decoding."""
    bins: list[Bin] = []
    decoder = Decoder(case.hdsp, trace=bins.append)
    for step in case.steps:
        bins.clear()
        decoder.decode(step.data)
        tensors = summarize(step.data).tensors
        unknown = [n for n, t in enumerate(tensors) if t.qp is None and t.payload in ("NNR_PT_FLOAT", "NNR_PT_BLOCK")]
        if unknown:
            assert all("update" in tensors[n].tools and tensors[n - 1].unit == tensors[n].unit for n in unknown)
            continue
        offsets = offsets_in_force(list(iter_units(step.data)))
        deltas = [tensor.qp - offsets[tensor.unit] for tensor in tensors if tensor.qp is not None]
        assert deltas == quantization_deltas(bins)
        for element, tool in FLAGS.items():
            uses = sum(tool in tensor.tools for tensor in tensors)
            assert uses == sum(b.bin for b in bins if b.element == element)


def offsets_in_force(units: list[Unit]) -> list[int]:
    """Of each unit the quantization_parameter of the last layer parameter set with one, else the model's (5)."""
    model = layer = None
    offsets = []
    for unit in units:
        if unit.kind == UnitType.NNR_MPS:
            model = unit.body.get("mps_quantization_parameter")
        elif unit.kind == UnitType.NNR_LPS:
            layer = unit.body.get("lps_quantization_parameter")
        offsets.append((model or 0) if layer is None else layer)
    return offsets


def quantization_deltas(bins: list[Bin]) -> list[int]:
    """Values of qp_delta (section 5) in coding order."""
    runs: list[list[int]] = []
    previous = ""
    for b in bins:
        if b.element == "qp_delta":
            if previous != "qp_delta":
                runs.append([])
            runs[-1].append(b.bin)
        previous = b.element
    return [int("".join(map(str, run)), 2) - (run[0] << len(run)) for run in runs]


@pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])
def test_annotated_streams(annotated: Annotated) -> None:
    (tensor,) = summarize(annotated.stream).tensors
    assert tensor.qp == annotated.table["qp"]
    assert tensor.unit == 3


def test_tools_of_the_annotated_streams() -> None:
    tools = [summarize(bytes.fromhex(table["stream"])).tensors[0].tools for table in TABLES]
    assert tools == [
        ["row skipping"],
        ["dq", "row skipping"],
        ["codebook 4"],
        ["update", "temporal contexts", "row skipping"],
    ]


def test_bits_per_element_are_those_of_the_unit() -> None:
    summary = summarize(PLAIN[0].stream)
    assert summary.bits_per_element == 8 * 42 / 6
    assert summary.tensors[0].bits_per_element == 8 * 24 / 6
    assert [unit.bytes for unit in summary.units] == [4, 8, 6, 24]


@pytest.mark.parametrize("case", [p for p in case_parameters("valid", "uncommon", slow_beyond=500) if is_small(p)])
def test_the_length_of_the_first_look_does_not_matter(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the look ends, in the parameters of a later tensor or before, what lies beyond it is not used."""
    data = case.steps[0].data
    expected = summarize(data)
    monkeypatch.setattr("aimcodec.inspect.summary.NEXT_LOOK", 2)
    for length in range(1, 80):
        monkeypatch.setattr("aimcodec.inspect.summary.FIRST_LOOK_BYTES", length)
        assert summarize(data) == expected
