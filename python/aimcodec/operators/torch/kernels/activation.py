"""Activation functions."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import torch

from aimcodec.errors import UnsupportedError
from aimcodec.operators.torch.numbers import axis_of
from aimcodec.operators.torch.registry import Context, kernel


@kernel("Relu")
def relu(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x)


@kernel("LeakyRelu")
def leaky_relu(_: Context, x: torch.Tensor, *, alpha: float = 0.01) -> torch.Tensor:
    return torch.nn.functional.leaky_relu(x, alpha)


@kernel("Elu")
def elu(_: Context, x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    return torch.nn.functional.elu(x, alpha)


@kernel("Selu")
def selu_1(_: Context, x: torch.Tensor, *, alpha: float = 1.6732, gamma: float = 1.0507) -> torch.Tensor:
    return gamma * torch.where(x > 0, x, alpha * torch.expm1(x))


@kernel("Selu", since=6)
def selu(
    context: Context,
    x: torch.Tensor,
    *,
    alpha: float = 1.67326319217681884765625,
    gamma: float = 1.05070102214813232421875,
) -> torch.Tensor:
    return selu_1(context, x, alpha=alpha, gamma=gamma)


@kernel("Celu")
def celu(_: Context, x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    return torch.nn.functional.celu(x, alpha)


@kernel("HardSigmoid")
def hard_sigmoid(_: Context, x: torch.Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> torch.Tensor:
    return torch.clamp(alpha * x + beta, 0, 1)


@kernel("HardSwish")
def hard_swish(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.hardswish(x)


@kernel("Softplus")
def softplus(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.logaddexp(x, torch.zeros_like(x))


@kernel("Softsign")
def softsign(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.softsign(x)


@kernel("ThresholdedRelu")
def thresholded_relu(_: Context, x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    return torch.where(x > alpha, x, torch.zeros_like(x))


@kernel("PRelu")
def parametric_relu_of_channels(_: Context, x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    return parametric_relu(_, x, slope if slope.numel() == 1 else slope.reshape(-1, *[1] * (x.ndim - 2)))


@kernel("PRelu", since=7)
def parametric_relu(_: Context, x: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    return torch.where(x < 0, x * slope, x)


@kernel("Gelu")
def gelu(_: Context, x: torch.Tensor, *, approximate: str = "none") -> torch.Tensor:
    if approximate not in {"none", "tanh"}:
        raise UnsupportedError(f"Gelu with approximate {approximate!r}")
    return torch.nn.functional.gelu(x, approximate=approximate)


@kernel("Mish")
def mish(_: Context, x: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.mish(x)


@kernel("Swish")
def swish(_: Context, x: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    return x * torch.sigmoid(alpha * x)


def _flat(x: torch.Tensor, axis: int) -> torch.Tensor:
    """Versions below 13 take all dimensions from `axis` on together."""
    place = axis % x.ndim if x.ndim else 0
    return x.reshape(math.prod(x.shape[:place]), -1)


@kernel("Softmax")
def flat_softmax(_: Context, x: torch.Tensor, *, axis: int = 1) -> torch.Tensor:
    return torch.softmax(_flat(x, axis), 1).reshape(x.shape)


@kernel("Softmax", since=13)
def softmax(_: Context, x: torch.Tensor, *, axis: int = -1) -> torch.Tensor:
    return torch.softmax(x, axis)


@kernel("LogSoftmax")
def flat_log_softmax(_: Context, x: torch.Tensor, *, axis: int = 1) -> torch.Tensor:
    return torch.log_softmax(_flat(x, axis), 1).reshape(x.shape)


@kernel("LogSoftmax", since=13)
def log_softmax(_: Context, x: torch.Tensor, *, axis: int = -1) -> torch.Tensor:
    return torch.log_softmax(x, axis)


@kernel("Hardmax")
def flat_hardmax(context: Context, x: torch.Tensor, *, axis: int = 1) -> torch.Tensor:
    return hardmax(context, _flat(x, axis), axis=1).reshape(x.shape)


@kernel("Hardmax", since=13)
def hardmax(_: Context, x: torch.Tensor, *, axis: int = -1) -> torch.Tensor:
    place = axis_of(axis, x.ndim)
    return torch.zeros_like(x).scatter(place, x.argmax(place, keepdim=True), 1)
