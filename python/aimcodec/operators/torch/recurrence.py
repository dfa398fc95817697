"""The steps of a recurrent network, in one direction or two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from aimcodec.errors import InconsistentError, UnsupportedError

__all__ = ["LONG", "Cell", "Layer"]

LONG = 32  # steps; measured: below, a loop is as fast

Cell = Callable[[torch.Tensor, list[torch.Tensor]], list[torch.Tensor]]
Direction = Callable[[int, torch.Tensor], tuple[torch.Tensor, list[torch.Tensor]]]
Network = Callable[..., tuple[torch.Tensor, ...]]


@dataclass(frozen=True, slots=True)
class Layer:
    """The inputs that the three operators have in common, [time, batch, ...], and their directions."""

    x: torch.Tensor
    weights: torch.Tensor
    recurrent: torch.Tensor
    bias: torch.Tensor
    lengths: torch.Tensor | None
    reverse: list[bool]
    hidden: int

    @classmethod
    def of(
        cls,
        x: torch.Tensor,
        weights: torch.Tensor,
        recurrent: torch.Tensor,
        bias: torch.Tensor | None,
        lengths: torch.Tensor | None,
        direction: str,
        layout: int,
    ) -> Layer:
        """Raises InconsistentError or UnsupportedError for shapes and directions that do not fit."""
        reverse = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}.get(direction)
        if reverse is None:
            raise UnsupportedError(f"the direction {direction!r}")
        if not x.ndim == weights.ndim == recurrent.ndim == 3:
            raise InconsistentError("inputs, weights and recurrent weights have to have 3 dimensions")
        if weights.shape[0] != len(reverse):
            raise InconsistentError(f"weights of {weights.shape[0]} directions for {direction!r}")
        both = torch.zeros(len(reverse), 2 * weights.shape[1], dtype=x.dtype) if bias is None else bias
        plain = x.transpose(0, 1) if layout else x
        if lengths is not None and bool((lengths == plain.shape[0]).all()):
            lengths = None
        return cls(plain, weights, recurrent, both, lengths, reverse, recurrent.shape[-1])

    def states(self, given: torch.Tensor | None, layout: int) -> torch.Tensor:
        """States before the first step, [directions, batch, hidden]."""
        if given is None:
            return torch.zeros(len(self.reverse), self.x.shape[1], self.hidden, dtype=self.x.dtype)
        return given.transpose(0, 1) if layout else given

    def run(self, cell_of: Callable[[int], Cell], states: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """All steps in all directions: outputs [time, directions, batch, hidden], and the last states."""

        def through(place: int, steps: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
            weights, bias = self.weights[place], self.bias[place, : self.weights.shape[1]]
            projected = torch.matmul(steps, weights.T) + bias
            return self._steps(projected, cell_of(place), [state[place] for state in states])

        return self._both_ways(through)

    def is_plain(self, activations: list[str] | None, clip: float | None) -> bool:
        """Whether PyTorch has such a network, by what is not told of it, and steps enough that setting it up pays."""
        return activations is None and clip is None and self.lengths is None and self.x.shape[0] >= LONG

    def fused(self, network: Network, gates: list[int], states: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The same with a network of PyTorch, which has its gates in another order: [gates[i]] is its i-th."""

        def through(place: int, steps: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
            parts = (self.weights[place], self.recurrent[place], *self.bias[place].chunk(2))
            parameters = [torch.cat([part.chunk(len(gates))[gate] for gate in gates]) for part in parts]
            given = [state[place : place + 1] for state in states]
            made, *state = network(
                steps, given if len(given) > 1 else given[0], parameters, True, 1, 0.0, False, False, False
            )
            return made, [each[0] for each in state]

        return self._both_ways(through)

    def _both_ways(self, through: Direction) -> tuple[torch.Tensor, ...]:
        """What all directions make: outputs [time, directions, batch, hidden], and the last states."""
        outputs, last = [], []
        for place, reverse in enumerate(self.reverse):
            made, state = through(place, self._reversed(self.x) if reverse else self.x)
            outputs.append(self._reversed(made) if reverse else made)
            last.append(state)
        return torch.stack(outputs, 1), *(torch.stack(list(parts)) for parts in zip(*last, strict=True))

    def _steps(
        self, projected: torch.Tensor, cell: Cell, state: list[torch.Tensor]
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        outputs = []
        for step in range(projected.shape[0]):
            following = cell(projected[step], state)
            if self.lengths is not None:
                goes_on = (step < self.lengths).unsqueeze(1)
                following = [torch.where(goes_on, new, old) for new, old in zip(following, state, strict=True)]
                outputs.append(torch.where(goes_on, following[0], torch.zeros_like(following[0])))
            else:
                outputs.append(following[0])
            state = following
        if not outputs:
            raise InconsistentError("a sequence of no steps")
        return torch.stack(outputs), state

    def _reversed(self, x: torch.Tensor) -> torch.Tensor:
        if self.lengths is None:
            return x.flip(0)
        steps = torch.arange(x.shape[0]).unsqueeze(1)
        order = torch.where(steps < self.lengths, self.lengths - 1 - steps, steps)
        return x[order.long(), torch.arange(x.shape[1])]
