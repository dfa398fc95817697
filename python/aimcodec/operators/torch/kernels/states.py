"""Linear attention: a state that each token changes."""

# ruff: noqa: D103  functions are named after operators, which the text of ONNX describes

from __future__ import annotations

import math

import torch

from aimcodec.errors import InconsistentError, UnsupportedError
from aimcodec.operators.torch.registry import Context, kernel

RULES = {"linear", "gated", "delta", "gated_delta"}


@kernel("LinearAttention")
def linear_attention(
    _: Context,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    past: torch.Tensor | None = None,
    decay: torch.Tensor | None = None,
    beta: torch.Tensor | None = None,
    *,
    kv_num_heads: int,
    q_num_heads: int,
    chunk_size: int = 64,
    scale: float = 0.0,
    update_rule: str = "gated_delta",
) -> tuple[torch.Tensor, torch.Tensor]:
    if update_rule not in RULES:
        raise UnsupportedError(f"the update rule {update_rule!r}")
    if kv_num_heads < 1 or q_num_heads % kv_num_heads:
        raise InconsistentError(f"{q_num_heads} heads of queries for {kv_num_heads} of keys")
    batch, tokens, _width = query.shape
    wide = torch.promote_types(query.dtype, torch.float32)
    q = query.to(wide).reshape(batch, tokens, q_num_heads, -1)
    k = key.to(wide).reshape(batch, tokens, kv_num_heads, -1)
    v = value.to(wide).reshape(batch, tokens, kv_num_heads, -1)
    factor = scale or 1 / math.sqrt(q.shape[-1])
    state = torch.zeros(batch, kv_num_heads, k.shape[-1], v.shape[-1], dtype=wide) if past is None else past.to(wide)
    gates = _per_head(decay, "gated" in update_rule, batch, tokens, kv_num_heads, wide)
    rates = _per_head(beta, "delta" in update_rule, batch, tokens, kv_num_heads, wide)
    outputs = []
    for token in range(tokens):
        if gates is not None:
            state = state * torch.exp(gates[:, token]).unsqueeze(-1)
        added = v[:, token]
        if rates is not None:
            added = rates[:, token] * (added - torch.einsum("bhkv,bhk->bhv", state, k[:, token]))
        state = state + k[:, token].unsqueeze(-1) * added.unsqueeze(-2)
        shared = state.repeat_interleave(q_num_heads // kv_num_heads, 1)
        outputs.append(factor * torch.einsum("bhkv,bhk->bhv", shared, q[:, token]))
    whole = torch.stack(outputs, 1).reshape(batch, tokens, -1).to(query.dtype)
    return whole, state.to(query.dtype if past is None else past.dtype)


def _per_head(
    values: torch.Tensor | None, needed: bool, batch: int, tokens: int, heads: int, wide: torch.dtype
) -> torch.Tensor | None:
    """Numbers of a head, one or one for each key dimension; or one for all heads."""
    if not needed:
        return None
    if values is None:
        raise InconsistentError("the update rule needs decay or beta")
    return values.to(wide).reshape(batch, tokens, 1 if values.shape[-1] == 1 else heads, -1)
