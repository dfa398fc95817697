"""The text forms of a few streams, stored beside them: pytest --rewrite-golden writes them anew, to look at the change.

What the values mean is tested elsewhere; here no line changes unnoticed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ..cli.command import Command

GOLDEN = Path(__file__).parent / "golden"
STREAMS = sorted(file.name for file in GOLDEN.iterdir() if file.suffix in (".nnc", ".aim"))
COMMANDS = {"inspect": ["inspect"], "annotate": ["annotate"], "json": ["inspect", "--json"]}
FORMS = [(stream, form) for stream in STREAMS for form in COMMANDS if form != "json" or stream == "plain.nnc"]


@pytest.fixture
def aimc(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


def test_there_are_samples() -> None:
    assert STREAMS == ["damaged.aim", "damaged.nnc", "package.aim", "plain.nnc"]


@pytest.mark.parametrize(("stream", "form"), FORMS)
def test_text_forms(
    stream: str, form: str, aimc: Command, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(GOLDEN)
    result = aimc(*COMMANDS[form], stream)
    text = result.out + "".join(f"{line}\n" for line in result.err.splitlines()) + f"exit code {result.code}\n"
    stored = GOLDEN / f"{stream}.{form}.txt"
    if request.config.getoption("--rewrite-golden"):
        stored.write_text(text, "utf-8")
    assert text == stored.read_text("utf-8")
    assert result.code == (3 if "damaged" in stream else 0)
