"""Shape inference of onnx in a process of its own.

It is native code that some models end: a missing input of LabelEncoder, a size of 2^40 ... So it runs where that harms
nobody, with limits for memory and time. The process is started once and used until it ends.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

from aimcodec.errors import InconsistentError, LimitExceededError, UnsupportedError
from aimcodec.model import shapes_child
from aimcodec.model.onnx.protobuf import onnx_package

__all__ = ["infer_model"]

MAX_TEXT = 10_000
_CPU_SIGNAL = getattr(signal, "SIGXCPU", 0)  # which Windows does not have


def infer_model(model: bytes, *, strict: bool = False) -> bytes:
    """An ONNX model with the types and shapes that onnx infers.

    Args:
        model: serialised; parameters may be without values.
        strict: mistakes of nodes are errors; otherwise their outputs stay without types.

    Raises:
        InconsistentError: the model contradicts itself; with the text of onnx.
        LimitExceededError: it takes too much memory or time.
        UnsupportedError: onnx does not survive it.
        ModuleNotFoundError: the onnx package is not installed.
    """
    onnx_package("shape inference")
    kind, answer = _KEEPER.ask(model, strict)
    if kind == shapes_child.WRONG:
        raise InconsistentError(answer[:MAX_TEXT].decode("utf-8", "replace"))
    if kind == shapes_child.MEMORY:
        raise LimitExceededError("shape inference takes too much memory")
    return answer


class _Process:
    """The other process, while it lasts."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", str(Path(shapes_child.__file__)), json.dumps(sys.path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._owner = os.getpid()

    def ask(self, model: bytes, strict: bool) -> tuple[bytes, bytes]:
        try:
            source, target = self._pipes()
            target.write(len(model).to_bytes(8, "little") + bytes([strict]))
            target.write(model)
            target.flush()
            head = source.read(shapes_child.HEAD_BYTES)
            size = int.from_bytes(head[:8], "little")
            answer = source.read(size)
        except BrokenPipeError:
            head, answer, size = b"", b"", 0
        except BaseException:  # an interrupt: what is in the pipes now belongs to nobody
            self.close()
            raise
        if len(head) < shapes_child.HEAD_BYTES or len(answer) < size:
            self._explain()
        return head[8:], answer

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        source, target = self._process.stdout, self._process.stdin
        if source is None or target is None:
            raise BrokenPipeError
        return source, target

    def _explain(self) -> NoReturn:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=10)
        code = self.close()
        if code == -_CPU_SIGNAL:
            raise LimitExceededError(f"shape inference takes more than {shapes_child.CPU_SECONDS} seconds")
        raise UnsupportedError(f"onnx does not survive inferring the shapes of this model (exit code {code})")

    @property
    def usable(self) -> bool:
        """Whether it can be asked, by this process."""
        return self._owner == os.getpid() and self._process.poll() is None

    def close(self) -> int:
        """Ends it, and gives its exit code."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
        return self._process.wait()


class _Keeper:
    """Has a process that is started when it is first needed, or after it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def ask(self, model: bytes, strict: bool) -> tuple[bytes, bytes]:
        with self._lock:
            if self._process is None or not self._process.usable:
                self._process = _Process()
            return self._process.ask(model, strict)

    def close(self) -> None:
        if self._process is not None and self._process.usable:
            self._process.close()


_KEEPER = _Keeper()
atexit.register(_KEEPER.close)
