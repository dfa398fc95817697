"""Every encoder's streams through every decoder: who disagrees with whom."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aimcodec.conformance.child import Allowance, Ended, Launcher
from aimcodec.conformance.codec import Decoder, Job
from aimcodec.conformance.codec_file import Codec
from aimcodec.conformance.decoded import DecodedStream, decoded_in, first_disagreement
from aimcodec.conformance.encoder import ModelResult, run_encoder
from aimcodec.conformance.models import ModelRecipe, select_models
from aimcodec.conformance.outcome import ACCEPTED, UNSUPPORTED, breakdown
from aimcodec.conformance.pool import run_all
from aimcodec.errors import ArgumentError

__all__ = ["Cell", "Matrix", "Row", "run_matrix"]

SAME = "same"


@dataclass(frozen=True)
class Cell:
    """One decoder on one stream.

    Attributes:
        result: "same" as the decoder it is compared with, "differs", "refused", "unsupported", "unusable", "crash",
            "timeout" or "over limit".
        detail: in one line.
    """

    decoder: str
    result: str
    detail: str = ""


@dataclass(frozen=True)
class Row:
    """One stream: what an encoder made of a model.

    Attributes:
        encoded: result of the encoder, as its own runner has it.
        detail: of that result.
        bytes: of the stream; 0 where there is none.
        compared_with: the decoder that others are compared with: the encoder's own, else the first that accepts; "" if
            none does.
        cells: in the order of the decoders; none without a stream.
    """

    syntax: str
    encoder: str
    model: str
    encoded: str
    detail: str
    bytes: int
    compared_with: str = ""
    cells: tuple[Cell, ...] = ()

    @property
    def disagrees(self) -> bool:
        """Whether not all decoders that support it give the same."""
        return any(cell.result not in (SAME, "unsupported") for cell in self.cells)


@dataclass(frozen=True)
class Matrix:
    """A whole run.

    Attributes:
        encoders, decoders: names.
        rows: by syntax, encoder and model.
    """

    suite: str
    encoders: tuple[str, ...]
    decoders: tuple[str, ...]
    rows: tuple[Row, ...]
    settings: Mapping[str, int | float] = field(default_factory=dict)

    @property
    def disagreements(self) -> list[Row]:
        """Streams on which decoders do not agree."""
        return [row for row in self.rows if row.disagrees]

    def counts(self, syntax: str, encoder: str, decoder: str) -> dict[str, int]:
        """Number of streams by result, of an encoder through a decoder."""
        rows = [row for row in self.rows if (row.syntax, row.encoder) == (syntax, encoder)]
        return dict(Counter(cell.result for row in rows for cell in row.cells if cell.decoder == decoder))


def run_matrix(
    codecs: Sequence[Codec],
    level: str,
    syntaxes: Sequence[str],
    allowance: Allowance,
    jobs: int,
    progress: Callable[[str], None],
) -> Matrix:
    """Runs all encoders on the generated models and all decoders on what they write.

    Args:
        codecs: those to compare; their names differ.
        level: of the models.
        syntaxes: those to run.
        allowance: of each child.
        jobs: children at a time.
        progress: called with the name of each encoder and syntax that is done.

    Raises:
        ArgumentError: two codecs of one name, or nothing to compare, or a codec that cannot be started.
    """
    if len({codec.name for codec in codecs}) != len(codecs):
        raise ArgumentError("two codecs have the same name")
    decoders = tuple(codec.name for codec in codecs if codec.decoder is not None)
    encoders = tuple(codec.name for codec in codecs if codec.encoders)
    if not decoders or not encoders:
        raise ArgumentError("a matrix needs an encoder and a decoder")
    rows: list[Row] = []
    for syntax in syntaxes:
        recipes = select_models(level, syntax, ())
        for codec in codecs:
            if syntax in codec.encoders:
                rows += _rows(codec, syntax, recipes, codecs, allowance, jobs)
                progress(f"{codec.name} {syntax}")
    settings = {"seconds": allowance.seconds, "memory_bytes": allowance.memory_bytes}
    return Matrix(level, encoders, decoders, tuple(rows), settings)


def _rows(
    codec: Codec,
    syntax: str,
    recipes: Sequence[ModelRecipe],
    codecs: Sequence[Codec],
    allowance: Allowance,
    jobs: int,
) -> list[Row]:
    run = run_encoder(codec.encoders[syntax], recipes, claims=codec.claims, allowance=allowance, jobs=jobs)
    decoders = {c.name: c.decoder for c in codecs if c.decoder is not None and syntax in c.syntaxes}
    return run_all(
        lambda result, launcher: _row(codec, syntax, result, decoders, launcher, allowance), run.results, jobs
    )


def _row(
    codec: Codec,
    syntax: str,
    result: ModelResult,
    decoders: Mapping[str, Decoder],
    launcher: Launcher,
    allowance: Allowance,
) -> Row:
    if not result.data:
        return Row(syntax, codec.name, result.id, result.outcome, result.detail, 0)
    with tempfile.TemporaryDirectory(prefix="aimc-conform-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        stream = folder / f"stream.{syntax}"
        stream.write_bytes(result.data)
        decoded = {
            which: _decoded(decoder, stream, syntax, folder / f"{number}", launcher, allowance)
            for number, (which, decoder) in enumerate(decoders.items())
        }
    accepting = [which for which, found in decoded.items() if found.result == "accepted"]
    base = codec.name if codec.name in accepting else next(iter(accepting), "")
    cells = tuple(_cell(which, found, decoded.get(base)) for which, found in decoded.items())
    return Row(syntax, codec.name, result.id, result.outcome, result.detail, len(result.data), base, cells)


def _decoded(
    decoder: Decoder, stream: Path, syntax: str, folder: Path, launcher: Launcher, allowance: Allowance
) -> DecodedStream:
    outdir, temporary = folder / "out", folder / "tmp"
    outdir.mkdir(parents=True)
    temporary.mkdir()
    job = Job([stream], syntax, (), outdir, folder / "trace.jsonl", temporary)
    ended = decoder.decode(job, launcher, allowance)
    if decoder.is_broken(ended):
        raise ArgumentError(f"{decoder.call}: {_last_line(ended)}")
    broken = breakdown(ended, outdir, allowance.file_bytes)
    if broken is not None:
        return DecodedStream(broken.result, broken.detail)
    if ended.exit_code == ACCEPTED:
        return decoded_in(outdir)
    return DecodedStream("unsupported" if ended.exit_code == UNSUPPORTED else "refused", _last_line(ended))


def _last_line(ended: Ended) -> str:
    lines = ended.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
    return lines[-1][:300] if lines else ended.how


def _cell(which: str, found: DecodedStream, base: DecodedStream | None) -> Cell:
    if found.result != "accepted" or base is None:
        return Cell(which, found.result, found.detail)
    difference = first_disagreement(base, found)
    return Cell(which, "differs" if difference else SAME, difference)
