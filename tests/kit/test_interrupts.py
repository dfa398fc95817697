"""A run that is ended from outside ends soon, with its children and folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = {
    "decoder": ["--case", "dims-1", "--cmd", "{program} {{in}} {{outdir}}"],
    "encoder": ["--syntax", "nnc", "--suite", "smoke", "--cmd", "{program} {{model}} {{out}}"],
}
# It tells that it runs, and would run far longer than the test waits.
SLEEPER = "#!{python}\nimport os, time\nopen({fifo!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda n: n.name)
@pytest.mark.parametrize("what", WORDS)
def test_nothing_is_left(what: str, number: signal.Signals, tmp_path: Path) -> None:
    program, fifo, temporary = tmp_path / "sleeper", tmp_path / "fifo", tmp_path / "tmp"
    os.mkfifo(fifo)
    temporary.mkdir()
    program.write_text(SLEEPER.format(python=sys.executable, fifo=str(fifo)))
    program.chmod(0o755)
    words = [word.format(program=program) for word in WORDS[what]]
    run = subprocess.Popen(
        [sys.executable, "-m", "aimcodec.cli", "conform", what, *words, "--jobs", "1", "--timeout", "500"],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 (ignored ones are inherited)
    )
    try:
        sleeper = int(fifo.read_text())
        assert list(temporary.iterdir())
        run.send_signal(number)
        output = run.communicate(timeout=60)
    finally:
        run.kill()
    assert (run.returncode, *output) == (128 + number, b"", b"")
    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(sleeper, 0)
