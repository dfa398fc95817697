"""aimc conform encoder as its users see it: exit codes, reports, commands that work."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import validate

from aimcodec.conformance.report.as_json import schema

from .runs import HERE, PYTHON

Result = subprocess.CompletedProcess[str]


def aimc(folder: Path, *arguments: str) -> Result:
    line = [sys.executable, "-m", "aimcodec.cli", *arguments]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def encoder(folder: Path, lie: str, *arguments: str) -> Result:
    command = f"{PYTHON} {shlex.quote(str(HERE / 'liar.py'))} {shlex.quote(lie)} {{syntax}} {{model}} {{out}} {{recon}}"
    given = ("--syntax", "nnc", "--model", "plain/layer")
    return aimc(folder, "conform", "encoder", "--cmd", command, *given, *arguments)


def report(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    validate(facts, schema())
    return facts


def test_a_good_encoder(tmp_path: Path) -> None:
    result = encoder(tmp_path, "none", "--json", "r.json", "--junit", "r.xml", "--html", "r.html")
    assert (result.returncode, result.stderr) == (0, "")
    facts = report(tmp_path / "r.json")
    (entry,) = facts["entries"]
    assert entry["figures"]["checks"] == dict.fromkeys(
        ("syntax", "coder", "semantics", "reconstruction", "budget", "determinism"), "pass"
    )
    assert facts["summary"]["figures"]["unused_points"]
    root = ElementTree.parse(tmp_path / "r.xml").getroot()  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert "none of 1 failed" in (tmp_path / "r.html").read_text("utf-8")


def test_the_same_run_gives_the_same_report_but_for_its_timing(tmp_path: Path) -> None:
    reports = []
    for name in ("1.json", "2.json"):
        assert encoder(tmp_path, "stop bit", "--json", name).returncode == 1
        facts = report(tmp_path / name)
        del facts["timing"]
        reports.append(facts)
    assert reports[0] == reports[1]


def test_the_command_of_a_finding_shows_the_bin(tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_text('{"max_error_steps": 0.5}', "utf-8")
    result = encoder(tmp_path, "off by one", "--claims", "claims.json", "--keep", "kept dir", "--json", "r.json")
    assert result.returncode == 1
    (finding,) = [f for f in report(tmp_path / "r.json")["entries"][0]["findings"] if f["level"] == "fail"]
    assert finding["inspect"] in result.stdout
    words = shlex.split(finding["inspect"])
    assert words[:2] == ["aimc", "inspect"]
    shown = aimc(tmp_path, *words[1:])
    assert shown.returncode == 0
    assert "sig_flag" in shown.stdout
    assert [line.rstrip() for line in shown.stdout.splitlines()] == finding["excerpt"]


def test_all_findings_or_the_first(tmp_path: Path) -> None:
    counts = []
    for arguments in ((), ("--all",)):
        encoder(tmp_path, "profile", "--json", "r.json", *arguments)
        counts.append(len(report(tmp_path / "r.json")["entries"][0]["findings"]))
    assert counts[0] == 1 < counts[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--syntax", "nnc"),
        ("--syntax", "nnc", "--cmd", "enc {model}"),
        ("--syntax", "nnc", "--cmd", "/no/such/program {model} {out}"),
        ("--syntax", "nnc", "--subject", "native", "--model", "no/such/model"),
        ("--syntax", "aim", "--subject", "reference"),
        ("--syntax", "nnc", "--subject", "native", "--claims", "none.json"),
        ("--syntax", "nnc", "--subject", "native", "--claims", "bad.json"),
    ],
)
def test_wrong_use_is_exit_code_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('{"max_error_steps": "few"}', "utf-8")
    result = aimc(tmp_path, "conform", "encoder", *arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("aimc: ")
    assert "Traceback" not in result.stderr
