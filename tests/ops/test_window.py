"""Window arithmetic against loops that move a window step by step."""

from hypothesis import assume, given
from hypothesis import strategies as st

from archstat.ops.window import Window, explicit_padding, symmetric
from tests.ops.sums import holds

small = st.integers(1, 12)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, int]:
    """Draw a window over one axis, padded by at most half of its reach; it need not fit."""
    kernel, stride, dilation = draw(small), draw(small), draw(st.integers(1, 4))
    reach = dilation * (kernel - 1) + 1
    padding = draw(st.integers(0, reach // 2))
    n = draw(st.integers(1, 60))
    return Window((kernel,), (stride,), (padding,), (dilation,), draw(st.booleans())), n


def positions(window: Window, n: int) -> int:
    """Move the window until it leaves the padded axis; with ceil_mode until it starts behind the elements."""
    (k,), (s,), (p,), (d,) = window.kernel, window.stride, window.padding, window.dilation
    reach = d * (k - 1) + 1
    count, start = 0, -p
    while start + reach <= n + p:
        count, start = count + 1, start + s
    hangs_over = start - s + reach < n + p
    if window.ceil_mode and hangs_over and start < n:
        count += 1
    return count


@given(windows())
def test_slide(drawn: tuple[Window, int]) -> None:
    window, n = drawn
    expected = positions(window, n)
    assert (min(window.slide((n,))) > 0) == (expected > 0)
    if expected:
        assert window.slide((n,)) == (expected,)


@given(windows())
def test_steps(drawn: tuple[Window, int]) -> None:
    window, n = drawn
    assume(min(window.slide((n,))) > 0)
    (step,) = window.steps((n,))
    assert holds(step)
    assert step.endswith(f" = {positions(window, n)}")


@given(small, small, st.integers(1, 4), st.integers(1, 60))
def test_tf_same_gives_one_position_per_stride(k: int, s: int, d: int, n: int) -> None:
    sides = explicit_padding("tf_same", (k,), (s,), (d,), (n,)) or (0, 0)
    padded = n + sum(sides)
    window = Window((k,), (s,), (0,), (d,))
    assert sides[1] - sides[0] in (0, 1)
    assert window.slide((padded,)) == (-(-n // s),)


@given(st.integers(1, 12), st.integers(1, 4), st.integers(1, 60))
def test_same_keeps_the_size(half: int, d: int, n: int) -> None:
    kernel = 2 * half + 1
    padding = symmetric("same", (kernel,), (d,))
    assert Window((kernel,), (1,), padding, (d,)).slide((n,)) == (n,)
