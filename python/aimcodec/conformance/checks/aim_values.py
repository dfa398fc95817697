"""Tensors of a package against the model that was encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from aimcodec.conformance.checks.aim_package import AimPackage
from aimcodec.conformance.checks.names import compare_names, compare_order
from aimcodec.conformance.checks.result import Check, Encoded, Finding
from aimcodec.inspect import read_tree

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_aim_values"]

NNC = "nnc"


def check_aim_values(encoded: Encoded, package: AimPackage) -> Check:
    """Names, shapes, types and values: all but NNC tensors are what was given, bit by bit."""
    given = encoded.model.tensors
    shapes = {name: array.shape for name, array in given.items()}
    decoded = {name: array.shape for name, array in package.arrays.items()}
    findings = compare_names(shapes, decoded, {name: package.element(name) for name in decoded})
    lossy = 0
    for name, array in package.arrays.items():
        if name not in given or given[name].shape != array.shape:
            continue
        quantised = package.infos[name].coding == NNC and not encoded.claims.lossless
        lossy += quantised
        finding = _type(name, given[name], array) if quantised else _difference(name, given[name], array)
        if finding is not None:
            findings.append(_placed(finding, encoded, package))
    return Check.of("semantics", findings, lossy_tensors=lossy).noting(compare_order(shapes, decoded))


def _type(name: str, given: NDArray[Any], decoded: NDArray[Any]) -> Finding | None:
    if given.dtype == decoded.dtype:
        return None
    message = f"tensor {name!r} has another type of elements"
    return Finding(message, value=decoded.dtype.name, permitted=given.dtype.name, tensor=name)


def _difference(name: str, given: NDArray[Any], decoded: NDArray[Any]) -> Finding | None:
    """The first element that has not the bits that were given."""
    wrong_type = _type(name, given, decoded)
    if wrong_type is not None or given.tobytes() == decoded.tobytes():
        return wrong_type
    size = given.dtype.itemsize
    ours, theirs = (np.frombuffer(a.tobytes(), np.uint8).reshape(-1, size) for a in (given, decoded))
    different = (ours != theirs).any(axis=1)
    index = tuple(map(int, np.unravel_index(int(np.argmax(different)), given.shape)))
    message = (
        f"tensor {name!r} at {list(index)}: {decoded[index]!s} is decoded for {given[index]!s}, which is carried "
        f"exactly; {int(np.count_nonzero(different))} of {given.size} so"
    )
    return Finding(message, value=str(decoded[index]), permitted=str(given[index]), tensor=name, index=index)


def _placed(finding: Finding, encoded: Encoded, package: AimPackage) -> Finding:
    """With the payload of the unit that has the tensor; the tree is read only for what is wrong."""
    path = f"{package.element(finding.tensor or '')}.payload"
    bit = next((node.bit_offset for node in read_tree(encoded.data).below(path) if node.path == path), None)
    return Finding(finding.message, bit, path, "4", finding.value, finding.permitted, finding.tensor, finding.index)
