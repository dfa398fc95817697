"""Shared libraries under test: whatever they do is a result."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from aimcodec.cli.app import run
from aimcodec.conformance import shlib
from aimcodec.conformance.child import Allowance
from aimcodec.conformance.codec import LibraryDecoder, library_info
from aimcodec.conformance.decoder import Settings, run_decoder
from aimcodec.conformance.report.records import Entry
from aimcodec.errors import ArgumentError

from .fakes import INVALID, ONE_WEIGHT

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")

SOURCE = Path(__file__).with_name("plugin.c")


def built(folder: Path, *defines: str) -> Path:
    library = folder / "libtoy.so"
    include = shlib.header().parents[1]
    flags = [f"-D{define}" for define in defines]
    subprocess.run(["cc", "-shared", "-fPIC", "-w", f"-I{include}", *flags, "-o", library, SOURCE], check=True)  # noqa: S607
    return library


def run_plugin(folder: Path, mode: str, case: object = ONE_WEIGHT, seconds: float = 20) -> Entry:
    decoder = LibraryDecoder(built(folder, f"MODE={mode}"))
    (entry,) = run_decoder(decoder, [case], Settings(Allowance(seconds, 1 << 30, 1 << 20), 1))  # type: ignore[list-item]
    return entry


MODES = {
    "RIGHT": ("pass", "all as expected"),
    "WRONG": ("wrong values", "1 ulp apart"),
    "TWICE": ("wrong values", "comes twice"),
    "SMALL": ("crash", "exit code 3"),
    "SEGV": ("crash", "SIGSEGV"),
    "ABORT": ("crash", "SIGABRT"),
    "EXIT": ("wrong values", "missing"),
    "STRANGE": ("crash", "exit code 3"),
    "FAILED": ("crash", "exit code 3"),
    "REJECT": ("wrong verdict", "no such order"),
    "UNSUPPORTED": ("unsupported", ""),
    "MEMORY": ("over limit", "memory"),
}


@pytest.mark.parametrize("mode", MODES)
def test_modes(mode: str, tmp_path: Path) -> None:
    result, detail = MODES[mode]
    entry = run_plugin(tmp_path, mode)
    assert entry.result == result
    assert detail in entry.detail
    if entry.failed:
        assert entry.reproduce == f"aimc conform decoder --lib {tmp_path / 'libtoy.so'} --case dims-1"


def test_a_library_is_asked_for_what_it_says_it_decodes(tmp_path: Path) -> None:
    words = ["--lib", str(built(tmp_path, "MODE=RIGHT")), "--case", ONE_WEIGHT.id, "--case", "aim-ends-*"]
    assert run(["conform", "decoder", *words, "--json", str(tmp_path / "r.json")]) == 0  # it says "nnc"
    results = json.loads((tmp_path / "r.json").read_text())["summary"]["results"]
    assert results.pop("pass") == 1
    assert set(results) == {"not run"}


def test_a_library_that_hangs_is_stopped(tmp_path: Path) -> None:
    assert run_plugin(tmp_path, "HANG", seconds=1).result == "timeout"


def test_the_place_of_a_refusal_comes_through(tmp_path: Path) -> None:
    entry = run_plugin(tmp_path, "REJECT", INVALID)
    assert (entry.result, entry.figures) == ("pass", {"place": "right"})


def test_what_a_library_says_of_itself(tmp_path: Path) -> None:
    assert library_info(built(tmp_path, "MODE=0"), tmp_path) == {"name": "toy", "version": "1.0", "syntaxes": "nnc"}


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="abi_version is 7, not 1"):
        library_info(built(tmp_path, "MODE=0", "ABI=7"), tmp_path)


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lib.so"
    file.write_bytes(b"\x7fELF nothing")
    with pytest.raises(ArgumentError, match=r"lib\.so"):
        library_info(file, tmp_path)
    with pytest.raises(ArgumentError, match=r"lib\.so"):
        run_decoder(LibraryDecoder(file), [ONE_WEIGHT], Settings())
