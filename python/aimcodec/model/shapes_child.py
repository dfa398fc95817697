"""The program in which onnx infers shapes, run by `shapes_process`: it may end in any way without harm to who asked.

Argument: the module search path, as a JSON list of texts. Standard input: requests, each 8 bytes with the size of the
model (least significant first), a byte with 1 for strict, the model. Standard output: answers, each 8 bytes with a
size, a byte with one of the letters below, and the model or a text.
"""

from __future__ import annotations

import json
import sys
from typing import BinaryIO

MODEL, WRONG, MEMORY = b"M", b"W", b"O"
HEAD_BYTES = 9
CPU_SECONDS = 20  # for one model
FREE_BYTES = 4 << 30  # of memory, beside that for the model itself
PER_BYTE = 16


def main() -> None:
    """Answers until there are no more requests."""
    sys.path[:] = json.loads(sys.argv[1])
    while len(head := sys.stdin.buffer.read(HEAD_BYTES)) == HEAD_BYTES:
        size = int.from_bytes(head[:8], "little")
        data = sys.stdin.buffer.read(size)
        limit(size)
        kind, answer = inferred(data, head[8] == 1)
        write(sys.stdout.buffer, kind, answer)


def limit(size: int) -> None:
    """The system ends this program when it takes too much."""
    try:
        import resource
    except ModuleNotFoundError:  # not on Windows
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + CPU_SECONDS
    _lower(resource.RLIMIT_CPU, seconds)
    _lower(resource.RLIMIT_AS, FREE_BYTES + PER_BYTE * size)


def _lower(which: int, value: int) -> None:
    import resource

    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def inferred(data: bytes, strict: bool) -> tuple[bytes, bytes]:
    """The kind of answer, and the model with types or a text."""
    from onnx import shape_inference

    try:
        model = shape_inference.infer_shapes(data, check_type=strict, strict_mode=strict, data_prop=True)
        return MODEL, model.SerializeToString()
    except MemoryError:
        return MEMORY, b""
    except Exception as error:  # onnx has no closed set; the text is what counts
        return WRONG, str(error).encode("utf-8", "replace")


def write(target: BinaryIO, kind: bytes, answer: bytes) -> None:
    """One answer."""
    target.write(len(answer).to_bytes(8, "little") + kind)
    target.write(answer)
    target.flush()


if __name__ == "__main__":
    main()
