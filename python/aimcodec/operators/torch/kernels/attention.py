"""Attention, and what goes with it in transformers."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import torch

from aimcodec.errors import InconsistentError
from aimcodec.operators.torch.elements import torch_type
from aimcodec.operators.torch.kernels.casting import name_of
from aimcodec.operators.torch.registry import Context, kernel


def _heads(x: torch.Tensor, count: int) -> torch.Tensor:
    """[batch, tokens, heads * size] as [batch, heads, tokens, size]."""
    if x.ndim == 4:
        return x
    if count < 1 or x.ndim != 3 or x.shape[2] % count:
        raise InconsistentError(f"{list(x.shape)} in {count} heads")
    return x.reshape(x.shape[0], x.shape[1], count, -1).transpose(1, 2)


@kernel("Attention", since=23)
def attention(
    context: Context,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None = None,
    past_key: torch.Tensor | None = None,
    past_value: torch.Tensor | None = None,
    lengths: torch.Tensor | None = None,
    *,
    is_causal: int = 0,
    kv_num_heads: int = 0,
    left_window_size: int = -1,
    q_num_heads: int = 0,
    qk_matmul_output_mode: int = 0,
    right_window_size: int = -1,
    scale: float | None = None,
    softcap: float = 0.0,
    softmax_precision: int | None = None,
) -> tuple[torch.Tensor, ...]:
    q, k, v = _heads(query, q_num_heads), _heads(key, kv_num_heads), _heads(value, kv_num_heads)
    if past_key is not None and past_value is not None:
        k, v = torch.cat([past_key, k], 2), torch.cat([past_value, v], 2)
    present = (k, v)
    if q.shape[1] % k.shape[1]:
        raise InconsistentError(f"{q.shape[1]} heads of queries for {k.shape[1]} of keys")
    k, v = (t.repeat_interleave(q.shape[1] // t.shape[1], 1) for t in (k, v))
    root = math.sqrt(1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    stages = [torch.matmul(q * root, (k * root).transpose(-1, -2))]
    stages.append(softcap * torch.tanh(stages[0] / softcap) if softcap else stages[0])
    allowed = _allowed(q, k, past_key, lengths, is_causal, left_window_size, right_window_size)
    biased, empty = _biased(stages[1], mask, allowed)
    stages.append(biased)
    kind = torch_type(name_of(softmax_precision)) if softmax_precision else biased.dtype
    weights = torch.softmax(biased.to(kind), -1).to(q.dtype)
    if empty is not None:
        weights = torch.where(empty, torch.zeros_like(weights), weights)
    stages.append(weights)
    result = torch.matmul(weights.to(v.dtype), v)
    if query.ndim == 3:
        result = result.transpose(1, 2).reshape(query.shape[0], query.shape[1], -1)
    return result, *present, stages[qk_matmul_output_mode]


def _allowed(
    q: torch.Tensor,
    k: torch.Tensor,
    past_key: torch.Tensor | None,
    lengths: torch.Tensor | None,
    is_causal: int,
    left: int,
    right: int,
) -> torch.Tensor | None:
    """Which keys a query may see, apart from the mask: [1 or batch, 1, queries, keys]."""
    queries, keys = q.shape[2], k.shape[2]
    places = torch.arange(keys).reshape(1, 1, 1, -1)
    offset = torch.tensor(0 if past_key is None else past_key.shape[2]).reshape(1, 1, 1, 1)
    allowed = None
    if lengths is not None:
        allowed = places < lengths.reshape(-1, 1, 1, 1)
        if past_key is None:
            offset = lengths.reshape(-1, 1, 1, 1) - queries
    now = torch.arange(queries).reshape(1, 1, -1, 1) + offset
    limits = [places <= now] if is_causal else []
    if right >= 0:
        limits.append(places <= now + right)
    if left >= 0:
        limits.append(places >= now - left)
    for limit in limits:
        allowed = limit if allowed is None else allowed & limit
    return allowed


def _biased(
    scores: torch.Tensor, mask: torch.Tensor | None, allowed: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Scores with the mask, and which queries see no key at all."""
    if mask is not None:
        missing = scores.shape[-1] - mask.shape[-1]
        if missing > 0:  # keys behind the mask are not seen
            fill = False if mask.dtype == torch.bool else -math.inf
            mask = torch.nn.functional.pad(mask, (0, missing), value=fill)
        if mask.dtype == torch.bool:
            allowed = mask if allowed is None else allowed & mask
        else:
            scores = scores + mask
    if allowed is not None:
        scores = scores.masked_fill(~allowed, -math.inf)
    if mask is None and allowed is None:
        return scores, None
    return scores, (scores == -math.inf).all(-1, keepdim=True)


@kernel("RotaryEmbedding", since=23)
def rotary_embedding(
    _: Context,
    x: torch.Tensor,
    cosines: torch.Tensor,
    sines: torch.Tensor,
    positions: torch.Tensor | None = None,
    *,
    interleaved: int = 0,
    num_heads: int = 0,
    rotary_embedding_dim: int = 0,
) -> torch.Tensor:
    heads = _heads(x, num_heads).transpose(1, 2)  # [batch, tokens, heads, size]
    size = rotary_embedding_dim or heads.shape[-1]
    turned, rest = heads[..., :size], heads[..., size:]
    if positions is not None:
        cosines, sines = cosines[positions], sines[positions]
    if cosines.shape[-1] * 2 != size:
        raise InconsistentError(f"{cosines.shape[-1]} cosines for {size} numbers")
    cosine, sine = cosines.unsqueeze(2), sines.unsqueeze(2)
    if interleaved:
        first, second = turned[..., 0::2], turned[..., 1::2]
    else:
        first, second = turned[..., : size // 2], turned[..., size // 2 :]
    real, imaginary = cosine * first - sine * second, sine * first + cosine * second
    if interleaved:
        both = torch.stack([real, imaginary], -1).flatten(-2)
    else:
        both = torch.cat([real, imaginary], -1)
    result = torch.cat([both, rest], -1)
    return result.transpose(1, 2) if x.ndim == 4 else result.reshape(x.shape)


@kernel("SwiGLU", since=28)
def swiglu(_: Context, gate: torch.Tensor, value: torch.Tensor, *, alpha: float = 1.0) -> torch.Tensor:
    if gate.shape != value.shape:
        raise InconsistentError(f"a gate of shape {list(gate.shape)} for {list(value.shape)}")
    return gate * torch.sigmoid(alpha * gate) * value
