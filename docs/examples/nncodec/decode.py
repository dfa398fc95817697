"""NNCodec as a decoder for `aimc conform`: decode.py OUTDIR [OPTION ...] -- STREAM ...

Runs under an interpreter that has nncodec; nothing of aimcodec is needed. An exception of NNCodec counts as a refusal,
since it has no other way to say so; what it does not implement it does not tell apart.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from nncodec_import import HdspTool, nnc


def empty_references() -> dict[str, object]:
    """The state of a decoder that has seen no update yet."""
    tables = ("parameters", "put_node_depth", "compressed_parameter_types", "parameter_id", "parameter_index")
    return {"device_id": 0, **{name: {} for name in (*tables, "parameter_dimensions")}}


def decode(streams: Sequence[Path], outdir: Path, words: Sequence[str]) -> None:
    """Decodes a stream, or a sequence of updates with one state."""
    sequence = len(streams) > 1
    history = HdspTool(True) if "hdsp" in words else None
    state = {"approx_param_base": empty_references(), "update_base_param": True} if sequence else {}
    for number, stream in enumerate(streams):
        tensors = nnc.decompress(
            bytearray(stream.read_bytes()),
            verbose=False,
            reconstruct_lsa="reconstruct_lsa" in words,
            hdsp_tool=history,
            **state,
        )
        if history is not None:
            history.add_data_to_hist(tensors)
        write(tensors, outdir / str(number) if sequence else outdir)


def write(tensors: dict[str, np.ndarray], folder: Path) -> None:
    """manifest.json and one file of elements for each tensor."""
    folder.mkdir(exist_ok=True)
    entries = []
    for number, (name, tensor) in enumerate(tensors.items()):
        array = np.asarray(tensor)
        elements = array.astype(array.dtype.newbyteorder("<"))
        (folder / f"{number}.bin").write_bytes(elements.tobytes())
        entries.append({"name": name, "dtype": array.dtype.name, "shape": array.shape, "file": f"{number}.bin"})
    (folder / "manifest.json").write_text(json.dumps({"tensors": entries}), "utf-8")


def main() -> int:
    """The exit code of the contract."""
    arguments = sys.argv[1:]
    separator = arguments.index("--")
    outdir, *words = arguments[:separator]
    try:
        decode([Path(name) for name in arguments[separator + 1 :]], Path(outdir), words)
    except Exception as error:
        message = json.dumps({"message": f"{type(error).__name__}: {error}"})
        Path(outdir, "error.json").write_text(message, "utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
