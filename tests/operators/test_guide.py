"""docs/operators.md: its examples run, its table is current; the commands beside it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

pytest.importorskip("onnx")

from aimcodec.cli.app import run as aimc
from aimcodec.operators import Status
from aimcodec.operators.describe import catalogue_record, catalogue_schema, minimal_set_table

from ..docs.console import ROOT, blocks, examples, fits, run

TEXT = (ROOT / "docs" / "operators.md").read_text("utf-8")


def test_python_examples(capsys: pytest.CaptureFixture[str]) -> None:
    code = "\n".join(blocks(TEXT, "python"))
    exec(compile(code, "operators.md", "exec"), {})  # noqa: S102 - our own text
    assert "OUT_OF_RANGE axis" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_commands(tmp_path: Path) -> None:
    pytest.importorskip("cffi")
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    typed = examples(TEXT)
    assert len(typed) == 6
    for example in typed:
        code, printed = run(example.command, tmp_path)
        assert fits(printed, example.shown), f"$ {example.command}\n{printed}"
        assert code == (1 if "failed" in example.shown else 0)
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["failed"] is False


def test_the_table_is_current() -> None:
    (table,) = re.findall(r"<!-- generated: minimal set.*?-->\n(.*?)<!-- end -->", TEXT, re.DOTALL)
    assert table == minimal_set_table(), "run bench/operators.py --table"


def test_statuses_are_those_of_the_header_and_the_text() -> None:
    header = (ROOT / "csrc" / "include" / "aimc" / "operators.h").read_text("utf-8")
    for status in Status:
        assert re.search(rf"\bAIMC_OP_{status.name} = {status.value}\b", header)
        assert f"| {status.name} | {status.value} |" in TEXT


def test_types_of_the_header_are_those_of_the_format() -> None:
    from aimcodec.dtypes import from_code

    header = (ROOT / "csrc" / "include" / "aimc" / "operators.h").read_text("utf-8")
    (section,) = re.findall(r"enum \{\n  AIMC_OP_BOOL.*?\};", header, re.DOTALL)
    found = dict(re.findall(r"AIMC_OP_(\w+) = (\d+)", section))
    assert found == {from_code(code).name: str(code) for code in range(32)}


@pytest.mark.parametrize("domain", ["", "ai.onnx.ml"])
def test_the_catalogue_in_json(domain: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    record = json.loads(json.dumps(catalogue_record(domain=domain), allow_nan=False))
    jsonschema.Draft202012Validator(catalogue_schema()).validate(record)
    assert len(record["operators"]) > 15
    record["operators"][0]["category"] = "nothing"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(catalogue_schema()).validate(record)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["describe", "Nothing"], 4, "no operator"),
        (["describe", "Conv", "--version", "0"], 4, "version 0"),
        (["list", "--domain", "org.example"], 4, "no domain"),
        (["compare", "nothing.so"], 2, "no file"),
        (["compare", __file__], 2, "no library of operators"),
    ],
)
def test_what_is_not_there(
    arguments: list[str], code: int, text: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert aimc(["operators", *arguments]) == code
    assert text in capsys.readouterr().err


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert aimc(["operators", "list", "--json", "--minimal"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert {entry["name"] for entry in record["operators"]} >= {"Conv", "ScatterND", "ConvInteger"}
    assert all(entry["minimal"] for entry in record["operators"])
    assert aimc(["operators", "describe", "Conv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "Conv"
