"""Where the bits go: every bit once, over the whole suite; what can be counted by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import aimcodec
from aimcodec import nnc
from aimcodec.conformance.catalogue import streams_root
from aimcodec.errors import InconsistentError, MissingReferenceError
from aimcodec.inspect import bin_trace
from aimcodec.inspect.bins import ELEMENTS
from aimcodec.inspect.stats import Stats, statistics
from aimcodec.inspect.stats_bins import context_name
from aimcodec.inspect.stats_text import stats_lines, stats_records

from ..conformance.cases import Case, case_parameters
from ..reference.annotated import PLAIN, Annotated

ROOT = streams_root()
STREAMS = sorted(p for p in ROOT.rglob("*") if p.suffix in (".aim", ".nnc"))


def check_sums(stats: Stats) -> None:
    assert sum(share.bits for share in stats.shares) == stats.bits
    assert sum(tensor.header_bits + tensor.payload_bits for tensor in stats.tensors) == stats.bits
    blocks = sum(share.bits for share in stats.shares if share.name.startswith("blocks: "))
    assert sum(sum(plane.bits.values()) for plane in stats.planes) == blocks


def share(stats: Stats, name: str) -> float:
    return sum(found.bits for found in stats.shares if found.name == name)


@pytest.mark.parametrize("klass", ["valid", "uncommon", "invalid", "limits"])
def test_every_bit_of_the_suite_is_in_one_share(klass: str) -> None:
    files = [file for file in STREAMS if file.relative_to(ROOT).parts[0] == klass]
    assert files
    for file in files:
        stats = statistics(file.read_bytes())
        assert stats.bits == 8 * file.stat().st_size
        check_sums(stats)


@pytest.mark.parametrize("case", case_parameters("valid", slow_beyond=2000))
def test_nothing_of_a_valid_stream_is_left_out(case: Case) -> None:
    decoder = nnc.Decoder()
    for step in case.steps:
        stats = statistics(step.data, references=decoder.references())
        assert not stats.errors
        assert share(stats, "not decoded") == share(stats, "gap") == 0
        decoder.decode(step.data)


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_cut_files_are_covered(cut: int) -> None:
    for file in STREAMS[::40]:
        data = file.read_bytes()[:-cut]
        check_sums(statistics(data))


@pytest.mark.parametrize("annotated", PLAIN, ids=[a.table["section"] for a in PLAIN])
def test_bins_cost_what_the_tables_of_the_text_say(annotated: Annotated) -> None:
    """Section 17: number of bins, and log2 of range before / range left, summed over the rows of the table."""
    expected: dict[str, list[float]] = {}
    for _, _, name, context, state, before, _, lps, bin_, *_ in annotated.table["bins"]:
        if context == "bypass":
            left = before / 2
        elif context == "-":
            left = 2 if bin_ else before - 2
        else:
            left = lps if bin_ != (state >= 0) else before - lps
        entry = expected.setdefault(name.partition("[")[0], [0, 0])
        entry[0] += 1
        entry[1] += math.log2(before / left)
    shares = {s.name: s for s in statistics(annotated.stream).shares if s.group == "payloads"}
    for name, (count, bits) in expected.items():
        assert shares[name].count == count
        assert shares[name].bits == pytest.approx(bits, abs=count * 2**-19)
    codeword = 8 * len(bin_trace(annotated.stream, "w").unit.payload)
    assert sum(found.bits for found in shares.values() if found.name != "nnr_topology_unit_payload") >= codeword
    assert shares["start and stop bit"].bits == pytest.approx(10 - math.log2(510), abs=2**-19)


def test_contexts_are_counted_as_the_trace_says() -> None:
    values = np.random.default_rng(2).normal(0, 0.02, (40, 50)).astype("f4")
    stream = nnc.encode({"w": values, "b": values[0]}, qp=-25, dq=True)
    stats = statistics(stream)
    for name in ("w", "b"):
        trace = bin_trace(stream, name)
        bins = trace.bins
        found = {c.context: (c.bins, c.ones) for c in stats.contexts if c.tensor == name}
        for context in np.unique(bins["context"][bins["context"] < 0xFFFE]).tolist():
            own = bins[bins["context"] == context]
            assert found.pop(context) == (len(own), int(own["bin"].sum()))
            names = {ELEMENTS[element].partition("[")[0] for element in np.unique(own["element"])}
            assert {context_name(context, trace.unit.unary_length).split()[0].partition("[")[0]} == names
        assert not found


def test_the_ideal_is_what_the_estimator_spends_bin_by_bin() -> None:
    values = np.random.default_rng(4).normal(0, 0.02, (12, 20)).astype("f4")
    stream = nnc.encode({"w": values}, qp=-25)
    bins = bin_trace(stream, "w").bins
    for context in statistics(stream).contexts:
        cost, ones, seen = 0.0, 0, 0
        for bin_ in bins["bin"][bins["context"] == context.context].tolist():
            estimate = (ones + 0.5) / (seen + 1)
            cost -= math.log2(estimate if bin_ else 1 - estimate)
            ones, seen = ones + bin_, seen + 1
        assert context.ideal == pytest.approx(cost)


def package(tensors: dict[str, Any], tmp_path: Path, **settings: Any) -> bytes:
    aimcodec.save_file(tensors, tmp_path / "m.aim", **settings)
    return (tmp_path / "m.aim").read_bytes()


def test_planes_of_a_package_by_hand(tmp_path: Path) -> None:
    """One plane of known symbols: order-0 cost by the formula, spent bits by the sizes in the header."""
    values = np.array([0] * 3000 + [1] * 700 + [2] * 300, np.uint8)[np.random.default_rng(0).permutation(4000)]
    stats = statistics(package({"t": values}, tmp_path))
    (plane,) = [p for p in stats.planes if p.part == "planes[0]"]
    entropy = -sum(n * math.log2(n / 4000) for n in (3000, 700, 300))
    assert plane.methods == {"rans": 1}
    assert plane.bytes == 4000
    assert plane.ideal == pytest.approx(entropy)
    assert entropy < plane.bits["symbols"] + plane.bits["states"] < 1.02 * entropy + plane.bits["states"]
    assert plane.bits["tables"] == 8 * (1 + 2 * 3 + 1)
    (tensor,) = [t for t in stats.tensors if t.name == "t"]
    assert tensor.payload_bits == sum(sum(p.bits.values()) for p in stats.planes)
    assert tensor.elements == 4000


def test_tensors_of_all_kinds_of_packages(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(64, 64)).astype("f4")
    for settings in ({"coding": "raw"}, {"coding": "small"}, {"coding": "nnc", "qp": -20}):
        stats = statistics(package({"a": values, "b": values[:8]}, tmp_path, **settings))
        check_sums(stats)
        assert not stats.errors
        assert {t.name: t.elements for t in stats.tensors if t.name is not None} == {"a": 4096, "b": 512}
        assert bool(stats.contexts) == (settings["coding"] == "nnc")


def test_damage_is_a_share_and_an_error() -> None:
    damaged = bytearray(PLAIN[0].stream)
    damaged[34] ^= 0x40
    stats = statistics(bytes(damaged))
    check_sums(stats)
    (error,) = stats.errors
    assert isinstance(error, InconsistentError)
    assert share(stats, "not decoded") > 0


def test_an_update_needs_its_references() -> None:
    folder = ROOT / "valid/nnc/update/update-tca"
    first, second = ((folder / f"stream-{n}.nnc").read_bytes() for n in (0, 1))
    alone = statistics(second)
    assert any(isinstance(error, MissingReferenceError) for error in alone.errors)
    assert share(alone, "not decoded") > 0
    decoder = nnc.Decoder()
    decoder.decode(first)
    after = statistics(second, references=decoder.references())
    assert not after.errors
    assert any("temporal" in context.name for context in after.contexts)
    for stats in (alone, after):
        check_sums(stats)


@pytest.mark.parametrize("file", STREAMS[::60], ids=lambda file: file.parent.name)
def test_text_and_records(file: Path) -> None:
    stats = statistics(file.read_bytes())
    records = [json.loads(json.dumps(record, allow_nan=False)) for record in stats_records(stats)]
    assert records[0] == {"row": "file", "bits": stats.bits}
    assert sum(record["bits"] for record in records if record["row"] == "share") == stats.bits
    lines = list(stats_lines(stats, 100))
    assert f"{stats.bits} bits" == lines[0]
    assert all(line.isprintable() for line in lines)
