"""Values of an NNC stream against the model that was encoded (sections 11 and 15 of its text)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.coding.nnc.quantise import is_integer
from aimcodec.conformance.checks.bins import place_of_element
from aimcodec.conformance.checks.names import compare_names, compare_order, same_shape
from aimcodec.conformance.checks.nnc_stream import NncStream, NncTensor
from aimcodec.conformance.checks.result import Check, Encoded, Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_nnc_values"]

INT32 = np.iinfo(np.int32)
FAR_STEPS = 16
HEADER = "nnr_compressed_data_unit_header"


@dataclass(frozen=True)
class _Judged:
    """What is wrong with a tensor, and how far it is from the input in steps (0 where that has no meaning)."""

    finding: Finding | None = None
    steps: float = 0.0


def check_nnc_values(encoded: Encoded, stream: NncStream) -> Check:
    """Names, shapes and values of all tensors."""
    given = encoded.model.tensors
    shapes = {name: array.shape for name, array in given.items()}
    decoded = {tensor.coded.name: tensor.coded.shape for tensor in stream.tensors}
    findings = compare_names(shapes, decoded, {t.coded.name: f"{t.unit.path}.{HEADER}" for t in stream.tensors})
    worst = {"uniform": 0.0, "dq": 0.0, "codebook": 0.0}
    for tensor in stream.tensors:
        array = given.get(tensor.coded.name)
        if array is None or not same_shape(array.shape, tensor.coded.shape):
            continue
        judged = _judge(encoded, tensor, array.reshape(tensor.coded.shape))
        if judged.finding is not None:
            findings.append(_with_look_alike(judged.finding, encoded, tensor))
        kind = _kind(tensor)
        worst[kind] = max(worst[kind], judged.steps)
    figures = {f"max_error_steps_{k}": round(s, 6) for k, s in worst.items() if s and math.isfinite(s)}
    notes = compare_order(shapes, decoded)
    notes += [_far(kind, steps) for kind, steps in worst.items() if steps > FAR_STEPS and not findings]
    return Check.of("semantics", findings, **figures).noting(notes)


def _far(kind: str, steps: float) -> Finding:
    """An error that nobody denies, but that no rounding explains: pruning, or values that were clipped."""
    return Finding(f"a value of {kind} quantisation is {steps:.4g} steps from what was given")


def _kind(tensor: NncTensor) -> str:
    if tensor.coded.codebook is not None:
        return "codebook"
    return "dq" if tensor.unit.dq else "uniform"


def _judge(encoded: Encoded, tensor: NncTensor, array: NDArray[Any]) -> _Judged:
    """A tensor against its input of the same shape."""
    if is_integer(array):
        return _judge_integers(tensor, array)
    with np.errstate(over="ignore"):
        real = array.astype(np.float32)
    if tensor.step is None:
        return _Judged(_first_difference(tensor, real, _same(real, tensor.values), "which is carried exactly"))
    finite = np.isfinite(real)
    if not finite.all():
        return _Judged(_first_difference(tensor, real, finite, "which cannot be quantised"))
    return _judge_quantised(encoded, tensor, real)


def _judge_integers(tensor: NncTensor, array: NDArray[Any]) -> _Judged:
    # Compared as Python compares: 64-bit values with and without a sign have no common type in numpy.
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    within = (array >= max(low, INT32.min)) & (array <= min(high, INT32.max))
    same = within & (np.where(within, array, 0).astype(np.int64) == tensor.values)
    return _Judged(_first_difference(tensor, array, np.asarray(same), "an integer, which is carried exactly"))


def _judge_quantised(encoded: Encoded, tensor: NncTensor, real: NDArray[np.float32]) -> _Judged:
    """The error in steps, exact in binary64: a step has 8 bits, an integer 32, a value 24."""
    step = tensor.step or 1.0
    claims = encoded.claims
    if tensor.coded.codebook is not None or tensor.integers is None:
        centres, claimed = tensor.values.astype(np.float64), None
    else:
        centres = tensor.integers.astype(np.float64) * step
        claimed = claims.max_error_steps_dq if tensor.unit.dq else claims.max_error_steps
    steps = np.abs(real.astype(np.float64) - centres) / step
    worst = float(steps.max()) if steps.size else 0.0
    if claimed is None:
        return _Judged(None, worst)
    # A quantiser that divides in binary32 (15.3) takes a quotient for half that is half but for its rounding.
    allowed = claimed + np.abs(real.astype(np.float64) / step) * 2.0**-23
    return _Judged(_first_difference(tensor, real, steps <= allowed, f"more than {claimed:g} steps away", steps), worst)


def _same(real: NDArray[np.float32], decoded: NDArray[Any]) -> NDArray[np.bool_]:
    """Equal bits, or both NaN: conversions of types may change the bits of a NaN."""
    if decoded.dtype != np.float32:
        return np.asarray(real == decoded)
    return np.asarray((real.view(np.uint32) == decoded.view(np.uint32)) | (np.isnan(real) & np.isnan(decoded)))


def _first_difference(
    tensor: NncTensor,
    given: NDArray[Any],
    good: NDArray[np.bool_],
    why: str,
    steps: NDArray[np.float64] | None = None,
) -> Finding | None:
    """The first element that is not good, with its place in the payload."""
    if good.all():
        return None
    index = tuple(map(int, np.argwhere(~good)[0]))
    bit, bins = tensor.unit.payload_bit, None
    if tensor.integers is not None:
        bit, bins = place_of_element(tensor.unit, tensor.number, index)
    shown = f"{tensor.values[index]!s} is decoded for {given[index]!s}, {why}"
    if steps is not None:
        shown += f" ({steps[index]:.6g} steps of {tensor.step:g})"
    return Finding(
        f"tensor {tensor.coded.name!r} at {list(index)}: {shown}; {int(np.count_nonzero(~good))} of {good.size} so",
        bit,
        f"{tensor.unit.path}.payload",
        "11",
        value=str(tensor.values[index]),
        permitted=str(given[index]),
        tensor=tensor.coded.name,
        index=index,
        bins=bins,
    )


def _with_look_alike(finding: Finding, encoded: Encoded, tensor: NncTensor) -> Finding:
    """Says so where the values are those of another tensor of the model: names that were exchanged."""
    bound = 2 * (tensor.step or 0.0)
    for name, array in encoded.model.tensors.items():
        if name == tensor.coded.name or array.shape != tensor.coded.shape or not math.prod(array.shape):
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            distance = np.abs(array.astype(np.float64) - tensor.values.astype(np.float64))
        if bool((distance <= bound).all()):
            return replace(finding, message=f"{finding.message}; the values are those of tensor {name!r}")
    return finding
