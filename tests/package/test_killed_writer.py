"""A writer that is killed, at whatever point, leaves the final name as it was: without a file, or with the old one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import aimcodec

CHILD = """
import os, resource, signal, sys
import numpy as np
import aimcodec

path, when = sys.argv[1:]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if when in ("fsync", "replace"):
    setattr(os, when, die)  # the last steps before the file gets its name
elif when != "never":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(when), int(when)))
rng = np.random.default_rng(5)
with aimcodec.Writer(path) as writer:
    for number in range(8):
        writer.add_tensor(f"t{number}", rng.normal(0, 0.05, (64, 64 + number)).astype(np.float32))
    writer.add_metadata({"a": "b"})
"""


def write(path: Path, when: str) -> int:
    return subprocess.run([sys.executable, "-c", CHILD, str(path), when], check=False, capture_output=True).returncode


@pytest.fixture(scope="module")
def size(tmp_path_factory: pytest.TempPathFactory) -> int:
    path = tmp_path_factory.mktemp("whole") / "m.aim"
    assert write(path, "never") == 0
    assert len(aimcodec.load_file(path)) == 8
    return path.stat().st_size


@pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")
@pytest.mark.parametrize("old", [False, True])
def test_killed_anywhere(size: int, old: bool, tmp_path: Path) -> None:
    places = np.random.default_rng(7).integers(1, size, 10).tolist()
    for when in [*map(str, sorted({*places, 1, 64, size - 1})), "fsync", "replace"]:
        path = tmp_path / f"{when}.aim"
        if old:
            aimcodec.save_file({"old": np.arange(3)}, path)
        assert write(path, when) in (-signal.SIGXFSZ, -signal.SIGKILL), when
        if old:
            assert list(aimcodec.load_file(path)) == ["old"]
        else:
            assert not path.exists()
