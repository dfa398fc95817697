"""The example of docs/c-api.md compiles without warnings and does what it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from aimcodec import capi

from .interface import CC, ROOT, library


def test_the_example_runs(tmp_path: Path) -> None:
    (source,) = re.findall(r"```c\n(.*?)```", (ROOT / "docs" / "c-api.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "example.c").write_text(source)
    assert CC is not None
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    command = [CC, *flags, "example.c", f"-I{capi.include_dir()}", str(library()), f"-Wl,-rpath,{library().parent}"]
    subprocess.run([*command, "-o", "example"], check=True, cwd=tmp_path)
    done = subprocess.run(["./example"], check=True, cwd=tmp_path, capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    before, after = map(int, re.findall(r"\d+", first))
    assert before == 16384 > after > 0
    assert second == "the same again"
