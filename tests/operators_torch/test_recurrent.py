"""Networks that PyTorch has itself compute the same as their steps one by one, which the node tests of onnx check."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from aimcodec.operators.torch.recurrence import LONG
from aimcodec.operators.torch.registry import Context, find

HIDDEN, INPUTS, BATCH, STEPS = 5, 3, 2, LONG


@pytest.mark.parametrize("layout", [0, 1])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize(
    ("operator", "gates", "names"), [("GRU", 3, ["Sigmoid", "Tanh"]), ("LSTM", 4, ["Sigmoid", "Tanh", "Tanh"])]
)
def test_the_same_by_steps(operator: str, gates: int, names: list[str], direction: str, layout: int) -> None:
    torch.manual_seed(2941)
    count = 2 if direction == "bidirectional" else 1
    state = (BATCH, count, HIDDEN) if layout else (count, BATCH, HIDDEN)
    inputs = [
        torch.randn((BATCH, STEPS, INPUTS) if layout else (STEPS, BATCH, INPUTS)),
        torch.randn(count, gates * HIDDEN, INPUTS),
        torch.randn(count, gates * HIDDEN, HIDDEN),
        torch.randn(count, 2 * gates * HIDDEN),
        None,
        *(torch.randn(state) for _ in range(gates - 2)),
    ]
    how = {"direction": direction, "layout": layout, **({"linear_before_reset": 1} if operator == "GRU" else {})}
    kernel = find("", operator, 14)
    assert kernel is not None
    whole = kernel(Context(14, 3), *inputs, **how)
    # Functions that are named, if only those that it has anyway, are computed step by step.
    by_steps = kernel(Context(14, 3), *inputs, **how, activations=names * count)
    for one, other in zip(whole, by_steps, strict=True):
        torch.testing.assert_close(one, other)
        assert one.shape == other.shape
