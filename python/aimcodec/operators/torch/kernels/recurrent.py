"""Recurrent networks: RNN, GRU, LSTM."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.kernels.gates import Activation, activations_of
from aimcodec.operators.torch.registry import Context, kernel

Cell = Callable[[torch.Tensor, list[torch.Tensor]], list[torch.Tensor]]


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
        outputs, last = [], []
        for place, reverse in enumerate(self.reverse):
            weights, bias = self.weights[place], self.bias[place, : self.weights.shape[1]]
            steps = self._reversed(self.x) if reverse else self.x
            projected = torch.matmul(steps, weights.T) + bias
            made, state = self._steps(projected, cell_of(place), [state[place] for state in states])
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


def _results(layout: int, outputs: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
    if not layout:
        return outputs, *states
    return outputs.permute(2, 0, 1, 3), *(state.transpose(0, 1) for state in states)


def _clip(x: torch.Tensor, limit: float | None) -> torch.Tensor:
    return x if limit is None else x.clamp(-limit, limit)


@kernel("RNN")
def rnn(
    _: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None = None,
    sequence_lens: torch.Tensor | None = None,
    initial_h: torch.Tensor | None = None,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    output_sequence: int = 0,
) -> tuple[torch.Tensor, ...]:
    layer = Layer.of(x, weights, recurrent, bias, sequence_lens, direction, layout)
    functions = activations_of(
        activations or ["Tanh"] * len(layer.reverse), 1, activation_alpha, activation_beta, len(layer.reverse)
    )

    def cell_of(place: int) -> Cell:
        matrix, offset = layer.recurrent[place].T, layer.bias[place, layer.hidden :]

        def cell(projected: torch.Tensor, state: list[torch.Tensor]) -> list[torch.Tensor]:
            return [functions[place][0](_clip(projected + torch.addmm(offset, state[0], matrix), clip))]

        return cell

    return _results(layout, *layer.run(cell_of, [layer.states(initial_h, layout)]))


@kernel("GRU")
def gru(
    _: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None = None,
    sequence_lens: torch.Tensor | None = None,
    initial_h: torch.Tensor | None = None,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    layout: int = 0,
    linear_before_reset: int = 0,
    output_sequence: int = 0,
) -> tuple[torch.Tensor, ...]:
    layer = Layer.of(x, weights, recurrent, bias, sequence_lens, direction, layout)
    names = activations or ["Sigmoid", "Tanh"] * len(layer.reverse)
    functions = activations_of(names, 2, activation_alpha, activation_beta, len(layer.reverse))
    size = layer.hidden

    def cell_of(place: int) -> Cell:
        matrix, offset = layer.recurrent[place].T, layer.bias[place, 3 * size :]
        gate, candidate = functions[place]

        def cell(projected: torch.Tensor, state: list[torch.Tensor]) -> list[torch.Tensor]:
            before = state[0]
            gates = torch.addmm(offset[: 2 * size], before, matrix[:, : 2 * size]) + projected[:, : 2 * size]
            update, reset = gate(_clip(gates, clip)).chunk(2, 1)
            if linear_before_reset:
                fed = reset * torch.addmm(offset[2 * size :], before, matrix[:, 2 * size :])
            else:
                fed = torch.addmm(offset[2 * size :], reset * before, matrix[:, 2 * size :])
            fresh = candidate(_clip(projected[:, 2 * size :] + fed, clip))
            return [(1 - update) * fresh + update * before]

        return cell

    return _results(layout, *layer.run(cell_of, [layer.states(initial_h, layout)]))


@kernel("LSTM")
def lstm(
    _: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None = None,
    sequence_lens: torch.Tensor | None = None,
    initial_h: torch.Tensor | None = None,
    initial_c: torch.Tensor | None = None,
    peepholes: torch.Tensor | None = None,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
    layout: int = 0,
    output_sequence: int = 0,
) -> tuple[torch.Tensor, ...]:
    layer = Layer.of(x, weights, recurrent, bias, sequence_lens, direction, layout)
    names = activations or ["Sigmoid", "Tanh", "Tanh"] * len(layer.reverse)
    functions = activations_of(names, 3, activation_alpha, activation_beta, len(layer.reverse))
    states = [layer.states(initial_h, layout), layer.states(initial_c, layout)]
    return _results(layout, *run_lstm(layer, states, peepholes, functions, clip, input_forget, _itself))


def _itself(x: torch.Tensor) -> torch.Tensor:
    return x


def run_lstm(
    layer: Layer,
    states: list[torch.Tensor],
    peepholes: torch.Tensor | None,
    functions: list[list[Activation]],
    clip: float | None,
    input_forget: int,
    seen: Activation,
) -> tuple[torch.Tensor, ...]:
    """All steps of an LSTM, of whose last output the matrices see what `seen` makes of it."""

    def cell_of(place: int) -> Cell:
        peeps = None if peepholes is None else peepholes[place].chunk(3)
        matrix, offset = layer.recurrent[place].T, layer.bias[place, 4 * layer.hidden :]
        inner = _lstm_cell(matrix, offset, functions[place], peeps, clip, input_forget)
        return lambda projected, state: inner(projected, [seen(state[0]), state[1]])

    return layer.run(cell_of, states)


def _lstm_cell(
    matrix: torch.Tensor,
    offset: torch.Tensor,
    functions: list[Activation],
    peeps: tuple[torch.Tensor, ...] | None,
    clip: float | None,
    input_forget: int,
) -> Cell:
    gate, candidate, shown = functions

    def cell(projected: torch.Tensor, state: list[torch.Tensor]) -> list[torch.Tensor]:
        before, memory = state
        into, out, forget, fresh = (projected + torch.addmm(offset, before, matrix)).chunk(4, 1)
        if peeps is not None:
            into, forget = into + peeps[0] * memory, forget + peeps[2] * memory
        opened = gate(_clip(into, clip))
        kept = 1 - opened if input_forget else gate(_clip(forget, clip))
        memory = kept * memory + opened * candidate(_clip(fresh, clip))
        if peeps is not None:
            out = out + peeps[1] * memory
        return [gate(_clip(out, clip)) * shown(memory), memory]

    return cell
