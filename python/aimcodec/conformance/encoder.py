"""Encoders under test: a model goes in, a stream comes out, and everything about the stream is checked."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from aimcodec.bridges.model import memory_of
from aimcodec.bridges.safetensors import SafetensorsFile
from aimcodec.conformance.checks.all_checks import KIT_LIMITS, check_encoded
from aimcodec.conformance.checks.result import Check, Encoded, failed
from aimcodec.conformance.checks.use import points_used, use_of_syntax
from aimcodec.conformance.child import Allowance, Ended, KitError, Launcher
from aimcodec.conformance.claims import Claims
from aimcodec.conformance.command import Command
from aimcodec.conformance.models import InputModel, ModelRecipe, write_model
from aimcodec.conformance.pool import run_all
from aimcodec.conformance.shlib import BROKEN_LIBRARY
from aimcodec.dtypes import dtype_of
from aimcodec.errors import AimcError, ArgumentError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EncoderRun", "EncoderSubject", "ModelResult", "Outcome", "run_encoder", "stream_name"]

Outcome: TypeAlias = Literal[
    "pass", "fail", "unsupported", "crash", "timeout", "over limit", "not run", "kit error"
]  # fmt: skip

UNSUPPORTED = 2
SHOWN_BYTES = 2000  # of what an encoder printed
# What every encoder can be asked for; other types only those that claim them.
BASIC_TYPES = frozenset({"float32"})


@dataclass(frozen=True)
class EncoderSubject:
    """An encoder.

    Attributes:
        syntax: "nnc" or "aim".
        command: of a program; None for a library.
        library: a shared library that exports `conform_plugin.h`; None for a program.
        options: words for a library.
    """

    syntax: str
    command: Command | None = None
    library: Path | None = None
    options: tuple[str, ...] = ()

    @property
    def call(self) -> str:
        """The command, or the path of the library."""
        return str(self.library) if self.command is None else self.command.text

    def again(self, model: str) -> str:
        """The command line that runs it on one model only, and keeps the stream."""
        which = "--lib" if self.command is None else "--cmd"
        words = ["aimc", "conform", "encoder", which, self.call, "--syntax", self.syntax]
        words += ["--options", " ".join(self.options)] if self.options else []
        return shlex.join([*words, "--model", model, "--keep", "streams"])


@dataclass(frozen=True)
class ModelResult:
    """What became of one model.

    Attributes:
        id, purpose: of the model.
        outcome: "fail": a check failed, or nothing usable was written.
        detail: the outcome in one line.
        ended: how the first run ended.
        stderr: the end of what it printed.
        checks: in order; none where there is no stream.
        stream: name of the stream, as commands of findings have it.
        data: the stream; empty without one.
        points: points of the syntax that the stream has.
        seconds: of the first run.
        peak_bytes: memory of the first run.
    """

    id: str
    purpose: str
    outcome: Outcome
    detail: str = ""
    ended: str = ""
    stderr: str = ""
    checks: tuple[Check, ...] = ()
    stream: str = ""
    data: bytes = field(default=b"", repr=False)
    points: frozenset[str] = frozenset()
    seconds: float = 0.0
    peak_bytes: int = 0


@dataclass(frozen=True)
class EncoderRun:
    """All results.

    Attributes:
        subject: the encoder.
        results: in the order of the models.
        use: how much of the syntax all streams together use.
        unused: points that no stream has.
    """

    subject: EncoderSubject
    results: tuple[ModelResult, ...]
    use: Check
    unused: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing failed."""
        return all(result.outcome in ("pass", "unsupported", "not run") for result in self.results)


def run_encoder(
    subject: EncoderSubject,
    recipes: Sequence[ModelRecipe],
    *,
    claims: Claims | None = None,
    allowance: Allowance | None = None,
    jobs: int = 1,
    keep: Path | None = None,
    progress: Callable[[ModelResult], None] = lambda result: None,
) -> EncoderRun:
    """Runs an encoder on models.

    Args:
        subject: the encoder.
        recipes: of the models.
        claims: of the encoder.
        allowance: what each run may spend.
        jobs: runs at the same time.
        keep: folder that streams are kept in.
        progress: called with each result, in order.

    Raises:
        ArgumentError: the encoder cannot be started.
        OSError: streams cannot be kept.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)

    def one(recipe: ModelRecipe, launcher: Launcher) -> ModelResult:
        return _run_model(subject, recipe, claims or Claims(), allowance or Allowance(), launcher, keep)

    results = run_all(one, recipes, jobs, progress)
    use, unused = use_of_syntax(subject.syntax, frozenset().union(*(result.points for result in results)))
    return EncoderRun(subject, tuple(results), use, tuple(unused))


def stream_name(model: str, syntax: str) -> str:
    """File name of the stream of a model."""
    return f"{model.replace('/', '-')}.{syntax}"


def _run_model(
    subject: EncoderSubject,
    recipe: ModelRecipe,
    claims: Claims,
    allowance: Allowance,
    launcher: Launcher,
    keep: Path | None,
) -> ModelResult:
    try:
        model = recipe.model()
    except UnsupportedError as error:
        return ModelResult(recipe.id, recipe.purpose, "not run", str(error))
    blank = ModelResult(recipe.id, recipe.purpose, "pass", stream=stream_name(recipe.id, subject.syntax))
    with TemporaryDirectory(prefix="aimc-encoder-", ignore_cleanup_errors=True) as folder:
        work = _Work(subject, model, Path(folder), launcher, allowance)
        try:
            work.prepare()
            ended = work.encode()
            return _judge(_described(blank, work, ended), work, ended, claims, keep)
        except UnsupportedError as error:
            return replace(blank, outcome="not run", detail=str(error))
        except ArgumentError:  # the encoder cannot be run: so it is with all models
            raise
        except Exception as error:  # a defect of the kit must not end the run, nor count against the encoder
            text = str(error) if isinstance(error, KitError | OSError) else f"{type(error).__name__}: {error}"
            return replace(blank, outcome="kit error", detail=text)


class _Work:
    """One model in a folder of its own, where the encoder is run."""

    def __init__(
        self, subject: EncoderSubject, model: InputModel, folder: Path, launcher: Launcher, allowance: Allowance
    ) -> None:
        self.subject = subject
        self.model = model
        self._folder = folder
        self._launcher = launcher
        self._allowance = allowance
        self.out = folder / f"out.{subject.syntax}"
        self.recon = folder / "recon.safetensors"
        self._inputs = {"model": folder / "model.safetensors", "npz": folder / "model.npz"}

    def prepare(self) -> None:
        """Writes the model in the forms that the encoder reads.

        Raises:
            UnsupportedError: a form cannot hold the model.
        """
        command = self.subject.command
        if command is None:
            _write_folder(self.model, self._folder / "model")
            return
        for placeholder, path in self._inputs.items():
            if command.has(placeholder):
                write_model(self.model, path)

    def encode(self) -> Ended:
        """Runs the encoder once; what an earlier run has written is gone then."""
        for path in (self.out, self.recon):
            path.unlink(missing_ok=True)
        subject = self.subject
        if subject.command is not None:
            values = {**self._inputs, "out": self.out, "recon": self.recon, "syntax": subject.syntax}
            argv = subject.command.filled({name: [str(value)] for name, value in values.items()})
            return self._launcher.run(argv, self._allowance, self._folder)
        if subject.library is None:
            raise ArgumentError("an encoder is a command or a library")
        call = {
            "do": "encode",
            "model": str(self._folder / "model"),
            "syntax": subject.syntax,
            "options": list(subject.options),
            "out": str(self.out),
        }
        ended = self._launcher.call(subject.library, call, self._allowance, self._folder)
        if ended.exit_code == BROKEN_LIBRARY:
            raise ArgumentError(f"{subject.library}: {ended.stderr.decode(errors='backslashreplace').strip()}")
        return ended

    def outcome(self, ended: Ended) -> Outcome:
        """What the end of a run says, before anything is looked at."""
        if ended.timed_out:
            return "timeout"
        if ended.exit_code == 0:
            return "pass"
        if ended.file_too_large or ended.out_of_memory or self._has_full_file():
            return "over limit"
        return "unsupported" if ended.exit_code == UNSUPPORTED else "crash"

    def _has_full_file(self) -> bool:
        """Whether a file went up to the limit; some languages make an error of that and no signal."""
        files = (path for path in (self.out, self.recon) if path.is_file() and not path.is_symlink())
        return any(path.stat().st_size >= self._allowance.file_bytes for path in files)

    def hidden(self, text: str) -> str:
        """A text without the name of the temporary folder, which is another in every run."""
        return text.replace(str(self._folder), "{tmp}")


def _write_folder(model: InputModel, folder: Path) -> None:
    """A model as shared libraries are given it: manifest.json and files of elements (1.3)."""
    folder.mkdir()
    entries: list[dict[str, Any]] = []
    for number, (name, array) in enumerate(model.tensors.items()):
        file = f"{number}.bin"
        (folder / file).write_bytes(memory_of(array, dtype_of(array.dtype)).tobytes())
        entries.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "file": file})
    (folder / "manifest.json").write_text(json.dumps({"tensors": entries}), "utf-8")


def _described(blank: ModelResult, work: _Work, ended: Ended) -> ModelResult:
    """The result so far: how the first run ended."""
    printed = work.hidden(ended.stderr[-SHOWN_BYTES:].decode("utf-8", "backslashreplace"))
    return replace(
        blank,
        detail=_said(ended, printed),
        ended=ended.how,
        stderr=printed,
        seconds=ended.seconds,
        peak_bytes=ended.peak_bytes,
    )


def _said(ended: Ended, printed: str) -> str:
    """How it ended, and the last line that it printed."""
    last = next((line.strip() for line in reversed(printed.split("\n")) if line.strip()), "")
    return f"{ended.how}: {last}" if last else ended.how


def _judge(result: ModelResult, work: _Work, ended: Ended, claims: Claims, keep: Path | None) -> ModelResult:
    """The result of a model whose first run has ended."""
    outcome = work.outcome(ended)
    if outcome == "unsupported":
        return _unsupported(result, work, claims)
    if outcome != "pass":
        return replace(result, outcome=outcome)
    data = _read_stream(work.out)
    if isinstance(data, str):
        return replace(result, outcome="fail", detail=data, checks=(failed("syntax", data),))
    if keep is not None:
        shutil.copyfile(work.out, keep / result.stream)
        result = replace(result, stream=str(keep / result.stream))
    recon = _read_recon(work.recon)
    again = _again(work)
    encoded = Encoded(work.subject.syntax, work.model, data, None, again, claims)
    if isinstance(recon, str):
        checks = [c if c.name != "reconstruction" else failed(c.name, recon) for c in check_encoded(encoded)]
    else:
        checks = check_encoded(replace(encoded, recon=recon))
    points = frozenset(points_used(work.subject.syntax, data)) if checks[0].result != "fail" else frozenset[str]()
    outcome, detail = _verdict(checks)
    return replace(result, outcome=outcome, detail=detail, checks=tuple(checks), data=data, points=points)


def _verdict(checks: Sequence[Check]) -> tuple[Outcome, str]:
    """Of all checks together, with the first finding that decides.

    A stream that the decoders of this package do not support is not judged.
    """
    deciding: tuple[Outcome, ...] = ("fail", "kit error")
    for outcome in deciding:
        for check in checks:
            if check.result == outcome:
                return outcome, f"{check.name}: {check.findings[0].message}"
    unread = next((c for c in checks if c.name == "coder" and c.result == "not run"), None)
    if unread is not None:
        return "not run", f"the kit does not decode this: {unread.findings[0].message}"
    return "pass", "written, all checks passed"


def _unsupported(result: ModelResult, work: _Work, claims: Claims) -> ModelResult:
    """An encoder may say so where the model gives it a reason, or has types that it does not claim."""
    reason = work.model.refusals.get(work.subject.syntax)
    foreign = work.model.dtypes - (BASIC_TYPES if claims.dtypes is None else claims.dtypes)
    if reason is None and not foreign:
        return replace(result, outcome="fail", detail=f"not supported, though it should be: {result.detail}")
    why = reason or f"not claimed: {', '.join(sorted(foreign))}"
    return replace(result, outcome="unsupported", detail=f"{why} ({result.detail})")


def _read_stream(path: Path) -> bytes | str:
    """The stream, or why there is none."""
    try:
        status = path.lstat()
    except OSError:
        return "exit code 0, but no stream was written"
    if not stat.S_ISREG(status.st_mode):
        return "what was written is no regular file"
    if status.st_size > KIT_LIMITS.max_stream_bytes:
        return f"a stream of {status.st_size} bytes: at most {KIT_LIMITS.max_stream_bytes} are looked at"
    return path.read_bytes()


def _read_recon(path: Path) -> dict[str, NDArray[Any]] | str | None:
    """The reconstruction; None where there is none; a text where it cannot be read."""
    if not os.path.lexists(path):
        return None
    if path.is_symlink() or not path.is_file():
        return "the reconstruction is no regular file"
    try:
        file = SafetensorsFile(path)
        return {tensor.name: file.read(tensor.name).copy() for tensor in file.tensors}
    except (AimcError, OSError, ValueError) as error:
        return f"the reconstruction cannot be read: {error}"


def _again(work: _Work) -> bytes | None:
    """The stream of a second run; empty where that run gives none."""
    if work.outcome(work.encode()) != "pass":
        return b""
    data = _read_stream(work.out)
    return b"" if isinstance(data, str) else data
