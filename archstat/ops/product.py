"""Matrix products as PyTorch runs them: with a weight, of two tensors, and inside attention."""

from math import prod

import msgspec

from archstat.ops.gradient import ELEMENTWISE, RESHAPED, SAME, VIEWED_ZEROS, ZEROS, Permuted
from archstat.ops.tape import PRODUCT, RESULT, WEIGHT, Learned, Mode, Save, Tape, extra
from archstat.tensor import HALVES, Shape, Tensor, view_strides


def linear_steps(
    tape: Tape,
    x: Tensor,
    at: int,
    y: Tensor,
    learns: tuple[Learned, ...],
    mode: Mode,
    macs: str = "weight",
) -> int:
    """Record a matrix product with a weight; where the rows can't be viewed as a matrix, of a copy.

    ``learns`` are the weight and, if there is one, the bias. Where the input isn't row-major that is added apart.
    """
    kept = (Save("input", 0, WEIGHT), Save("weight", WEIGHT, 0))
    weight, *biases = learns
    learns = (msgspec.structs.replace(weight, viewed=True), *biases)
    if view_strides(x, (x.numel // x.shape[-1], x.shape[-1])) is None:
        copy = x.with_shape(*x.shape)
        at, kept = tape.add((at,), copy, gradients=(SAME,)), (Save("copy", 0, WEIGHT), kept[1])
    else:
        learns = (learns[0], *(Learned(bias.name, added=True) for bias in biases))
    flow = VIEWED_ZEROS if len(x.shape) > 2 else ZEROS
    if mode.watched and biases and x.strides is not None and len(x.shape) > 2:
        at = tape.add((at,), y, saves=kept, learns=learns[:1], gradients=(flow,), macs=(macs,))
        added = tuple(Learned(bias.name, added=True) for bias in biases)
        return tape.add((at,), y, learns=added, gradients=(SAME,))
    return tape.add((at,), y, saves=kept, learns=learns, gradients=(flow,), macs=(macs,))


def matmul_steps(
    tape: Tape, operands: tuple[tuple[Tensor, int], ...], y: Tensor, macs: str = "product"
) -> int:
    """Record torch.matmul; an operand that can't be viewed as a batch of matrices is copied first."""
    ready = []
    for x, at in operands:
        shape: Shape = (*y.shape[:-2], *x.shape[-2:])
        full = x.expanded(*shape)
        if view_strides(full, (prod(y.shape[:-2]), *x.shape[-2:])) is None:
            at = tape.add((at,), x.with_shape(*shape), gradients=(SAME,))
        ready.append(at)
    flat = y.with_shape(prod(y.shape[:-2]), *y.shape[-2:], channel_dim=1)
    flows = (VIEWED_ZEROS, VIEWED_ZEROS)
    at = tape.add(tuple(ready), flat, saves=PRODUCT, gradients=flows, macs=(macs,))
    return tape.add((at,), y, shares=0, gradients=(RESHAPED,))


FLASH_STEP = 8
"""To a multiple of this the heads' depth is padded for the flash kernel."""

DEEPEST = 256
"""The deepest heads that it takes."""


class Branch(msgspec.Struct, frozen=True):
    """A tensor [N, *, L, heads * d] that is seen as [N, *, heads, L, d], and the value it is."""

    x: Tensor
    at: int
    heads: int

    @property
    def depth(self) -> int:
        return self.x.shape[-1] // self.heads

    def viewed(self, tape: Tape) -> tuple[Tensor, int]:
        """Record the view; return it and its value."""
        *outer, length, width = self.x.shape
        *steps, step = self.x.steps()
        depth = width // self.heads
        split = self.x.viewed(
            (*outer, length, self.heads, depth), (*steps, depth * step, step), len(outer)
        )
        order = swapped(len(outer) + 3, -3)
        view, back = split.permuted(order), Permuted(dims=order, then=split)
        return view, tape.add((self.at,), view, shares=0, gradients=(back,))


def attention_steps(
    tape: Tape, branches: tuple[Branch, Branch, Branch], y: Tensor, mode: Mode, *, causal: bool
) -> tuple[int, int]:
    """Record scaled_dot_product_attention: one kernel where PyTorch has one, else its products and softmax.

    Return what it gives, its heads apart, and ``y``, in which they stand side by side.
    """
    q, k, v = branches
    kernel = _kernel(branches, mode, causal=causal)
    if kernel == "math":
        return _math(tape, branches, y, mode, causal=causal)
    if kernel == "flash" and q.depth % FLASH_STEP:
        return _padded_flash(tape, branches, y)
    at = _attend(tape, q, (q.at, k.at, v.at), y, kernel)
    return at, at


def _attend(tape: Tape, q: Branch, inputs: tuple[int, int, int], y: Tensor, kernel: str) -> int:
    """Record a kernel, and what it keeps."""
    rows = (q.x.batch, q.heads, q.x.shape[-2])
    kept = (Save("q", 0), Save("k", 1), Save("v", 2), *RESULT)
    if kernel == "efficient":
        rows = (*rows[:-1], -(-rows[-1] // 32) * 32)
    sums = "float64" if q.x.dtype == "float64" else "float32"
    saves: tuple[Save, ...] = (*kept, extra("logsumexp", *rows, dtype=sums))
    words = {"efficient": 2, "flash": 3}.get(kernel)
    if words:
        saves = (*saves, extra("random state", words, dtype="int64"))
    return tape.add(
        inputs,
        y,
        saves=saves,
        gradients=(VIEWED_ZEROS, VIEWED_ZEROS, VIEWED_ZEROS),
        macs=("QK^T", "AV"),
        unasked=True,
    )


def _kernel(branches: tuple[Branch, Branch, Branch], mode: Mode, *, causal: bool = False) -> str:
    """Return what runs attention: as PyTorch chooses on a GPU of compute capability 8 or more, but for cuDNN's."""
    q, k, v = branches
    even = q.depth == v.depth
    if len(q.x.shape) != 3 or any(b.x.steps()[-1] != 1 for b in branches):
        return "math"
    if mode.device == "cpu":
        return "flash for the CPU" if even else "math"
    half = q.x.dtype in HALVES
    square = q.x.shape[-2] == k.x.shape[-2] or not causal
    if half and even and q.depth <= DEEPEST and square:
        return "flash"
    step = 8 if half else 4
    fits = q.x.dtype != "float64" and q.heads == k.heads
    return "efficient" if fits and q.depth % step == v.depth % step == 0 else "math"


def _padded_flash(
    tape: Tape, branches: tuple[Branch, Branch, Branch], y: Tensor
) -> tuple[int, int]:
    """Record the kernel on heads that are padded to whole steps, and cut again."""
    ready = []
    for branch in branches:
        x, at = branch.viewed(tape)
        wide = x.with_shape(*x.shape[:-1], -(-x.shape[-1] // FLASH_STEP) * FLASH_STEP)
        ready.append((wide, tape.add((at,), wide, gradients=(ZEROS,))))
    (wide, q), (_, k), (_, v) = ready
    full = _attend(tape, branches[0], (q, k, v), wide.fresh(), "flash")
    cut = wide.viewed((*wide.shape[:-1], branches[0].depth), wide.steps(), wide.channel_dim)
    at = tape.add((full,), cut, shares=0, gradients=(ZEROS,))
    for value in (q, k, v):
        tape.hold(value)
    return _joined(tape, cut, at, y)


def _math(
    tape: Tape, branches: tuple[Branch, Branch, Branch], y: Tensor, mode: Mode, *, causal: bool
) -> tuple[int, int]:
    """Record the products as PyTorch runs them where it has no kernel, half precision in float32."""
    ready = [b.viewed(tape) for b in branches]
    if y.dtype in HALVES:
        wide = [x.fresh().with_dtype("float32") for x, _ in ready]
        ready = [(x, tape.add((at,), x)) for x, (_, at) in zip(wide, ready, strict=True)]
    held = [at for _, at in ready]
    (q, at_q), *others = ready
    q = q.fresh()
    at_q = tape.add((at_q,), q, gradients=(ELEMENTWISE,))
    scores = q.with_shape(*q.shape[:-1], others[0][0].shape[-2])
    mask = _causal_mask(tape, Tensor(scores.shape[-2:], scores.dtype)) if causal else None
    if branches[0].heads != branches[1].heads:
        wide = [x.with_shape(*x.shape[:-3], q.shape[-3], *x.shape[-2:]) for x, _ in others]
        others = [
            (x, tape.add((at,), x, gradients=(SAME,)))
            for x, (_, at) in zip(wide, others, strict=True)
        ]
        held += [at for _, at in others]
    (k, at_k), (v, at_v) = others
    order = swapped(len(k.shape), -2)
    k = k.permuted(order)
    at_k = tape.add((at_k,), k, shares=0, gradients=(Permuted(dims=order),))
    k = k.fresh()
    at_k = tape.add((at_k,), k, gradients=(ELEMENTWISE,))
    at = matmul_steps(tape, ((q, at_q), (k, at_k)), scores, "QK^T")
    tape.hold(at_k)
    if mask is not None:
        shares = None if mode.watched else 0
        at = tape.add((at, mask), scores, shares=shares, gradients=(SAME,))
        held.append(mask)
    at = tape.add((at,), scores, saves=RESULT)
    held += [at_q, at]
    if scores.dtype != y.dtype:
        held.append(
            tape.add((at,), scores.with_dtype(y.dtype))
        )  # the weights, which are returned, too
    mixed = q.with_shape(*q.shape[:-1], v.shape[-1])
    at = matmul_steps(tape, ((scores, at), (v, at_v)), mixed, "AV")
    if mixed.dtype != y.dtype:
        at = tape.add((at,), mixed.with_dtype(y.dtype))
    for value in held:
        tape.hold(value)
    return _joined(tape, mixed.with_dtype(y.dtype), at, y)


def _joined(tape: Tape, heads: Tensor, at: int, y: Tensor) -> tuple[int, int]:
    """Record how heads [N, *, heads, L, d] come to stand side by side; return them in their new order, and ``y``."""
    order = swapped(len(heads.shape), -3)
    split = heads.permuted(order)
    at = tape.add((at,), split, shares=0, gradients=(Permuted(dims=order),))
    shares = None if view_strides(split, y.shape) is None else 0
    return at, tape.add((at,), y, shares=shares, gradients=(RESHAPED,))


def attended(branches: tuple[Branch, Branch, Branch], y: Tensor) -> Tensor:
    """Return row-major ``y`` as attention lays it out on the CPU: a view of the heads where there is one."""
    if _kernel(branches, Mode()) != "math":
        return y
    heads, (*outer, length, width) = branches[0].heads, y.shape
    mixed = y.with_shape(*outer, heads, length, width // heads)
    split = mixed.permuted(swapped(len(mixed.shape), -3))
    steps = view_strides(split, y.shape)
    return y if steps is None else y.viewed(y.shape, steps, y.channel_dim)


def swapped(rank: int, at: int) -> Shape:
    """Return the order of axes in which axis ``at``, counted from the end, and the one behind it are swapped.

    >>> swapped(4, -3)
    (0, 2, 1, 3)
    """
    order = list(range(rank))
    order[at], order[at + 1] = order[at + 1], order[at]
    return tuple(order)


def _causal_mask(tape: Tape, mask: Tensor) -> int:
    """Record the mask, which is added to the scores: 0 where a position may look, else -inf."""
    flags, number = mask.with_dtype("bool"), Tensor((), mask.dtype)
    below = tape.add((tape.add((), flags),), flags)
    made = tape.add((below,), mask, scratch=(number, number))
    tape.hold(below)
    return made
