"""Operators that quantisation with ONNX Runtime puts into models (domain com.microsoft).

The range of the state of an LSTM is taken over the whole batch, as ONNX Runtime does with one thread; with more it is
that of the rows of each thread, so that its results depend on their number.
"""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX Runtime describes

from __future__ import annotations

import torch

from aimcodec.operators.torch.kernels.gates import activations_of
from aimcodec.operators.torch.kernels.quantization import dynamic_quantize_linear
from aimcodec.operators.torch.kernels.recurrent import LSTM_PRESETS, run_lstm
from aimcodec.operators.torch.recurrence import Layer
from aimcodec.operators.torch.registry import Context, kernel


def _quantised(context: Context, x: torch.Tensor) -> torch.Tensor:
    """Numbers quantised to 8 bits by their range, and back."""
    codes, scale, zero = dynamic_quantize_linear(context, x)
    return (codes.float() - zero.float()) * scale


def _weights(codes: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor) -> torch.Tensor:
    """[directions, inputs, gates] of 8 bits, with a scale for each direction or gate, as LSTM has weights."""
    wide = codes.float() - zero.float().reshape(codes.shape[0], 1, -1)
    return (wide * scale.reshape(codes.shape[0], 1, -1)).transpose(1, 2)


@kernel("DynamicQuantizeLSTM", domain="com.microsoft")
def dynamic_quantize_lstm(
    context: Context,
    x: torch.Tensor,
    weights: torch.Tensor,
    recurrent: torch.Tensor,
    bias: torch.Tensor | None,
    sequence_lens: torch.Tensor | None,
    initial_h: torch.Tensor | None,
    initial_c: torch.Tensor | None,
    peepholes: torch.Tensor | None,
    w_scale: torch.Tensor,
    w_zero: torch.Tensor,
    r_scale: torch.Tensor,
    r_zero: torch.Tensor,
    *,
    activation_alpha: list[float] | None = None,
    activation_beta: list[float] | None = None,
    activations: list[str] | None = None,
    clip: float | None = None,
    direction: str = "forward",
    hidden_size: int | None = None,
    input_forget: int = 0,
) -> tuple[torch.Tensor, ...]:
    plain, matrices = _weights(weights, w_scale, w_zero), _weights(recurrent, r_scale, r_zero)
    layer = Layer.of(_quantised(context, x), plain, matrices, bias, sequence_lens, direction, 0)
    functions = activations_of(activations, LSTM_PRESETS, activation_alpha, activation_beta, len(layer.reverse))
    states = [layer.states(initial_h, 0), layer.states(initial_c, 0)]
    return run_lstm(layer, states, peepholes, functions, clip, input_forget, lambda h: _quantised(context, h))
