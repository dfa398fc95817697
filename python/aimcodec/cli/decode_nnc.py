"""aimc decode of an NNC stream."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aimcodec import nnc
from aimcodec.cli.files import read_stream
from aimcodec.cli.models import ArraysModel
from aimcodec.cli.report import about
from aimcodec.cli.tensors import read_tensors
from aimcodec.cli.write_files import Written, write_file

__all__ = ["decode_nnc"]


def decode_nnc(
    stream: Path, output: Path, base: Path | None, after: Sequence[Path], local_scaling: bool, threads: int | None
) -> Written:
    """Decode a stream, after those that it follows, into a file of tensors; the time is that of decoding.

    Raises:
        CommandError: what went wrong, and with which file.
    """
    base_tensors = None
    if base is not None:
        with about(base, stream=False):
            base_tensors = read_tensors(base)
    decoder = nnc.Decoder(base_tensors, threads=threads, local_scaling=local_scaling)
    for earlier in after:
        with about(earlier):
            decoder.decode(read_stream(earlier))
    with about(stream):
        data = read_stream(stream)
        start = time.perf_counter()
        differences = decoder.decode(data)
        seconds = time.perf_counter() - start
    tensors = differences if decoder.parameters is None else decoder.parameters
    written = write_file(ArraysModel(tensors), str(stream), output)
    return replace(written, seconds=seconds)
