"""The guides and the worked example: what is shown there is what their commands print, followed from top to bottom."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aimcodec.conformance.catalogue import streams_root

from .console import ROOT, Example, examples, fits, run, write_files

GUIDES = ("test-your-decoder", "test-your-encoder", "worked-example", "convert", "onnx")
# Where a reader's streams are, as shown.
INSTALLED = ".venv/lib/python3.11/site-packages/aimcodec/conformance/streams"
FAILURES = {"FAILED": 1, "the stream has": 1, "see: aimc": 3}

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


def text_of(guide: str) -> str:
    return (ROOT / "docs" / f"{guide}.md").read_text("utf-8")


def runs_long(example: Example) -> bool:
    return "suite core\n" in example.shown


def workplace(guide: str, folder: Path) -> Path:
    """What a reader has: the files of the guide, the streams, and the examples of the source tree."""
    write_files(text_of(guide), folder)
    streams = folder / INSTALLED
    streams.parent.mkdir(parents=True)
    streams.symlink_to(streams_root())
    (folder / "docs").symlink_to(ROOT / "docs")
    return folder


def check(example: Example, folder: Path) -> None:
    code, printed = run(example.command, folder)
    assert fits(printed, example.shown), f"$ {example.command}\n{printed}"
    assert code == next((code for mark, code in FAILURES.items() if mark in example.shown), 0)


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("guide", GUIDES)
def test_guide(guide: str, whole: bool, tmp_path: Path) -> None:
    folder = workplace(guide, tmp_path)
    typed = [example for example in examples(text_of(guide)) if whole or not runs_long(example)]
    assert len(typed) >= 4
    for example in typed:
        check(example, folder)
