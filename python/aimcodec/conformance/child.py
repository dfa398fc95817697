"""Programs and libraries under test run in children: with limits, and ended as a whole.

A :class:`Launcher` owns a small process (:mod:`aimcodec.conformance.child_server`) that forks the children, so starting
one is quick, its peak memory is its own, and no fork happens in a process with threads. It runs one child at a time:
use one launcher for each thread.
"""

from __future__ import annotations

import base64
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from aimcodec.errors import ArgumentError

__all__ = ["Allowance", "Ended", "KitError", "Launcher"]

GRACE_SECONDS = 30.0  # for the server to end a child and to answer
NEARLY = 0.9  # of the memory allowed, resident: whoever fails then has most likely run out of it
OUT_OF_MEMORY = re.compile(
    rb"\bMemoryError\b|bad_alloc|bad_array_new_length|[Oo]ut of memory|[Cc]annot allocate memory|Unable to allocate"
    rb"|memory allocation of \d+ bytes failed|OutOfMemoryError|failed to map segment"
)


class KitError(Exception):
    """The kit could not do its part; nothing is known of the codec under test."""


@dataclass(frozen=True)
class Allowance:
    """What a child may spend.

    Attributes:
        seconds: of wall time.
        memory_bytes: of address space, of each process.
        file_bytes: size of each file that it writes.
    """

    seconds: float = 30.0
    memory_bytes: int = 1 << 30
    file_bytes: int = 1 << 30


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        exit_code: None if a signal ended it.
        signal: number of the signal, or None.
        timed_out: whether it was ended for the time it took.
        out_of_memory: whether it failed and all speaks for the limit of memory: what it printed, or its peak.
        file_too_large: whether it was ended for the size of a file.
        stdout, stderr: the last 64 KiB of each.
        peak_bytes: most memory resident, of the largest process.
        seconds: wall time.
    """

    exit_code: int | None
    signal: int | None
    timed_out: bool
    out_of_memory: bool
    file_too_large: bool
    stdout: bytes
    stderr: bytes
    peak_bytes: int
    seconds: float

    @property
    def how(self) -> str:
        """In words: "exit code 3", "signal SIGSEGV", "stopped after its time"."""
        if self.timed_out:
            return "stopped after its time"
        if self.signal is None:
            return f"exit code {self.exit_code}"
        with suppress(ValueError):
            return f"signal {signal.Signals(self.signal).name}"
        return f"signal {self.signal}"


class Launcher:
    """Runs children one after the other. A context manager; leaving it ends whatever still runs."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __enter__(self) -> Launcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stop(self) -> None:
        """Ends what runs, from another thread: there `run` and `call` raise KitError, now and ever after."""
        self._stopped = True
        server = self._server
        if server is not None and server.stdin is not None:
            with suppress(BrokenPipeError):
                server.stdin.close()

    def close(self) -> None:
        """Ends the server, which ends what it runs."""
        server, self._server = self._server, None
        if server is None or server.stdin is None or server.stdout is None:
            return
        with suppress(BrokenPipeError):
            server.stdin.close()
        try:
            server.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()

    def run(self, argv: Sequence[str], allowance: Allowance, temporary: Path) -> Ended:
        """Runs a program in the current directory, without a shell and with nothing on stdin.

        `temporary` is where it shall put temporary files (TMPDIR).

        Raises:
            ArgumentError: it cannot be started.
            KitError: the kit failed.
        """
        return self._ask({"argv": list(argv)}, allowance, temporary)

    def call(self, library: Path, call: Mapping[str, Any], allowance: Allowance, temporary: Path) -> Ended:
        """Calls a shared library in a child of its own: what `call` says, see :mod:`aimcodec.conformance.shlib`.

        Raises:
            ArgumentError: cffi is not installed, or the header of plug-ins is not there.
            KitError: the kit failed.
        """
        return self._ask({"library": str(library.resolve()), "call": dict(call)}, allowance, temporary)

    def _ask(self, request: dict[str, Any], allowance: Allowance, temporary: Path) -> Ended:
        request |= {
            "cwd": os.getcwd(),
            "tmpdir": str(temporary),
            "seconds": allowance.seconds,
            "memory_bytes": allowance.memory_bytes,
            "file_bytes": allowance.file_bytes,
        }
        answer = self._exchange(json.dumps(request).encode() + b"\n", allowance.seconds + GRACE_SECONDS)
        if "refused" in answer:
            raise ArgumentError(answer["refused"])
        return _ended(answer, allowance)

    def _exchange(self, line: bytes, seconds: float) -> dict[str, Any]:
        try:
            server = self._started()
            if server.stdin is None:
                raise KitError("the server of children has no input")
            server.stdin.write(line)
            server.stdin.flush()
            answer: dict[str, Any] = json.loads(_line_of(server, time.monotonic() + seconds))
        except (OSError, ValueError) as error:
            self._give_up()
            raise KitError(f"the server of children failed: {error}") from error
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "aimcodec.conformance.child_server"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd="/",  # where no module of the user's takes the place of ours
                start_new_session=True,
            )
        if self._stopped:
            raise OSError("it was stopped")
        return self._server

    def _give_up(self) -> None:
        if self._server is not None:
            self._server.kill()
        self.close()


def _line_of(server: subprocess.Popen[bytes], deadline: float) -> bytes:
    """The next line that the server writes."""
    if server.stdout is None:
        raise OSError("no output")
    line = bytearray()
    descriptor = server.stdout.fileno()
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
            raise OSError("no answer in time")
        more = os.read(descriptor, 1 << 16)
        if not more:
            raise OSError("it ended")
        line += more
    return bytes(line)


def _ended(answer: Mapping[str, Any], allowance: Allowance) -> Ended:
    status, timed_out = int(answer["status"]), bool(answer["timed_out"])
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    stderr = base64.b64decode(answer["stderr"])
    peak = int(answer["peak_bytes"])
    failed = not timed_out and code != 0
    killed = number == signal.SIGKILL and not timed_out  # not by us: the system ran out of memory
    memory = killed or peak >= NEARLY * allowance.memory_bytes or OUT_OF_MEMORY.search(stderr) is not None
    cpu = number == signal.SIGXCPU
    return Ended(
        exit_code=None if timed_out else code,
        signal=None if timed_out else number,
        timed_out=timed_out or cpu,
        out_of_memory=failed and memory,
        file_too_large=number == signal.SIGXFSZ,
        stdout=base64.b64decode(answer["stdout"]),
        stderr=stderr,
        peak_bytes=peak,
        seconds=float(answer["seconds"]),
    )
