"""The few modules that torch.nn has not. ``archstat graph -f torch`` prints their source, so they import only torch."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


class Parameter(nn.Module):
    """A learnable tensor of its own, with a batch of one."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, *_: Any) -> Any:
        return self.weight[None]


class Buffer(nn.Module):
    """A tensor that is kept and not learned, with a batch of one; a mask, say, to be filled in."""

    def __init__(self, *shape: int, dtype: str = "float32") -> None:
        super().__init__()
        self.register_buffer("tensor", torch.zeros(shape, dtype=getattr(torch, dtype)))

    def forward(self, *_: Any) -> Any:
        return self.tensor[None]


class DropPath(nn.Module):
    """Stochastic depth by row, as torchvision's stochastic_depth."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        keep = 1 - self.p
        noise = torch.empty([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x * noise.bernoulli_(keep).div_(keep)


class Attend(nn.Module):
    """Scaled dot-product attention over q, k, v of shape [N, L, heads * d]; k and v may have fewer heads."""

    def __init__(self, heads: int, kv_heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.causal = heads, kv_heads, causal

    def forward(self, q: Any, k: Any, v: Any) -> Any:
        q, k, v = (
            x.unflatten(-1, (heads, -1)).transpose(-2, -3)
            for x, heads in ((q, self.heads), (k, self.kv_heads), (v, self.kv_heads))
        )
        grouped = self.heads != self.kv_heads
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal, enable_gqa=grouped)
        return y.transpose(-2, -3).flatten(-2)


class SelfAttention(nn.Module):
    """Multi-head self-attention under the names of nn.MultiheadAttention; k and v may have fewer heads."""

    def __init__(
        self, channels: int, heads: int, kv_heads: int, head_dim: int, causal: bool, bias: bool
    ) -> None:
        super().__init__()
        self.head_dim, self.causal, self.grouped = head_dim, causal, heads != kv_heads
        self.split = [heads * head_dim, kv_heads * head_dim, kv_heads * head_dim]
        self.in_proj_weight = nn.Parameter(torch.empty(sum(self.split), channels))
        self.in_proj_bias = nn.Parameter(torch.zeros(sum(self.split))) if bias else None
        self.out_proj = nn.Linear(heads * head_dim, channels, bias=bias)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Any) -> Any:
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias).split(self.split, dim=-1)
        q, k, v = (part.unflatten(-1, (-1, self.head_dim)).transpose(-2, -3) for part in qkv)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal, enable_gqa=self.grouped)
        return self.out_proj(y.transpose(-2, -3).flatten(-2))
