"""The process that a library in C runs in: `python -m aimcodec.operators.compare.worker FILE`, spoken to by `child`."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import IO

from aimcodec.errors import ArgumentError
from aimcodec.operators.catalogue import get
from aimcodec.operators.compare.c_library import LoadedLibrary
from aimcodec.operators.compare.wire import case_of, receive, send, tensor_record
from aimcodec.operators.status import OperatorError

__all__ = ["main"]

MAX_MEMORY = 8 << 30  # of address space


def main(file: str) -> int:
    """Answers messages until there are no more."""
    _limit()
    # What the library prints must not come between the messages.
    messages = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        library = LoadedLibrary(Path(file))
    except (ArgumentError, ModuleNotFoundError) as error:
        send(messages, {"refused": str(error)})
        return 2
    send(messages, {"name": library.name, "operators": sorted(library.operators())})
    try:
        while True:
            _answer(library, sys.stdin.buffer, messages)
    except EOFError:
        return 0


def _limit() -> None:
    """Memory, and no files of memory where the library crashes."""
    try:
        resource = import_module("resource")
    except ModuleNotFoundError:  # of Unix only
        return
    for kind, wanted in ((resource.RLIMIT_AS, MAX_MEMORY), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _answer(library: LoadedLibrary, requests: IO[bytes], messages: IO[bytes]) -> None:
    record, blobs = receive(requests)
    operator = get(record["operator"], version=record["version"])
    case, outputs = case_of(record["case"], blobs), record["outputs"]
    try:
        if record["repeats"]:
            send(messages, {"seconds": library.seconds(operator, case, outputs, record["repeats"])})
            return
        given: list[bytes] = []
        results = [tensor_record(value, given) for value in library.call(operator, case, outputs)]
        send(messages, {"results": results}, given)
    except OperatorError as error:
        send(messages, {"status": int(error.status), "message": error.reason})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
