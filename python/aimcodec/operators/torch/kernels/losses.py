"""Losses."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from typing import Any

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.registry import Context, kernel


def _loss(
    log_probability: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None,
    ignore_index: int | None,
    reduction: str,
) -> torch.Tensor:
    """The negative of what `target` chooses along axis 1; targets that are ignored weigh nothing."""
    classes = log_probability.shape[1]
    known = torch.ones_like(target, dtype=torch.bool) if ignore_index is None else target != ignore_index
    places = torch.where(known, target, torch.zeros_like(target)).long()
    if places.numel() and not 0 <= int(places.min()) <= int(places.max()) < classes:
        raise InconsistentError(f"a target outside {classes} classes")
    chosen = -log_probability.gather(1, places.unsqueeze(1)).squeeze(1)
    weights: Any = torch.ones_like(chosen) if weight is None else weight[places]
    weights = torch.where(known, weights, torch.zeros_like(weights))
    losses: torch.Tensor = chosen * weights
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction != "mean":
        raise UnsupportedError(f"the reduction {reduction!r}")
    mean: torch.Tensor = losses.sum() / weights.sum()
    return mean


@kernel("NegativeLogLikelihoodLoss")
def negative_log_likelihood_loss(
    _: Context,
    x: torch.Tensor,
    target: torch.Tensor,
    weight: torch.Tensor | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> torch.Tensor:
    return _loss(x, target, weight, ignore_index, reduction)


@kernel("SoftmaxCrossEntropyLoss")
def softmax_cross_entropy_loss(
    _: Context,
    scores: torch.Tensor,
    labels: torch.Tensor,
    weights: torch.Tensor | None = None,
    *,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> tuple[torch.Tensor, torch.Tensor]:
    log_probability = torch.log_softmax(scores, 1)
    return _loss(log_probability, labels, weights, ignore_index, reduction), log_probability
