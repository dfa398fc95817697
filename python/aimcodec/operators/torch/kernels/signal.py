"""Signals: Fourier transforms, windows, mel scale."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.kernels.casting import name_of
from aimcodec.operators.torch.numbers import axis_of
from aimcodec.operators.torch.registry import Context, kernel


def _complex(x: torch.Tensor) -> torch.Tensor:
    """[..., 1] or [..., 2] as complex numbers."""
    if x.shape[-1] == 1:
        return torch.complex(x[..., 0], torch.zeros_like(x[..., 0]))
    if x.shape[-1] != 2:
        raise InconsistentError(f"a last dimension of {x.shape[-1]} is neither real nor complex")
    return torch.view_as_complex(x.contiguous())


def _dft(
    context: Context, x: torch.Tensor, length: torch.Tensor | None, axis: int, inverse: int, onesided: int
) -> torch.Tensor:
    place = axis_of(axis, x.ndim)
    if place == x.ndim - 1:
        raise InconsistentError("the last axis is that of real and imaginary parts")
    wide = x if x.dtype == torch.float64 else x.float()
    whole = 2 * (x.shape[place] - 1) if onesided and inverse else x.shape[place]
    count = whole if length is None else int(length)
    context.check_shape([*x.shape[:place], count, *x.shape[place + 1 :]])
    if onesided and inverse:
        result: torch.Tensor = torch.fft.irfft(_complex(wide), count, place).unsqueeze(-1)
    else:
        transformed = (torch.fft.ifft if inverse else torch.fft.fft)(_complex(wide), count, place)
        if onesided:
            transformed = transformed.narrow(place, 0, count // 2 + 1)
        result = torch.view_as_real(transformed)
    return result.to(x.dtype)


@kernel("DFT", since=17)
def dft_17(
    context: Context,
    x: torch.Tensor,
    length: torch.Tensor | None = None,
    *,
    axis: int = 1,
    inverse: int = 0,
    onesided: int = 0,
) -> torch.Tensor:
    return _dft(context, x, length, axis, inverse, onesided)


@kernel("DFT", since=20)
def dft(
    context: Context,
    x: torch.Tensor,
    length: torch.Tensor | None = None,
    axis: torch.Tensor | None = None,
    *,
    inverse: int = 0,
    onesided: int = 0,
) -> torch.Tensor:
    return _dft(context, x, length, -2 if axis is None else int(axis), inverse, onesided)


@kernel("STFT", since=17)
def stft(
    context: Context,
    signal: torch.Tensor,
    frame_step: torch.Tensor,
    window: torch.Tensor | None = None,
    frame_length: torch.Tensor | None = None,
    *,
    onesided: int = 1,
) -> torch.Tensor:
    step = int(frame_step)
    length = signal.shape[1]
    if frame_length is not None:
        length = int(frame_length)
    elif window is not None:
        length = window.shape[0]
    if step < 1 or not 1 <= length <= signal.shape[1]:
        raise InconsistentError(f"frames of {length} every {step} of {signal.shape[1]}")
    wide = signal if signal.ndim == 3 else signal.unsqueeze(-1)
    frames = wide.unfold(1, length, step).movedim(-1, 2)  # [batch, frames, length, 1 or 2]
    context.check_shape([*frames.shape[:3], 2])
    if window is not None:
        frames = frames * window.reshape(-1, 1)
    return _dft(context, frames, None, 2, 0, onesided)


def _window(
    context: Context, size: torch.Tensor, periodic: int, datatype: int, factors: tuple[float, float, float]
) -> torch.Tensor:
    count = int(size)
    context.check_shape([max(count, 0)])
    angle = torch.arange(count, dtype=torch.float64) * (2 * math.pi / max(1, count if periodic else count - 1))
    first, second, third = factors
    result = first - second * torch.cos(angle) + third * torch.cos(2 * angle)
    return result.to(torch_type(name_of(datatype)))


@kernel("HannWindow")
def hann_window(context: Context, size: torch.Tensor, *, output_datatype: int = 1, periodic: int = 1) -> torch.Tensor:
    return _window(context, size, periodic, output_datatype, (0.5, 0.5, 0.0))


@kernel("HammingWindow")
def hamming_window(
    context: Context, size: torch.Tensor, *, output_datatype: int = 1, periodic: int = 1
) -> torch.Tensor:
    return _window(context, size, periodic, output_datatype, (25 / 46, 21 / 46, 0.0))


@kernel("BlackmanWindow")
def blackman_window(
    context: Context, size: torch.Tensor, *, output_datatype: int = 1, periodic: int = 1
) -> torch.Tensor:
    return _window(context, size, periodic, output_datatype, (0.42, 0.5, 0.08))


@kernel("MelWeightMatrix")
def mel_weight_matrix(
    context: Context,
    num_mel_bins: torch.Tensor,
    dft_length: torch.Tensor,
    sample_rate: torch.Tensor,
    lower_edge_hertz: torch.Tensor,
    upper_edge_hertz: torch.Tensor,
    *,
    output_datatype: int = 1,
) -> torch.Tensor:
    bins, length, rate = int(num_mel_bins), int(dft_length), int(sample_rate)
    spectrum = length // 2 + 1
    if bins < 0 or length < 1 or rate < 1:
        raise InconsistentError(f"{bins} bins of transforms of {length} at {rate} Hz")
    context.check_shape([spectrum, bins])
    low, high = (2595 * math.log10(1 + float(edge) / 700) for edge in (lower_edge_hertz, upper_edge_hertz))
    mels = low + torch.arange(bins + 2, dtype=torch.float64) * ((high - low) / (bins + 2))
    edges = torch.floor((length + 1) * (700 * (10 ** (mels / 2595) - 1)) / rate)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    place = torch.arange(spectrum, dtype=torch.float64).unsqueeze(1)
    rising = torch.where(centre == lower, (place == centre).double(), (place - lower) / (centre - lower))
    falling = torch.where(upper == centre, torch.zeros(()).double(), (upper - place) / (upper - centre))
    weights = torch.where((place >= lower) & (place <= centre), rising, torch.zeros(()).double())
    weights = torch.where((place > centre) & (place < upper), falling, weights)
    return weights.to(torch_type(name_of(output_datatype)))
