"""Where the bits of a file go, for aimc inspect --stats."""

from __future__ import annotations

from pathlib import Path

from aimcodec import nnc
from aimcodec.bits import Buffer
from aimcodec.cli.files import read_stream
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import about, end_damaged
from aimcodec.coding.nnc.payloads import References
from aimcodec.inspect.stats import statistics
from aimcodec.inspect.stats_text import stats_lines, stats_records

__all__ = ["inspect_stats", "references_after"]


def inspect_stats(stream: Path, data: Buffer, after: list[Path], *, json: bool) -> None:
    """Shows what takes how many bits."""
    stats = statistics(data, references=references_after(after))
    if json:
        for record in stats_records(stats):
            print_json(record)
    else:
        print_lines(stats_lines(stats, width()))
    end_damaged(stream, stats.errors)


def references_after(streams: list[Path]) -> References:
    """What an update that follows some streams may refer to."""
    decoder = nnc.Decoder()
    for earlier in streams:
        with about(earlier):
            decoder.decode(read_stream(earlier))
    return decoder.references()
