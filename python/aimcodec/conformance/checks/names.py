"""Whether a decoded model has the tensors of the input: names, shapes, order."""

from __future__ import annotations

from collections.abc import Mapping

from aimcodec.conformance.checks.result import Finding

__all__ = ["compare_names", "compare_order", "same_shape"]

Shapes = Mapping[str, tuple[int, ...]]


def same_shape(given: tuple[int, ...], decoded: tuple[int, ...]) -> bool:
    """Whether shapes are equal; NNC has no tensors of rank 0, and [1] stands for it (4.1 of its text)."""
    return decoded == given or (given == () and decoded == (1,))


def compare_names(given: Shapes, decoded: Shapes, elements: Mapping[str, str]) -> list[Finding]:
    """Tensors that are missing, of another shape, or too many.

    Args:
        given: shapes by name, of the input.
        decoded: the same of the output.
        elements: path of the name of each decoded tensor.
    """
    missing = [Finding(f"tensor {name!r} is missing", tensor=name) for name in given if name not in decoded]
    shapes = [
        Finding(
            f"tensor {name!r} has another shape",
            element=elements.get(name, ""),
            tensor=name,
            value=str(list(decoded[name])),
            permitted=str(list(shape)),
        )
        for name, shape in given.items()
        if name in decoded and not same_shape(shape, decoded[name])
    ]
    extra = [
        Finding(f"tensor {name!r} is not in the model", element=elements.get(name, ""), tensor=name)
        for name in decoded
        if name not in given
    ]
    return [*missing, *shapes, *extra]


def compare_order(given: Shapes, decoded: Shapes) -> list[Finding]:
    """Tensors in another order than in the input: no failure, neither format demands one."""
    common = [name for name in given if name in decoded]
    order = [name for name in decoded if name in given]
    moved = next((mine for mine, theirs in zip(order, common, strict=True) if mine != theirs), None)
    return [] if moved is None else [Finding("the tensors are in another order than in the model", tensor=moved)]
