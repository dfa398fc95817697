"""aimc encode to an NNC stream."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec import nnc
from aimcodec.bridges.formats import left_out
from aimcodec.cli.files import replacing
from aimcodec.cli.formats import Format, format_of
from aimcodec.cli.models import open_model
from aimcodec.cli.nnc_options import NncOptions
from aimcodec.cli.output import print_json
from aimcodec.cli.progress import progress_bar
from aimcodec.cli.report import about, note, shown_path
from aimcodec.cli.tensors import read_tensors
from aimcodec.cli.write_files import tell_losses
from aimcodec.errors import UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["encode_nnc"]


def encode_nnc(model: str, output: Path, options: NncOptions, threads: int | None, json: bool) -> None:
    """Reads all tensors of a model, codes them, and prints what came of it."""
    with about(model, stream=False):
        tensors = _tensors(model, threads)
    for name, array in tensors.items():
        if array.ndim == 0:
            note(f"warning: the scalar {name!r} is coded with the shape [1]: the syntax has no tensors of rank 0")
    start = time.perf_counter()
    with about(model, stream=False), progress_bar("encode") as progress:
        stream = nnc.encode(tensors, **options.settings(), threads=threads, progress=progress)
    seconds = time.perf_counter() - start
    with about(output, stream=False), replacing(output) as part:
        part.write_bytes(stream)
    elements = sum(array.size for array in tensors.values())
    bits = 8 * len(stream) / elements if elements else 0.0
    rate = elements / seconds / 1e6
    if json:
        print_json(
            {
                "output": str(output),
                "bytes": len(stream),
                "tensors": len(tensors),
                "elements": elements,
                "bits_per_weight": bits,
                "seconds": seconds,
                "mweights_per_second": rate,
            }
        )
    else:
        size = f"{len(stream):,} bytes, {bits:.3f} bits per weight"
        print(f"{shown_path(output)}: {size}, {seconds:.2f} s, {rate:.1f} Mweights/s")


def _tensors(model: str, threads: int | None) -> dict[str, NDArray[Any]]:
    """Files of no other format are taken for safetensors, which then says what is wrong with them."""
    if format_of(model) in (Format.SAFETENSORS, Format.NNC):
        return read_tensors(Path(model))
    with open_model(model, threads=threads) as opened:
        for tensor in opened.tensors:
            if tensor.dtype is None:
                raise UnsupportedError(f"{model}: NNC cannot code tensor {tensor.name!r}, which is of type OPAQUE")
        arrays = {tensor.name: opened.read(tensor.name) for tensor in opened.tensors}
        tell_losses([*opened.losses, *left_out(opened, "NNC", frozenset())])
    return {name: a.astype(np.float32) if a.dtype.name == "bfloat16" else a for name, a in arrays.items()}
