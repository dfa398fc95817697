"""A library of operators in C, run in a process of its own: whatever it does is a result."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from aimcodec.errors import ArgumentError
from aimcodec.operators.catalogue import Operator
from aimcodec.operators.compare.case import Case
from aimcodec.operators.compare.wire import Blobs, array_of, case_record, receive, send
from aimcodec.operators.status import Status, failure

__all__ = ["CLibrary"]


class CLibrary:
    """A shared library that exports `aimc/operators.h`. A context manager; leaving it ends the process.

    A library that crashes, or does not answer in time, has made an INTERNAL_ERROR; the next call is made in a new
    process. Its memory is accounted for, see `LoadedLibrary`.

    Attributes:
        name: what the library calls itself, with its version.
    """

    def __init__(self, path: Path, *, seconds: float = 30.0) -> None:
        """Loads a library.

        Args:
            path: of the file.
            seconds: for a call.

        Raises:
            ArgumentError: it cannot be loaded, is for another version of the interface, or crashes when it is loaded.
        """
        self._path = path
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        record, _ = self._exchange(None)
        self.name = str(record["name"])
        self._operators = frozenset(record["operators"])

    def __enter__(self) -> CLibrary:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def operators(self) -> Iterable[str]:
        """See `Library`."""
        return self._operators

    def call(self, operator: Operator, case: Case, outputs: int) -> list[Any]:
        """See `Library`."""
        record, blobs = self._ask(operator, case, outputs, 0)
        return [array_of(result, blobs) for result in record["results"]]

    def seconds(self, operator: Operator, case: Case, outputs: int, repeats: int) -> float:
        """See `Library`; measured in the process of the library."""
        return float(self._ask(operator, case, outputs, repeats)[0]["seconds"])

    def _ask(self, operator: Operator, case: Case, outputs: int, repeats: int) -> tuple[dict[str, Any], Blobs]:
        blobs: Blobs = []
        request = {
            "operator": operator.name,
            "version": operator.since_version,
            "case": case_record(case, blobs),
            "outputs": outputs,
            "repeats": repeats,
        }
        try:
            record, answered = self._exchange((request, blobs))
        except ArgumentError as error:
            raise failure(Status.INTERNAL_ERROR, error.message, operator.full_name) from error
        if "status" in record:
            raise failure(Status(record["status"]), str(record["message"]), operator.full_name)
        return record, answered

    def _exchange(self, request: tuple[dict[str, Any], Blobs] | None) -> tuple[dict[str, Any], Blobs]:
        """Sends a request, if there is one, and gives the answer; ArgumentError if none comes."""
        try:
            if self._process is None:
                greeting = self._start()
                if request is None:
                    return greeting
            process = self._running()
            if request is not None and process.stdin is not None:
                send(process.stdin, *request)
            return self._answer(process)
        except (EOFError, BrokenPipeError):
            raise ArgumentError(f"the library ended its process: {self._ended()}") from None

    def _start(self) -> tuple[dict[str, Any], Blobs]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "aimcodec.operators.compare.worker", str(self._path.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",  # where no module of the user's takes the place of ours
        )
        record, blobs = self._answer(self._process)
        if "refused" in record:
            self.close()
            raise ArgumentError(record["refused"])
        return record, blobs

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise EOFError
        return self._process

    def _answer(self, process: subprocess.Popen[bytes]) -> tuple[dict[str, Any], Blobs]:
        if process.stdout is None:
            raise EOFError
        if not select.select([process.stdout], [], [], self._seconds)[0]:
            self.close()
            raise ArgumentError(f"the library gave no answer in {self._seconds:g} seconds")
        return receive(process.stdout)

    def _ended(self) -> str:
        process = self._process
        code = None if process is None else process.wait()
        self.close()
        if code is None or code >= 0:
            return f"exit code {code}"
        with suppress(ValueError):
            return f"signal {signal.Signals(-code).name}"
        return f"signal {-code}"
