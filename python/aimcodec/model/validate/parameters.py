"""Rules of parameters: the package has what the graph names, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from aimcodec.model.validate.finding import Findings, shown
from aimcodec.model.validate.parts import Parts

__all__ = ["check_parameters"]

OPAQUE = "OPAQUE"  # blocks of another format, of which the package does not know the element type


def check_parameters(parts: Parts, tensors: Mapping[str, tuple[str, tuple[int, ...]]], findings: Findings) -> None:
    """Compares constants that are kept apart with element types and shapes of the tensors that are there."""
    used: set[str] = set()
    for part, tensor in parts.tensors:
        if tensor.parameter is None:
            continue
        used.add(tensor.parameter)
        found = tensors.get(tensor.parameter)
        if found is None:
            findings.add("parameter.missing", part.path, f"there is no tensor {shown(tensor.parameter)}")
            continue
        element_type, shape = found
        if element_type not in {tensor.element_type, OPAQUE}:
            text = f"{shown(tensor.parameter)} is of type {element_type}, not {shown(tensor.element_type)}"
            findings.add("parameter.type", part.path, text)
        if tuple(shape) != tensor.shape:
            text = f"{shown(tensor.parameter)} has shape {shown(tuple(shape))}, not {shown(tensor.shape)}"
            findings.add("parameter.shape", part.path, text)
    for name in tensors:
        if name not in used:
            findings.add("parameter.unused", "", f"nothing uses the tensor {shown(name)}")
