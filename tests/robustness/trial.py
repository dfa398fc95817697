"""Decoding damaged streams by the hundred thousand in a child process with little memory, and what came of it."""

from __future__ import annotations

import copy
import json
import os
import resource
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aimcodec
from aimcodec.errors import AimcError, ArgumentError, InternalError, OutOfMemoryError

__all__ = ["DEFECTS", "Outcome", "run_apart", "try_all"]

# Memory of the child beyond what it starts with: several times the output that the limits grant a small stream.
MEMORY = 768 << 20

# Processor time of one case; a thousand times what the slowest needs, so a busy machine does not matter.
LONGEST_SECONDS = 1.0

# Errors that bad input must not lead to: the memory of the child is ample, so refusing it is a defect too.
DEFECTS = (InternalError, ArgumentError, OutOfMemoryError)


@dataclass
class Outcome:
    """What became of many cases: how many gave a result or which error, and the findings with their streams in hex."""

    verdicts: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def cases(self) -> int:
        return self.verdicts.total()

    def add(self, other: Outcome) -> None:
        self.verdicts += other.verdicts
        self.findings += other.findings
        self.slowest = max(self.slowest, other.slowest)


def try_all(streams: Iterable[bytes], before: Sequence[bytes] = (), *, each_isa: bool = False) -> Outcome:
    """Decodes every stream after the good streams `before`; with every instruction set, or with each in turn."""
    outcome = Outcome()
    isas = aimcodec.available_isas()
    for number, stream in enumerate(streams):
        verdicts = set()
        for isa in isas if each_isa else isas[number % len(isas) :][:1]:
            aimcodec.set_isa(isa)
            verdicts.add(_try_one(stream, before, isa, outcome))
        if len(verdicts) > 1:
            outcome.findings.append(f"the result depends on the instruction set {sorted(verdicts)}: {stream.hex()}")
    return outcome


def _try_one(stream: bytes, before: Sequence[bytes], isa: str, outcome: Outcome) -> str:
    start = time.process_time()
    decoder = _advanced(before)
    try:
        tensors = decoder.decode(stream)
        verdict, detail = "ok", str([(name, hash(array.tobytes())) for name, array in tensors.items()])
    except DEFECTS as error:
        verdict, detail = error.code, str(error)
        outcome.findings.append(f"{isa}: {type(error).__name__} {error}: {stream.hex()}")
    except AimcError as error:
        verdict, detail = error.code, str(error)
    except Exception:
        verdict, detail = "another exception", ""
        outcome.findings.append(f"{isa}: {traceback.format_exc()}: {stream.hex()}")
    seconds = time.process_time() - start
    if seconds > LONGEST_SECONDS:
        outcome.findings.append(f"{isa}: {seconds:.1f} s: {stream.hex()}")
    outcome.slowest = max(outcome.slowest, seconds)
    outcome.verdicts[verdict] += 1
    return f"{verdict} {detail}"


_decoders: dict[tuple[bytes, ...], aimcodec.nnc.Decoder] = {}


def _advanced(before: Sequence[bytes]) -> aimcodec.nnc.Decoder:
    """A decoder that has decoded some good streams; a copy, as decoding changes it."""
    key = tuple(before)
    if key not in _decoders:
        decoder = aimcodec.nnc.Decoder(threads=1)
        for stream in before:
            decoder.decode(stream)
        _decoders[key] = decoder
    return copy.deepcopy(_decoders[key])


def run_apart(function: Callable[..., Outcome], *arguments: Any, **options: Any) -> Outcome:
    """Runs the function in a child process whose memory is limited; a crash or a hang of the child is a finding."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        try:
            _limit_memory()
            outcome = function(*arguments, **options)
        except BaseException:
            outcome = Outcome(findings=[traceback.format_exc()])
        with os.fdopen(write_end, "w") as pipe:
            json.dump([outcome.verdicts, outcome.findings[:20], outcome.slowest], pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        report = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0 or not report:
        return Outcome(findings=[f"the child process ended with status {status}"])
    verdicts, findings, slowest = json.loads(report)
    return Outcome(Counter(verdicts), findings, slowest)


def _limit_memory() -> None:
    if "libasan" in os.environ.get("LD_PRELOAD", ""):  # whose shadow memory would count
        return
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
