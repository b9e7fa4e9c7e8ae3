"""What an elementwise op of two tensors allocates."""

from archstat.tensor import Shape, Tensor


def together(a: Tensor, b: Tensor) -> Tensor:
    """Return the new tensor: the larger size along each axis, the axes in the order that both have in memory.

    The rule of PyTorch's TensorIterator::reorder_dimensions: the first tensor that tells two axes apart decides;
    one that is repeated along an axis doesn't.
    """
    if a == b:
        return a.fresh()
    shape = tuple(map(max, a.shape, b.shape))
    model = b if b.shape == shape != a.shape else a
    if a.strides is None and b.strides is None:
        return model.with_shape(*shape)
    if a.strides == b.strides and a.shape == b.shape:
        return model.fresh()
    held = [x.expanded(*shape).steps() for x in (a, b)]
    order = list(reversed(range(len(shape))))  # the axis of the smallest step first
    for i in range(1, len(order)):
        at = i
        for j in reversed(range(i)):
            found = _compared(shape, held, order[j], order[at])
            if found < 0:
                break
            if found > 0:
                order[j], order[at] = order[at], order[j]
                at = j
    steps, step = [0] * len(shape), 1
    for axis in order:
        steps[axis] = step
        step *= shape[axis]
    return model.viewed(shape, tuple(steps), model.channel_dim)


def _compared(shape: Shape, held: list[Shape], one: int, other: int) -> int:
    """Return -1 where axis ``one`` comes first, 1 where ``other`` does, and 0 where nothing tells."""
    for steps in held:
        a, b = steps[one], steps[other]
        if 0 in (a, b):
            continue
        if a != b:
            return -1 if a < b else 1
        if shape[one] > shape[other]:
            return 1
    return 0
