"""What is inside of payloads, for aimc inspect --bins: bins of NNC, steps of lossless blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aimcodec.bits import Buffer
from aimcodec.cli.against import tell
from aimcodec.cli.inspect_stats import references_after
from aimcodec.cli.output import print_json, print_lines, width
from aimcodec.cli.report import about, end_damaged, note
from aimcodec.errors import AimcError, ArgumentError
from aimcodec.inspect import BinTrace, is_package
from aimcodec.inspect.against_bins import BinDivergence, first_bin_divergence
from aimcodec.inspect.bins import BinChunks, bin_chunks
from aimcodec.inspect.jsonl import read_lines
from aimcodec.inspect.packaged import is_nnc
from aimcodec.inspect.render import bin_lines, bin_records
from aimcodec.inspect.step_text import step_lines, step_records
from aimcodec.inspect.steps import StepChunks, step_chunks
from aimcodec.inspect.text import printable
from aimcodec.limits import DEFAULT_LIMITS

__all__ = ["SHOWN_BINS", "BinOptions", "inspect_bins"]

SHOWN_BINS = 500


@dataclass(frozen=True)
class BinOptions:
    """What the options of aimc inspect say about bins.

    Attributes:
        which: name of a tensor, or number of a unit.
        range: A:B, of bins or steps.
        levels: A:B, of levels of a tensor of NNC.
        block: number of a block of a lossless tensor.
        after: streams that an update follows.
        against: a trace to compare with.
        json: whether to print JSON.
    """

    which: str
    range: str | None = None
    levels: str | None = None
    block: int | None = None
    after: list[Path] = field(default_factory=list)
    against: Path | None = None
    json: bool = False


def inspect_bins(stream: Path, data: Buffer, options: BinOptions) -> None:
    """Shows the bins of an NNC payload or the steps of a lossless block, or compares them with a trace."""
    if is_package(data) and not is_nnc(data, options.which, DEFAULT_LIMITS):
        _inspect_steps(stream, data, options)
        return
    if options.block is not None:
        raise ArgumentError("NNC payloads have no blocks to choose")
    _inspect_bins(stream, data, options)


def _inspect_bins(stream: Path, data: Buffer, options: BinOptions) -> None:
    references = references_after(options.after)
    first, last = _range(options.range)
    if options.against is not None and options.range is None:
        last = None
    if first < 0:
        first = max(0, first + bin_chunks(data, options.which, 0, 0, references=references).finish())
    limit = None if last is None else max(0, last - first)
    levels = None if options.levels is None else _levels(options.levels)
    chunks = bin_chunks(data, options.which, first, limit, levels=levels, references=references)
    if options.against is not None:
        _compare(stream, chunks, _bin_records(chunks), options, "bin")
        return
    if options.json:
        for record in _bin_records(chunks):
            print_json(record)
    else:
        for part in _traces(chunks):
            print_lines(bin_lines(part, width()))
    total = chunks.finish()
    if options.range is None and total > SHOWN_BINS:
        note(f"{total} bins in all: --range A:B shows others, --range : all")
    _end(stream, chunks.error)


def _traces(chunks: BinChunks) -> Iterator[BinTrace]:
    """Parts to be shown; one without bins if there are none."""
    empty = True
    for first, bins in chunks:
        empty = False
        yield BinTrace(bins, first, 0, None, chunks.unit)
    if empty:
        yield BinTrace(BinChunks.NONE, 0, 0, None, chunks.unit)


def _bin_records(chunks: BinChunks) -> Iterator[dict[str, Any]]:
    for part in _traces(chunks):
        yield from bin_records(part)


def _inspect_steps(stream: Path, data: Buffer, options: BinOptions) -> None:
    if options.after or options.levels is not None:
        raise ArgumentError("--after and --levels are of NNC payloads")
    first, last = _range(options.range)
    if options.against is not None and options.range is None:
        last = None
    block = options.block or 0
    if first < 0:
        first = max(0, first + step_chunks(data, options.which, block).total)
    chunks = step_chunks(data, options.which, block, first, None if last is None else max(0, last - first))
    if options.against is not None:
        _compare(stream, chunks, step_records(chunks), options, "step")
        return
    if options.json:
        for record in step_records(chunks):
            print_json(record)
    else:
        _print_steps(chunks, block)
    if options.range is None and chunks.total > SHOWN_BINS:
        note(f"{chunks.total} steps in all: --range A:B shows others, --range : all")
    if options.block is None and chunks.blocks > 1:
        note(f"block 0 of {chunks.blocks}: --block N shows others")
    _end(stream, chunks.error)


def _print_steps(chunks: StepChunks, number: int) -> None:
    block, mode = chunks.block, chunks.map.mode or "unknown"
    place = f"units[{block.unit}], byte {block.offset}, {len(block.data)} bytes"
    print(f"block {number}: {mode}, {block.records} records of {block.layout.record_bytes} bytes, {place}")
    if not chunks.sections:
        print("nothing of it is entropy-coded")
    print_lines(step_lines(chunks, width()))


def _compare(
    stream: Path, chunks: BinChunks | StepChunks, ours: Iterator[dict[str, Any]], options: BinOptions, what: str
) -> None:
    """Shows the first place where a trace differs from ours, and ends with 1 if there is one."""
    trace = options.against
    if trace is None:
        return
    with about(trace, stream=False), trace.open("rb") as file:
        found = first_bin_divergence(ours, read_lines(file), what)
    more = {} if found is None else {"ours": found.ours, "before": found.before}
    tell(trace, found, options.json, what="payload", show=lambda: _show_divergence(found, what), **more)
    _end(stream, chunks.error)


def _show_divergence(found: BinDivergence | None, what: str) -> None:
    if found is None:
        return
    for ours in found.before:
        print(f"  {_one_line(ours)}")
    print(f"> {_one_line(found.ours)}" if found.ours else f"> no {what}")
    if found.line is not None:
        print(f"< {_one_line(found.line.fields)}")


def _one_line(fields: dict[str, Any]) -> str:
    shown = (f"{name}={value}" for name, value in fields.items() if value is not None)
    return printable(" ".join(shown))


def _end(stream: Path, error: AimcError | None) -> None:
    if error is not None:
        end_damaged(stream, [error])


def _range(text: str | None) -> tuple[int, int | None]:
    if text is None:
        return 0, SHOWN_BINS
    numerals = re.fullmatch(r"(-?[0-9]{1,18})?:([0-9]{1,18})?", text)
    if numerals is None:
        raise ArgumentError(f"the range {text!r} is not of the form A:B")
    return int(numerals[1] or 0), None if numerals[2] is None else int(numerals[2])


def _levels(text: str) -> tuple[int, int]:
    numerals = re.fullmatch(r"([0-9]{1,18}):([0-9]{1,18})", text)
    if numerals is None:
        raise ArgumentError(f"the levels {text!r} are not of the form A:B")
    return int(numerals[1]), int(numerals[2])
