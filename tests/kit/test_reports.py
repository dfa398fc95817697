"""Reports: the same facts in every form, strangers' texts harmless."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from aimcodec.cli.app import run
from aimcodec.conformance.report.as_html import html_text
from aimcodec.conformance.report.as_json import json_text, report_object, schema
from aimcodec.conformance.report.as_junit import junit_text
from aimcodec.conformance.report.as_text import text_lines
from aimcodec.conformance.report.records import Entry, Finding, Report, Subject

from .fakes import INVALID, ONE_WEIGHT, SEQUENCE, decoder_of, right_answer

jsonschema = pytest.importorskip("jsonschema")

EVIL = "<script>alert('x')</script>\x1b[2J\u202e\x00]]>&\ud800"
CASES = ["--case", ONE_WEIGHT.id, "--case", INVALID.id, "--case", SEQUENCE.id]


def report_of(*entries: Entry) -> Report:
    subject = Subject("decoder", EVIL, f"dec {EVIL}", {"name": EVIL})
    return Report(subject, "smoke", "", {"seconds": 1.0}, entries, {"places_right": 3}, "2020-01-01", 1.5)


def evil_entry(number: int, result: str = "crash", failed: bool = True) -> Entry:
    finding = Finding("values", "fail", EVIL, EVIL, EVIL, 7, EVIL, {EVIL: EVIL}, EVIL, (EVIL,))
    return Entry(
        f"{EVIL}{number}", EVIL, "nnc", "valid", EVIL, result, failed, EVIL, EVIL, (EVIL,), (finding,), EVIL, EVIL, EVIL
    )


REPORT = report_of(evil_entry(1), evil_entry(2, "pass", False), evil_entry(3, "unsupported", False))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")


def test_the_page_is_by_itself_and_escapes() -> None:
    text = html_text(REPORT)
    tags = Tags()
    tags.feed(text)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(tags.names)
    assert not [name for name in tags.attributes if name.startswith("on") or name == "src"]
    assert all(href.startswith("#") for href in tags.attributes["href"])
    ids = tags.attributes["id"]
    assert {href[1:] for href in tags.attributes["href"]} <= set(ids)
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import|https?:", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e\ud800]", text)
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;" in text


def test_junit_can_be_read() -> None:
    root = ElementTree.fromstring(junit_text(REPORT))  # noqa: S314
    assert {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    assert len(root.findall(".//testcase")) == 3
    (failure,) = root.findall(".//failure")
    assert failure.get("type") == "crash"
    assert "<script>" in (failure.text or "")


def test_kit_errors_are_errors_in_junit() -> None:
    root = ElementTree.fromstring(junit_text(report_of(evil_entry(1, "kit error"))))  # noqa: S314
    assert (root.get("failures"), root.get("errors"), len(root.findall(".//error"))) == ("0", "1", 1)


def test_text_is_safe_to_print() -> None:
    lines = list(text_lines(REPORT, 100))
    assert all(line.isprintable() for line in lines)
    assert lines[-1] == "1 of 3 failed (1 crash, 1 pass, 1 unsupported)"


def test_json_keeps_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    facts = json.loads(json_text(report_object(REPORT)))
    jsonschema.validate(facts, schema())
    assert facts["summary"]["results"] == {"crash": 1, "pass": 1, "unsupported": 1}
    facts["entries"][0]["result"] = "perhaps"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(facts, schema())


# The command.


def conform(*words: str) -> int:
    return run(["conform", "decoder", *words])


def test_one_run_twice_gives_the_same_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    decoder = decoder_of(tmp_path, "print(out, file=sys.stderr)\nif len(streams) > 1: os.abort()\nsys.exit(1)")
    texts = []
    for number in range(2):
        file = tmp_path / f"{number}.json"
        assert conform("--cmd", decoder.call, *CASES, "--json", str(file)) == 1
        texts.append(file.read_text())
    facts = [json.loads(text) for text in texts]
    jsonschema.validate(facts[0], schema())
    assert all(set(fact.pop("timing")["entries"]) == {ONE_WEIGHT.id, INVALID.id, SEQUENCE.id} for fact in facts)
    assert json_text(facts[0]) == json_text(facts[1])
    assert facts[0]["summary"]["results"] == {"crash": 1, "pass": 1, "wrong verdict": 1}
    assert capsys.readouterr().out.count("2 of 3 failed") == 2


def test_all_passed_is_0(tmp_path: Path) -> None:
    decoder = decoder_of(tmp_path, "", right_answer(ONE_WEIGHT, tmp_path / "answer"))
    files = [str(tmp_path / name) for name in ("r.xml", "r.html")]
    assert conform("--cmd", decoder.call, "--case", ONE_WEIGHT.id, "--junit", files[0], "--html", files[1]) == 0
    assert ElementTree.parse(files[0]).getroot().get("tests") == "1"  # noqa: S314
    assert Path(files[1]).read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--cmd", "dec {in}"],
        ["--cmd", "/nonexistent {in} {outdir}"],
        ["--lib", "/nonexistent.so"],
        ["--cmd", "true {in} {outdir}", "--subject", "native"],
        ["--cmd", "true {in} {outdir}", "--case", "no-such-case"],
        ["--cmd", "true {in} {outdir}", "--mem", "much"],
        ["--cmd", "true {in} {outdir}", "--claims", "/nonexistent.json"],
        ["--cmd", "true {in} {outdir}", "--streams", "/"],
        ["--cmd", "true {in} {outdir}", "--suite", "all"],
        ["--cmd", "touch started {in} {outdir}", "--json", "/nonexistent/report.json"],
        ["--cmd", "touch started {in} {outdir}", "--html", "/"],
        ["--cmd", "touch started {in} {outdir}", "--junit", "/dev/null"],
        ["--cmd", "touch started {in} {outdir}", "--keep", "/dev/null"],
    ],
)
def test_wrong_use_is_2(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert conform(*words) == 2
    assert list(tmp_path.iterdir()) == []  # nothing was started before
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1


def test_claims_that_are_none_are_2(tmp_path: Path) -> None:
    for text in ("[]", "{", '{"syntaxes": "nnc"}', '{"unsupported_features": [1]}', '{"syntaxs": ["nnc"]}'):
        (tmp_path / "claims.json").write_text(text)
        assert conform("--cmd", "true {in} {outdir}", "--claims", str(tmp_path / "claims.json")) == 2


def test_a_kit_error_is_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = decoder_of(tmp_path, "sys.exit(1)")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert conform("--cmd", decoder.call, "--case", ONE_WEIGHT.id) == 2
