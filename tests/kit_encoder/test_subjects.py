"""Our encoders, and libraries, through the same runner."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aimcodec.conformance.checks.result import Check
from aimcodec.conformance.command import parse_command
from aimcodec.conformance.encoder import EncoderRun, EncoderSubject
from aimcodec.conformance.models import models
from aimcodec.conformance.shlib import header
from aimcodec.errors import ArgumentError

from .runs import PYTHON, QUICK, RECIPES, ours, result_of, run_of

SETTINGS = {
    "nnc": [
        "--set dq=false",
        "--set scan_order=1 --set qp=-20",
        "--set codebook='\"on\"'",
        "--set edition=1 --set dq=false --set row_skipping=false",
    ],
    "aim": ["", "--set coding='\"small\"'", "--set coding='\"raw\"'"],
}
EVERY = [(syntax, settings) for syntax, listed in SETTINGS.items() for settings in listed]


def troubles(run: EncoderRun) -> list[tuple[str, str, str, list[Check]]]:
    bad = [r for r in run.results if r.outcome not in ("pass", "unsupported")]
    return [(r.id, r.outcome, r.detail, [c for c in r.checks if c.result == "fail"]) for r in bad]


@pytest.mark.parametrize("syntax", ["nnc", "aim"])
def test_ours_passes_smoke(syntax: str) -> None:
    run = run_of(ours(syntax), models("smoke", syntax), jobs=2)
    assert troubles(run) == []
    assert run.good
    assert all(r.outcome == "pass" for r in run.results)
    reconstructed = [next(c.result for c in r.checks if c.name == "reconstruction") for r in run.results]
    assert set(reconstructed) == {"pass"}


@pytest.mark.slow
@pytest.mark.parametrize(("syntax", "settings"), EVERY)
def test_ours_passes_core(syntax: str, settings: str) -> None:
    run = run_of(ours(syntax, settings), models("core", syntax), jobs=2)
    assert troubles(run) == []
    refused = {r.id for r in run.results if r.outcome == "unsupported"}
    assert refused == {r.id for r in models("core", syntax) if r.refusals.get(syntax) and r.id != "content/huge"}


def test_models_as_npz() -> None:
    module = "aimcodec.conformance.subjects.encode_native"
    subject = EncoderSubject("nnc", parse_command(f"{PYTHON} -m {module} {{syntax}} {{npz}} -o {{out}}"))
    assert result_of(subject, "plain/layer").outcome == "pass"
    half = result_of(subject, "plain/half")
    assert (half.outcome, "BFLOAT16" in half.detail) == ("not run", True)


def test_use_of_the_syntax_is_that_of_all_streams_together() -> None:
    run = run_of(ours("nnc", "--set dq=true"), [RECIPES["plain/layer"], RECIPES["type/int32"]])
    points = [result.points for result in run.results]
    assert run.use.figures["used"] == len(points[0] | points[1])
    assert points[0] - points[1]
    assert points[1] - points[0]
    assert not (points[0] | points[1]) & set(run.unused)
    assert int(run.use.figures["points"]) == len(points[0] | points[1]) + len(run.unused)


def test_an_encoder_that_does_not_exist() -> None:
    with pytest.raises(ArgumentError):
        result_of(EncoderSubject("nnc", parse_command("/no/such/encoder {model} {out}")), "plain/layer")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    made = tmp_path_factory.mktemp("library") / "libstub.so"
    source = Path(__file__).with_name("plugin.c")
    line = [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-I", header().parents[1], source, "-o", made]
    subprocess.run([str(word) for word in line], check=True)
    return made


LIBRARY_RESULTS = [
    ((), "fail", "semantics: tensor 'weight' is missing"),
    (("refuse",), "fail", "not supported, though it should be"),
    (("fail",), "crash", "exit code 3"),
    (("crash",), "crash", "signal SIGABRT"),
]


@pytest.mark.parametrize(("options", "outcome", "detail"), LIBRARY_RESULTS)
def test_a_library(library: Path, options: tuple[str, ...], outcome: str, detail: str) -> None:
    result = result_of(EncoderSubject("nnc", library=library, options=options), "plain/layer")
    assert (result.outcome, detail in result.detail) == (outcome, True), result.detail


def test_what_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "lib.so").write_bytes(b"this is none")
    with pytest.raises(ArgumentError):
        result_of(EncoderSubject("nnc", library=tmp_path / "lib.so"), "plain/layer")


def test_memory_and_time_are_those_of_the_encoder() -> None:
    line = f"{shlex.quote(sys.executable)} -c 'b = bytearray(200 << 20); b[::4096] = b\"1\" * 51200' {{model}} {{out}}"
    result = result_of(EncoderSubject("nnc", parse_command(line)), "plain/layer", allowance=QUICK)
    assert result.peak_bytes > 200 << 20
