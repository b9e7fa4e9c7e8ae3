"""Attention: with its projections, and bare over named branches."""

from typing import ClassVar

from archstat.errors import require
from archstat.ops.base import IO, Autocast, Op, Terms, Weightless, shape_terms
from archstat.ops.checks import check_channels_last, check_numbers
from archstat.ops.gradient import Gathered
from archstat.ops.options import Boolean, MaybePositive, Positive
from archstat.ops.product import Branch, attended, attention_steps, linear_steps
from archstat.ops.reach import EVERYTHING, Read, Routes, but
from archstat.ops.tape import Learned, Mode, Step, Tape, learned
from archstat.tensor import Tensor

SOFTMAX = "scale 1, softmax 5"


class Attention(Op, frozen=True, kw_only=True):
    """Multi-head self-attention between its input and output projections.

    ``kv_heads`` shares keys and values between heads (grouped queries). A causal mask saves nothing: PyTorch's
    kernels, and its counter, work on the full matrix. d is ``head_dim``, C / heads by default.

    Shape:  [N, *, L, C] -> the same
    Params: in_proj_weight [(heads + 2 kv_heads) d, C]; in_proj_bias; out_proj.weight [C, heads d]; out_proj.bias [C]
    MACs:   in_proj L C (heads + 2 kv_heads) d; QK^T and AV heads L L d each; out_proj L heads d C: in all
            4 L C C + 2 L L C
    FLOPs:  2 per MAC; 1 per element for each bias; 6 per element of QK^T: scale 1, softmax 5
    Memory: owns its output
    Source: torch.nn.MultiheadAttention; Vaswani et al., arXiv:1706.03762; Ainslie et al., arXiv:2305.13245
    """

    word: ClassVar[str] = "attention"
    main: ClassVar[str | None] = "heads"
    shareable: ClassVar[bool] = True
    deep: ClassVar[int] = 2

    heads: Positive
    bias: Boolean = True
    causal: Boolean = False
    kv_heads: MaybePositive = None
    head_dim: MaybePositive = None

    def output(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        check_channels_last(self.word, x)
        require(len(x.shape) > 2, f"'attention' needs [L, C], but its input is {x.describe()}")
        require(
            self.head_dim is not None or x.channels % self.heads == 0,
            f"'attention' heads {self.heads} must divide the channels {x.channels}",
        )
        check_groups(self.word, self.heads, self.kv_heads)
        return x.with_shape(*x.shape)

    def params(self, io: IO) -> Terms:
        inner, outer = self._widths(io)
        c = io.x.channels
        terms: Terms = {"in_proj_weight": (inner, c), "out_proj.weight": (c, outer)}
        return {**terms, "in_proj_bias": (inner,), "out_proj.bias": (c,)} if self.bias else terms

    def buffers(self, io: IO) -> Terms:
        return {}

    def macs(self, io: IO) -> Terms:
        inner, outer = self._widths(io)
        *batch, length, c = io.x.shape
        scores = (*batch, self.heads, length, length, outer // self.heads)
        return {
            "in_proj": (*batch, length, inner, c),
            "QK^T": scores,
            "AV": scores,
            "out_proj": (*batch, length, outer, c),
        }

    def flops(self, io: IO) -> Terms:
        inner, _ = self._widths(io)
        *batch, length, c = io.x.shape
        twice = {label: (2, *factors) for label, factors in self.macs(io).items()}
        biases = shape_terms(
            in_proj_bias=(*batch, length, inner) if self.bias else None,
            out_proj_bias=(*batch, length, c) if self.bias else None,
        )
        return {**twice, **biases, SOFTMAX: (*batch, self.heads, length, length, 6)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        last = len(io.x.shape) - 1
        return (but(io.x, {last - 1: EVERYTHING, last: EVERYTHING}),)

    def _widths(self, io: IO) -> tuple[int, int]:
        """Return the width of queries, keys and values together, and of the queries alone."""
        d = self.head_dim or io.x.channels // self.heads
        return (self.heads + 2 * (self.kv_heads or self.heads)) * d, self.heads * d

    def _part(
        self, tape: Tape, qkv: Tensor, at: int, width: int, heads: int, *, first: bool
    ) -> Branch:
        """Record one part of the split projection: a view."""
        part = qkv.viewed((*qkv.shape[:-1], width), qkv.steps(), qkv.channel_dim)
        return Branch(
            part, tape.add((at,), part, shares=0, gradients=(Gathered(last=first),)), heads
        )

    def _projection(self, prefix: str) -> tuple[Learned, ...]:
        return learned([f"{prefix}weight", f"{prefix}bias"] if self.bias else [f"{prefix}weight"])

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        inner, outer = self._widths(io)
        x, tape, kv = io.x, Tape(1), self.kv_heads or self.heads
        qkv, y = x.with_shape(*x.shape[:-1], inner), x.with_shape(*x.shape[:-1], outer)
        at = heads_at = linear_steps(tape, x, 0, qkv, self._projection("in_proj_"), mode, "in_proj")
        side = (inner - outer) // 2
        q, k, v = (
            self._part(tape, qkv, at, width, heads, first=i == 0)
            for i, (width, heads) in enumerate(((outer, self.heads), (side, kv), (side, kv)))
        )
        y = attended((q, k, v), y)
        product, at = attention_steps(tape, (q, k, v), y, mode, causal=self.causal)
        linear_steps(tape, y, at, io.y, self._projection("out_proj."), mode, "out_proj")
        tape.hold(heads_at)
        tape.hold(product)
        return tuple(tape.steps)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "lowers"

    def backward_macs(self, io: IO, needs: tuple[bool, ...], trained: bool) -> Terms:
        macs, inner = self.macs(io), any(needs) or trained
        asked = {
            "in_proj": (any(needs), trained),
            "QK^T": (inner, inner),
            "AV": (inner, inner),
            "out_proj": (inner, trained),
        }
        return {
            f"{label}, gradient {i + 1}": macs[label]
            for label, both in asked.items()
            for i, needed in enumerate(both)
            if needed
        }


class ScaledDotProduct(Weightless, frozen=True, kw_only=True):
    """softmax(Q K^T / sqrt d) V over branches named q, k and v, in one or more heads.

    Shape:  q [N, *, L, heads d], k [N, *, S, kv_heads d], v [N, *, S, kv_heads e] -> [N, *, L, heads e]
    Params: none
    MACs:   QK^T heads L S d; AV heads L S e
    FLOPs:  2 per MAC; 6 per element of QK^T: scale 1, softmax 5
    Memory: owns its output
    Source: torch.nn.functional.scaled_dot_product_attention; Vaswani et al., arXiv:1706.03762
    """

    word: ClassVar[str] = "scaled_dot_product"
    main: ClassVar[str | None] = None
    arity: ClassVar[int | None] = None
    roles: ClassVar[tuple[str, ...]] = ("q", "k", "v")

    heads: Positive = 1
    causal: Boolean = False
    kv_heads: MaybePositive = None

    def output(self, *inputs: Tensor) -> Tensor:
        require(len(inputs) == 3, f"'{self.word}' takes the branches q, k, v")
        q, k, v = inputs
        for name, x in zip(self.roles, inputs, strict=True):
            check_channels_last(self.word, x)
            check_numbers(self.word, x)
            require(
                len(x.shape) > 2 and len(x.shape) == len(q.shape),
                f"'{self.word}' needs [L, C], but branch '{name}' gives {x.describe()}",
            )
        check_groups(self.word, self.heads, self.kv_heads)
        groups = self.kv_heads or self.heads
        for name, x, heads in ("q", q, self.heads), ("k", k, groups), ("v", v, groups):
            require(
                x.channels % heads == 0,
                f"'{self.word}' heads {heads} must divide the channels of branch '{name}', {x.channels}",
            )
        require(
            q.channels // self.heads == k.channels // groups,
            f"'{self.word}' needs q and k of one width per head, "
            f"not {q.channels // self.heads} and {k.channels // groups}",
        )
        require(
            q.batch == k.batch == v.batch,
            f"'{self.word}' needs branches of one batch, but one of them is the same for every sample",
            hint="give it the batch first, as by adding it to what comes from the input; or say --batch 1",
        )
        for name, x, n in ("k", k, -2), ("v", v, -2):
            require(
                x.shape[1:n] == q.shape[1:n] and x.shape[-2] == k.shape[-2],
                f"{self.word}: branch '{name}' gives {x.describe()} beside q's {q.describe()} "
                f"and k's {k.describe()}: lengths must agree",
            )
        y = q.with_shape(*q.shape[:-1], v.channels // groups * self.heads)
        return attended(self._branches(inputs), y)

    def macs(self, io: IO) -> Terms:
        q, k, _ = io.inputs
        scores = (*q.shape[:-2], self.heads, q.shape[-2], k.shape[-2])
        return {
            "QK^T": (*scores, q.channels // self.heads),
            "AV": (*scores, io.y.channels // self.heads),
        }

    def flops(self, io: IO) -> Terms:
        twice = {label: (2, *factors) for label, factors in self.macs(io).items()}
        return {**twice, SOFTMAX: (*self.macs(io)["QK^T"][:-1], 6)}

    def storage(self, io: IO, *, training: bool = False) -> int | None:
        return None

    def reach(self, io: IO) -> Routes:
        last = len(io.y.shape) - 1
        q, k, v = io.inputs
        both: dict[int, Read] = {last - 1: EVERYTHING, last: EVERYTHING}
        return (but(q, {last: EVERYTHING}), but(k, both, 1), but(v, both, 2))

    def tape(self, io: IO, mode: Mode) -> tuple[Step, ...]:
        tape = Tape(3)
        attention_steps(tape, self._branches(io.inputs), io.y, mode, causal=self.causal)
        return tuple(tape.steps)

    def autocast(self, x: Tensor, mode: Mode) -> Autocast:
        return "lowers"

    def _branches(self, inputs: tuple[Tensor, ...]) -> tuple[Branch, Branch, Branch]:
        groups = self.kv_heads or self.heads
        q, k, v = map(Branch, inputs, range(3), (self.heads, groups, groups))
        return q, k, v

    def backward_macs(self, io: IO, needs: tuple[bool, ...], trained: bool) -> Terms:
        q, k, v = needs
        macs = self.macs(io)
        asked = {"QK^T": {"q": q, "k": k}, "AV": {"scores": q or k, "v": v}}
        return {
            f"{label}, gradient of {name}": macs[label]
            for label, names in asked.items()
            for name, needed in names.items()
            if needed
        }


def check_groups(word: str, heads: int, kv_heads: int | None) -> None:
    """Refuse key and value heads that can't be shared evenly."""
    require(
        heads % (kv_heads or heads) == 0,
        f"'{word}' kv_heads {kv_heads} must divide the heads {heads}",
    )
