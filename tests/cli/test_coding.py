"""encode and decode from file to file."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import aimcodec

from ..conformance.cases import Case, assert_decoded, case_parameters, fingerprint
from .command import Command, environment, run_python


@pytest.mark.parametrize("case", case_parameters("valid", "uncommon", slow_beyond=100_000))
def test_decoded_files_hold_the_expected_tensors(case: Case, aimc: Command, tmp_path: Path) -> None:
    output = tmp_path / "out.safetensors"
    options = ["--local-scaling"] if case.local_scaling else []
    for number, step in enumerate(case.steps):
        after = [argument for earlier in case.steps[:number] for argument in ("--after", earlier.file)]
        result = aimc("decode", step.file, "-o", output, *after, *options, "--json")
        assert result.code == 0, result.err
        tensors = load_file(output)
        assert_decoded({name: tensors[name] for name in step.fingerprints if name in tensors}, step)
        summary = json.loads(result.out)
        assert summary["tensors"] == len(tensors)
        assert summary["elements"] == sum(array.size for array in tensors.values())


@pytest.mark.parametrize("case", [p for p in case_parameters("valid") if "base" in p.values[0].description])
def test_base_and_updates_give_the_refined_model(case: Case, aimc: Command, tmp_path: Path) -> None:
    base, output = tmp_path / "base.safetensors", tmp_path / "out.safetensors"
    save_file(case.arrays("base.npz"), base)
    *earlier, last = [step.file for step in case.steps]
    after = [argument for file in earlier for argument in ("--after", file)]
    result = aimc("decode", last, "-o", output, "--base", base, *after)
    assert result.code == 0, result.err
    expected = {t["name"]: t["sha256"] for t in case.description["after_all_updates"]["tensors"]}
    assert {name: fingerprint(array)[2] for name, array in load_file(output).items()} == expected


def test_sequences_are_validated_together(aimc: Command, conformance_streams: Path) -> None:
    streams = sorted((conformance_streams / "valid/nnc/update/update-tca").glob("stream-*.nnc"))
    assert aimc("validate", "--sequence", *streams).code == 0
    assert aimc("validate", *streams).code == 3


@pytest.fixture
def model(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    file = tmp_path / "model.safetensors"
    tensors = {
        "weight": random.normal(0, 0.1, (130, 20)).astype(np.float32),
        "bias": random.normal(0, 0.1, 20).astype(np.float32),
        "steps": np.array(7, np.int32),
        "half": random.normal(0, 1, (4, 3)).astype(np.float16),
    }
    tensors["weight"][3] = 0
    save_file(tensors, file)
    return file


OPTIONS = [
    [],
    ["--no-dq"],
    ["--parallel"],
    ["--parallel", "--no-dq", "--row-skipping", "on"],
    ["--codebook", "auto", "--row-skipping", "auto"],
    ["--qp", "-20", "--nonweight-qp", "-40"],
    ["--qp-density", "3", "--qp", "-76"],
    ["--threads", "2"],
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_round_trip(options: list[str], model: Path, aimc: Command, tmp_path: Path) -> None:
    stream, output = tmp_path / "m.nnc", tmp_path / "out.safetensors"
    encoded = aimc("encode", model, "-o", stream, *options, "--json")
    assert encoded.code == 0, encoded.err
    assert encoded.err.count("\n") == 1
    assert "warning: the scalar 'steps'" in encoded.err
    summary = json.loads(encoded.out)
    assert summary["bytes"] == stream.stat().st_size
    assert summary["bits_per_weight"] == 8 * summary["bytes"] / (130 * 20 + 20 + 1 + 12)
    assert aimc("validate", stream).out == f"{stream}: ok\n"
    assert aimc("decode", stream, "-o", output).code == 0
    original, decoded = load_file(model), load_file(output)
    assert decoded.keys() == original.keys()
    assert decoded["steps"].tolist() == [7]
    for name in ("weight", "bias", "half"):
        assert decoded[name].shape == original[name].shape
        largest_step = 2.0**-5  # of QP -20
        assert np.max(np.abs(decoded[name] - original[name])) <= 2 * largest_step


def test_options_reach_the_encoder(model: Path, aimc: Command, tmp_path: Path) -> None:
    """The stream tells which tools it was coded with."""

    def tools(*options: str) -> tuple[list[str], int]:
        stream = tmp_path / "m.nnc"
        assert aimc("encode", model, "-o", stream, *options).code == 0
        tensors = json.loads(aimc("info", stream, "--json").out)["tensors"]
        weight = next(tensor for tensor in tensors if tensor["name"] == "weight")
        return weight["tools"], weight["qp"]

    assert tools() == (["dq"], -38)
    assert tools("--no-dq") == ([], -38)
    assert tools("--no-dq", "--qp", "-20") == ([], -20)
    assert tools("--no-dq", "--parallel") == (["scan 4", "2 entry points"], -38)
    assert tools("--no-dq", "--row-skipping", "on") == (["row skipping"], -38)
    (codebook,), _ = tools("--no-dq", "--codebook", "on", "--qp", "-12")
    assert codebook.startswith("codebook ")


def test_progress_is_for_terminals(model: Path, tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "aimcodec.cli", "encode", str(model), "-o", str(tmp_path / "m.nnc")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env=environment(TERM="xterm")) as process:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal says that its other end was closed
            while part := os.read(terminal, 4096):
                shown += part
        out = process.stdout.read() if process.stdout else b""
    os.close(terminal)
    assert process.returncode == 0
    assert b"100%" in shown
    assert b"Mweights/s" in shown
    assert b"%" not in out
    assert out.count(b"\n") == 1


def test_infinities_are_refused_or_kept(aimc: Command, tmp_path: Path) -> None:
    model, stream, output = tmp_path / "m.safetensors", tmp_path / "m.nnc", tmp_path / "out.safetensors"
    values = np.array([[1.0, np.inf], [-np.inf, np.nan]], np.float32)
    save_file({"w": values}, model)
    refused = aimc("encode", model, "-o", stream)
    assert refused.code == 2
    assert not stream.exists()
    assert aimc("encode", model, "-o", stream, "--non-finite", "raw").code == 0
    assert aimc("decode", stream, "-o", output).code == 0
    assert load_file(output)["w"].tobytes() == values.tobytes()


@pytest.mark.parametrize("name", aimcodec.available_isas())
def test_forced_instruction_sets_give_the_same_bytes(name: str, model: Path, tmp_path: Path) -> None:
    default, forced = tmp_path / "default.nnc", tmp_path / "forced.nnc"
    for file, option in ((default, []), (forced, ["--isa", name])):
        assert run_python("-m", "aimcodec.cli", *option, "encode", model, "-o", file).code == 0
    assert default.read_bytes() == forced.read_bytes()
    version = run_python("-m", "aimcodec.cli", "--version", AIMC_ISA=name)
    assert f"instruction set {name}" in version.out
