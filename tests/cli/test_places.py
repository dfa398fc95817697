"""Every error of a stream ends with the command that shows its place, and that command works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ..conformance.cases import Case, case_parameters
from .command import Command

SEE = re.compile(r"(?:; see: |^  see +)(aimc inspect .*)$", re.MULTILINE)

MARKER = bytes.fromhex("8941494d0d0a1a0a")

# Commands that read a whole stream, with what they are given beside it.
READING = {
    "validate": [],
    "inspect": [],
    "annotate": [],
    "diff": ["{in}"],
    "decode": ["-o", "{out}.npz"],
    "convert": ["{out}.npz"],
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(aimc: Command, command: str, stream: Path, out: Path) -> tuple[int, str]:
    rest = [part.replace("{out}", str(out)).replace("{in}", str(stream)) for part in READING[command]]
    result = aimc(command, stream, *rest)
    return result.code, result.out + result.err


def assert_shown(aimc: Command, text: str) -> None:
    found = SEE.findall(text)
    assert found, text
    _, *arguments = shlex.split(found[0])
    shown = aimc(*arguments)
    assert shown.code in (0, 3, 4)
    assert shown.out


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("case", case_parameters("invalid", slow_beyond=5000)[::2])
def test_nnc(case: Case, command: str, aimc: Command, out: Path) -> None:
    if len(case.steps) > 1 or case.steps[0].data == b"":
        pytest.skip("no place in a file of no bytes; a sequence is for its own commands")
    code, text = run(aimc, command, case.steps[0].file, out)
    if code not in (0, 2):  # damage of payloads is no business of the commands that look at the syntax
        assert_shown(aimc, text)


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize("case", case_parameters("invalid", syntax="aim", slow_beyond=500)[::5])
def test_packages(case: Case, command: str, aimc: Command, out: Path) -> None:
    stream = case.folder / "stream.aim"
    if not stream.read_bytes().startswith(MARKER):
        pytest.skip("not told to be a package: no bytes, or those of another format")
    code, text = run(aimc, command, stream, out)
    if "cannot hold tensor" in text:
        pytest.skip("the tensor is of a type that the file to be written does not have, whatever its bytes are")
    if code not in (0, 2):
        assert_shown(aimc, text)
