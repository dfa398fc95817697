"""Our own decoders keep the contract and pass."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aimcodec.conformance.codec import CommandDecoder
from aimcodec.conformance.decoder import Settings, run_decoder
from aimcodec.conformance.decoder_claims import DecoderClaims
from aimcodec.conformance.subjects.own import own_command

from .fakes import CATALOGUE, CODEBOOK, INVALID, SEQUENCE

EVERYTHING = DecoderClaims(frozenset({"nnc", "aim"}))


@pytest.mark.parametrize("name", ["native", pytest.param("reference", marks=pytest.mark.slow)])
def test_smoke_is_passed(name: str) -> None:
    entries = run_decoder(CommandDecoder(own_command(name)), CATALOGUE.level("smoke"), Settings(claims=EVERYTHING))
    assert len(entries) == len(CATALOGUE.level("smoke"))
    assert [(entry.id, entry.result, entry.detail) for entry in entries if entry.result != "pass"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["native", "reference"])
def test_nothing_fails_in_core(name: str) -> None:
    unsupported = frozenset({"protected"})
    claims = DecoderClaims(EVERYTHING.syntaxes, unsupported if name == "reference" else frozenset())
    entries = run_decoder(CommandDecoder(own_command(name)), CATALOGUE.level("core"), Settings(claims=claims))
    assert [(entry.id, entry.result, entry.detail) for entry in entries if entry.failed] == []


def run_native(tmp_path: Path, *streams: Path) -> int:
    outdir = tmp_path / "out"
    outdir.mkdir()
    command = own_command("native").filled(
        {"in": [str(stream) for stream in streams], "outdir": [str(outdir)], "options": []}
    )
    assert command[0] == sys.executable
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode


def test_a_refusal_has_its_place(tmp_path: Path) -> None:
    assert run_native(tmp_path, INVALID.steps[0].file) == 1
    facts = json.loads((tmp_path / "out" / "error.json").read_text())
    assert facts["bit_offset"] == 244
    assert facts["element"].endswith("scan_order")


def test_each_stream_of_a_sequence_has_its_directory(tmp_path: Path) -> None:
    assert run_native(tmp_path, *(step.file for step in SEQUENCE.steps)) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0", "1", "2", "3"]


def test_manifests_name_types_and_files(tmp_path: Path) -> None:
    assert run_native(tmp_path, CODEBOOK.steps[0].file) == 0
    tensors = json.loads((tmp_path / "out" / "manifest.json").read_text())["tensors"]
    assert tensors == [
        {"name": "a", "dtype": "float32", "shape": [120, 70], "file": "0.bin"},
        {"name": "b", "dtype": "float32", "shape": [9, 7], "file": "1.bin"},
    ]
