"""A stranger's NNC encoder: encode.py MODEL.safetensors OUT.nnc [TRACES].

It stands for any third party's program. Somewhere in it is a mistake, which docs/worked-example.md finds. Into the
folder TRACES it writes what it coded: a file for each tensor, a JSON object on a line for each bin (see the form of
traces in docs/spec/trace.md).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aimcodec.reference.contexts import SIG, ContextModel
from aimcodec.reference.nnc_encoder import payload
from aimcodec.reference.nnc_encoder.arithmetic import ArithmeticEncoder
from aimcodec.reference.nnc_encoder.levels import LevelEncoder
from aimcodec.reference.nnc_encoder.model import encode_model
from aimcodec.reference.nnc_encoder.safetensors_file import read_safetensors

QP = -20  # a step of 1/32

traces: list[list[str]] = []


class Coder(ArithmeticEncoder):
    """Writes a line for every bin."""

    def __init__(self) -> None:
        super().__init__()
        traces.append([])

    def note(self, context: int | str, bin: int) -> None:
        """One bin, before it is coded."""
        traces[-1].append(json.dumps({"number": self.bins, "context": context, "bin": bin}) + "\n")

    def ae(self, model: ContextModel, bin: int) -> None:
        """A bin with a context."""
        self.note(model.index, bin)
        super().ae(model, bin)

    def uae(self, n: int, value: int) -> None:
        """Bins without one."""
        for shift in range(n - 1, -1, -1):
            self.note("bypass", value >> shift & 1)
            super().uae(1, value >> shift & 1)

    def finish(self) -> bytes:
        """The last bin."""
        self.note("terminate", 1)
        return super().finish()


def sig_context(self: LevelEncoder, position: int, ref: int, s: int, n: int) -> int:
    """The context of sig_flag."""
    return SIG + 3 * s + min(n, 1)


def main() -> int:
    """The exit code of the contract."""
    model, out, *folder = sys.argv[1:]
    LevelEncoder.sig_context = sig_context  # type: ignore[method-assign]
    payload.ArithmeticEncoder = Coder  # type: ignore[misc]
    data, _ = encode_model(read_safetensors(Path(model).read_bytes()), QP, 0)
    Path(out).write_bytes(data)
    for number, lines in enumerate(traces if folder else []):
        Path(folder[0], f"{number}.jsonl").write_text("".join(lines), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
