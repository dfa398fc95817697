"""Streams that come through a pipe, and files that never end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aimcodec.cli import files

from .command import STREAM, Command


@contextmanager
def pipe(folder: Path, data: bytes) -> Iterator[str]:
    fifo = folder / "pipe"
    os.mkfifo(fifo)
    writing = threading.Thread(target=fifo.write_bytes, args=(data,))
    writing.start()
    try:
        yield str(fifo)
    finally:
        writing.join(60)


@pytest.mark.parametrize("words", [["inspect"], ["validate"], ["annotate"], ["inspect", "--bins", "w"]])
def test_a_pipe_is_read_like_a_file(words: list[str], stream: Path, tmp_path: Path, aimc: Command) -> None:
    expected = aimc(*words, str(stream))
    assert expected.code == 0
    with pipe(tmp_path, STREAM) as fifo:
        found = aimc(*words, fifo)
    assert (found.code, found.out.replace(fifo, str(stream))) == (0, expected.out)


@pytest.mark.parametrize("word", ["inspect", "validate", "annotate"])
def test_a_device_is_no_file(word: str, aimc: Command) -> None:
    result = aimc(word, "/dev/zero")
    assert (result.code, result.out) == (2, "")
    assert "/dev/zero: neither a file nor a pipe" in result.err


def test_a_pipe_that_does_not_end_is_left(tmp_path: Path, aimc: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_PIPE_BYTES", len(STREAM) - 1)
    with pipe(tmp_path, STREAM) as fifo:
        result = aimc("inspect", fifo)
    assert result.code == 4
    assert "a pipe with more than" in result.err


@pytest.mark.parametrize("word", ["info", "decode", "convert", "diff"])
def test_what_is_read_more_than_once_is_no_pipe(word: str, stream: Path, tmp_path: Path, aimc: Command) -> None:
    other = [str(stream)] if word == "diff" else [] if word == "info" else ["-o", str(tmp_path / "new.npz")]
    other = [str(tmp_path / "new.npz")] if word == "convert" else other
    with pipe(tmp_path, b"") as fifo:
        result = aimc(word, fifo, *other)
    assert result.code == 2
    assert "not a regular file" in result.err
