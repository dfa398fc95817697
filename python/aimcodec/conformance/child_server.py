"""The process that forks children for :mod:`aimcodec.conformance.child`.

A request is a line on stdin, its answer a line on stdout. The process imports little and has one thread: forking it is
quick and safe. Orphans come back to it, where the system can do that, and are ended with the child they came from. When
stdin ends, it ends what runs, and itself.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

__all__ = ["main"]

KEPT_BYTES = 1 << 16  # of what a child prints
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36  # of prctl
END_SECONDS = 5.0
NOT_STARTED = 125

Answer = dict[str, Any]


class StoppedError(Exception):
    """Whoever asks has gone."""


def main() -> int:
    """Serves requests until stdin ends."""
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # nothing printed by accident gets among the answers
    wake = _prepare()
    with suppress(StoppedError), os.fdopen(requests, "rb", buffering=0) as lines:
        while line := lines.readline():
            answer = _serve(json.loads(line), lines.fileno(), wake)
            _write_all(answers, json.dumps(answer).encode() + b"\n")
    return 0


def _prepare() -> int:
    """Makes the end of children readable; returns what to read."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    _prctl(SET_CHILD_SUBREAPER, 1)
    return read


def _prctl(option: int, value: int) -> None:
    """Sets an attribute of this process, where the system has it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _serve(request: dict[str, Any], requests: int, wake: int) -> Answer:
    if "library" in request:
        try:  # in the server, once, so that children need not
            from aimcodec.conformance import shlib

            shlib.declare()
        except (ImportError, OSError) as error:
            return {"refused": f"a library cannot be called: {error} (pip install 'aimcodec[conform]')"}
    outputs = [os.pipe(), os.pipe(), os.pipe()]  # stdout, stderr, why it was not started
    start = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(request, [write for _, write in outputs])
    for _, write in outputs:
        os.close(write)
    reads = [read for read, _ in outputs]
    try:
        return _watched(pid, reads, requests, wake, start, float(request["seconds"]))
    finally:
        _end_all(pid)
        for read in reads:
            os.close(read)


def _child(request: dict[str, Any], outputs: list[int]) -> NoReturn:
    code = NOT_STARTED
    try:
        os.setsid()
        _prctl(SET_PDEATHSIG, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores the latter two
            signal.signal(number, signal.SIG_DFL)
        os.dup2(outputs[0], 1)
        os.dup2(outputs[1], 2)
        os.environ["TMPDIR"] = request["tmpdir"]
        os.chdir(request["cwd"])
        _limit(request)
        if "argv" in request:
            os.execvp(request["argv"][0], request["argv"])  # noqa: S606
        os.closerange(3, 256)  # the requests and answers are none of its business
        from aimcodec.conformance import shlib

        code = shlib.call(request["library"], request["call"])
    except (OSError, ValueError) as error:
        if "argv" in request:
            os.write(outputs[2], f"{request['argv'][0]}: {error}".encode(errors="backslashreplace")[:1000])
        else:
            os.write(2, str(error).encode(errors="backslashreplace"))
    finally:
        os._exit(code)


def _limit(request: dict[str, Any]) -> None:
    """Processor time counts all threads, so it is a limit for what the wall clock misses only."""
    processor = int(request["seconds"] + 1) * (os.cpu_count() or 1)
    limits = {
        resource.RLIMIT_AS: request["memory_bytes"],
        resource.RLIMIT_FSIZE: request["file_bytes"],
        resource.RLIMIT_CPU: processor,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in limits.items():
        _, hard = resource.getrlimit(kind)
        soft = int(value) if hard == resource.RLIM_INFINITY else min(int(value), hard)
        resource.setrlimit(kind, (soft, soft))


def _watched(pid: int, reads: list[int], requests: int, wake: int, start: float, seconds: float) -> Answer:
    """Collects what the child prints until it ends, or its time does."""
    kept = [bytearray() for _ in reads]
    open_reads = set(reads)
    while not _has_ended(pid):
        left = start + seconds - time.monotonic()
        if left <= 0:
            break
        ready, _, _ = select.select([*open_reads, requests, wake], [], [], left)
        if requests in ready:  # there is no second request before the answer: it is the end
            raise StoppedError
        if wake in ready:
            os.read(wake, 4096)
        for read in open_reads & set(ready):
            if not _take(read, kept[reads.index(read)]):
                open_reads.discard(read)
    timed_out = not _has_ended(pid)
    _kill_group(pid)
    _, status, usage = os.wait4(pid, 0)
    taken = time.monotonic() - start
    _end_all(pid)
    for read in open_reads:
        _drain(read, kept[reads.index(read)])
    if kept[2]:
        return {"refused": kept[2].decode(errors="backslashreplace")}
    return {
        "status": status,
        "timed_out": timed_out,
        "stdout": base64.b64encode(kept[0]).decode(),
        "stderr": base64.b64encode(kept[1]).decode(),
        "peak_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "seconds": taken,
    }


def _has_ended(pid: int) -> bool:
    """Whether it has, without forgetting how: until that is asked, its number is not given to another process."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _take(read: int, kept: bytearray) -> bool:
    data = os.read(read, KEPT_BYTES)
    kept += data
    del kept[:-KEPT_BYTES]
    return bool(data)


def _drain(read: int, kept: bytearray) -> None:
    """What is left when nobody writes any more."""
    os.set_blocking(read, False)
    for _ in range(64):  # a process that could not be ended may write for ever
        with suppress(BlockingIOError):
            if _take(read, kept):
                continue
        return


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _end_all(pid: int) -> None:
    """Ends what a child has left behind, also what left its group."""
    _kill_group(pid)
    deadline = time.monotonic() + END_SECONDS
    while time.monotonic() < deadline:
        for orphan in _children():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, signal.SIGKILL)
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.001)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:  # another system
        return []


if __name__ == "__main__":
    sys.exit(main())
