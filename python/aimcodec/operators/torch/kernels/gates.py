"""Activation functions of recurrent networks, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from aimcodec.errors import InconsistentError, UnsupportedError

__all__ = ["Activation", "activations_of"]

Activation = Callable[[torch.Tensor], torch.Tensor]


def _affine(x: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    return alpha * x + beta


def _scaled_tanh(x: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    return alpha * torch.tanh(beta * x)


def _hard_sigmoid(x: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    return torch.clamp(alpha * x + beta, 0, 1)


def _thresholded(x: torch.Tensor, alpha: float) -> torch.Tensor:
    return torch.where(x >= alpha, x, torch.zeros_like(x))


# Functions, with the values of alpha and beta that they have where a node tells none.
FUNCTIONS: dict[str, tuple[Callable[..., torch.Tensor], tuple[float | None, ...]]] = {
    "affine": (_affine, (1.0, 0.0)),
    "elu": (torch.nn.functional.elu, (1.0,)),
    "hardsigmoid": (_hard_sigmoid, (0.2, 0.5)),
    "leakyrelu": (torch.nn.functional.leaky_relu, (0.01,)),
    "relu": (torch.relu, ()),
    "scaledtanh": (_scaled_tanh, (None, None)),
    "sigmoid": (torch.sigmoid, ()),
    "softplus": (torch.nn.functional.softplus, ()),
    "softsign": (torch.nn.functional.softsign, ()),
    "tanh": (torch.tanh, ()),
    "thresholdedrelu": (_thresholded, (1.0,)),
}


def activations_of(
    given: list[str] | None,
    presets: list[str],
    alpha: list[float] | None,
    beta: list[float] | None,
    directions: int,
) -> list[list[Activation]]:
    """The functions of each direction: those that a node names, or else the presets of the operator.

    Raises:
        InconsistentError: not as many names or numbers as there have to be.
        UnsupportedError: a name that is not known.
    """
    each = len(presets)
    names = given or presets * directions
    if len(names) != each * directions:
        raise InconsistentError(f"{len(names)} activations instead of {each * directions}")
    numbers = [iter(alpha or ()), iter(beta or ())]
    found = []
    for name in names:
        try:
            function, defaults = FUNCTIONS[name.lower()]
        except KeyError:
            raise UnsupportedError(f"the activation {name!r}") from None
        told = [next(source, default) for source, default in zip(numbers, defaults, strict=False)]
        values = [value for value in told if value is not None]
        if len(values) != len(defaults):
            raise InconsistentError(f"the activation {name!r} needs alpha and beta")
        found.append(partial(_apply, function, values) if values else function)
    return [found[i : i + each] for i in range(0, len(found), each)]


def _apply(function: Callable[..., torch.Tensor], values: list[float], x: torch.Tensor) -> torch.Tensor:
    return function(x, *values)
