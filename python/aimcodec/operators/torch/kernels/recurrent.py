"""Recurrent networks: RNN, GRU, LSTM."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import torch

from aimcodec.operators.torch.kernels.gates import Activation, activations_of
from aimcodec.operators.torch.recurrence import Cell, Layer
from aimcodec.operators.torch.registry import Context, kernel

LSTM_PRESETS = ["Sigmoid", "Tanh", "Tanh"]


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
    functions = activations_of(activations, ["Tanh"], activation_alpha, activation_beta, len(layer.reverse))

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
    if linear_before_reset and layer.is_plain(activations, clip):
        return _results(layout, *layer.fused(torch.gru, [1, 0, 2], [layer.states(initial_h, layout)]))
    functions = activations_of(activations, ["Sigmoid", "Tanh"], activation_alpha, activation_beta, len(layer.reverse))
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
    functions = activations_of(activations, LSTM_PRESETS, activation_alpha, activation_beta, len(layer.reverse))
    states = [layer.states(initial_h, layout), layer.states(initial_c, layout)]
    if peepholes is None and not input_forget and layer.is_plain(activations, clip):
        return _results(layout, *layer.fused(torch.lstm, [0, 2, 3, 1], states))
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
