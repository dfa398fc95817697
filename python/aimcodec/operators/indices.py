"""Checks of operators whose second input counts in the first one. All raise OUT_OF_RANGE or DIMENSIONS_MISMATCH."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from aimcodec.operators.given import Given
from aimcodec.operators.status import Status

__all__ = ["check_elements", "check_gather", "check_tuples"]


def _inside(given: Given, name: str, indices: NDArray[Any], size: int) -> None:
    if indices.size and (int(indices.min()) < -size or int(indices.max()) >= size):
        text = f"indices from {indices.min()} to {indices.max()} in a dimension of {size}"
        raise given.wrong(Status.OUT_OF_RANGE, name, text)


def check_gather(given: Given) -> None:
    """Of Gather."""
    data = given["data"]
    if not data.ndim:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "data", "a rank of 1 or more is needed")
    _inside(given, "indices", given["indices"], data.shape[given.keywords["axis"]])


def check_elements(given: Given) -> None:
    """Of GatherElements and ScatterElements."""
    data, indices, axis = given["data"], given["indices"], given.keywords["axis"]
    if data.ndim != indices.ndim or not data.ndim:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "indices", f"rank {indices.ndim} for data of rank {data.ndim}")
    for i, (size, count) in enumerate(zip(data.shape, indices.shape, strict=True)):
        if i != axis % data.ndim and count > size:
            raise given.wrong(Status.DIMENSIONS_MISMATCH, "indices", f"{count} in dimension {i}, data have {size}")
    _inside(given, "indices", indices, data.shape[axis])
    if given.operator.name == "ScatterElements" and given["updates"].shape != indices.shape:
        text = f"shape {given['updates'].shape}, indices have {indices.shape}"
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "updates", text)


def check_tuples(given: Given) -> None:
    """Of GatherND and ScatterND."""
    data, indices, batch = given["data"], given["indices"], given.keywords.get("batch_dims", 0)
    if not indices.ndim or not 0 <= batch < min(indices.ndim, max(data.ndim, 1)):
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "indices", f"rank {indices.ndim}, batch_dims {batch}")
    if data.shape[:batch] != indices.shape[:batch]:
        text = f"shape {indices.shape} for data of {data.shape} in {batch} batch dimensions"
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "indices", text)
    length = indices.shape[-1]
    if not 1 <= length <= data.ndim - batch:
        raise given.wrong(Status.DIMENSIONS_MISMATCH, "indices", f"tuples of {length} for data of rank {data.ndim}")
    for place in range(length):
        _inside(given, "indices", indices[..., place], data.shape[batch + place])
    if given.operator.name == "ScatterND":
        wanted = indices.shape[:-1] + data.shape[length:]
        if given["updates"].shape != wanted:
            text = f"shape {given['updates'].shape}, wanted is {wanted}"
            raise given.wrong(Status.DIMENSIONS_MISMATCH, "updates", text)
