"""What an encoder says that a decoder gives, against what decoders give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.checks.names import compare_names, same_shape
from aimcodec.conformance.checks.result import Check, Finding, not_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_reconstruction"]

Arrays = Mapping[str, "NDArray[Any]"]


def check_reconstruction(recon: Arrays | None, decoded: Arrays, elements: Mapping[str, str]) -> Check:
    """All tensors, bit by bit, in the types of the decoder.

    Args:
        recon: what the encoder has written; None where it has not.
        decoded: what decoders give.
        elements: path of each tensor in the stream.
    """
    if recon is None:
        return not_run("reconstruction", "the encoder writes none")
    shapes = {name: array.shape for name, array in recon.items()}
    findings = compare_names(shapes, {name: array.shape for name, array in decoded.items()}, elements)
    for name, array in decoded.items():
        theirs = recon.get(name)
        if theirs is not None and same_shape(theirs.shape, array.shape):
            findings += _differences(name, theirs.reshape(array.shape), array, elements.get(name, ""))
    return Check.of("reconstruction", findings, tensors=len(decoded))


def _differences(name: str, theirs: NDArray[Any], array: NDArray[Any], element: str) -> list[Finding]:
    with np.errstate(all="ignore"):
        converted = np.ascontiguousarray(theirs.astype(array.dtype))
    if converted.tobytes() == array.tobytes():
        return []
    size = array.dtype.itemsize
    ours = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(-1, size)
    different = (converted.reshape(-1).view(np.uint8).reshape(-1, size) != ours).any(axis=1)
    first = int(np.argmax(different))
    index = tuple(map(int, np.unravel_index(first, array.shape)))
    said, given = str(converted[index]), str(array[index])
    message = f"tensor {name!r} at {list(index)}: the encoder says {said}, decoders give {given}"
    return [Finding(message, element=element, value=said, permitted=given, tensor=name, index=index)]
