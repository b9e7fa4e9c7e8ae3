"""The arithmetic of repeating intervals against a brute-force loop over units."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from archstat.ops.reach import Cells, Sample, Slide, Spread, Taps
from archstat.passes.lattice import LONGEST, ONE, Lattice, Span, hull

small = st.integers(1, 4)
slides = st.builds(Slide, kernel=small, stride=small, padding=st.integers(-2, 3), dilation=small)
spreads = st.builds(Spread, kernel=small, stride=small, padding=st.integers(0, 3), dilation=small)
samples = st.builds(
    Sample,
    ratio=st.fractions(Fraction(1, 3), 3, max_denominator=4),
    offset=st.fractions(-1, 1, max_denominator=4),
    before=st.integers(0, 1),
    after=st.integers(0, 2),
)
cells = st.builds(Cells, n=st.integers(1, 6), m=st.integers(1, 6))
taps = st.one_of(slides, spreads, samples, cells)


def brute(chain: list[Taps], unit: int) -> Span | None:
    """Return the first and the last input position that a unit reads, layer by layer."""
    reads = {unit}
    for layer in reversed(chain):
        reads = {position for i in reads for position in layer.at(i)}
    return (min(reads), max(reads)) if reads else None


@given(st.lists(taps, min_size=1, max_size=4))
def test_a_chain_is_followed_unit_by_unit(chain: list[Taps]) -> None:
    lattice: Lattice | None = ONE
    for layer in chain:
        lattice = lattice and lattice.through(layer)
    if lattice is None:  # more phases than are followed
        return
    assert lattice.period <= LONGEST
    found = [lattice.at(unit) for unit in range(-3, 12)]
    assert found == [brute(chain, unit) for unit in range(-3, 12)]
    sizes = [span[1] - span[0] + 1 if span else 0 for span in found[: lattice.period]]
    if lattice.period <= len(found):
        assert (lattice.least, lattice.size) == (min(sizes), max(sizes))


@given(taps)
def test_taps_repeat_with_their_period(tap: Taps) -> None:
    for i in range(-4, 9):
        assert list(tap.at(i + tap.period)) == [u + tap.shift for u in tap.at(i)]


@given(spreads, st.integers(0, 12))
def test_a_transposed_window_is_a_window_turned_around(spread: Spread, i: int) -> None:
    turned = Slide(spread.kernel, spread.stride, spread.padding, spread.dilation)
    assert list(spread.at(i)) == [u for u in range(-30, 60) if i in turned.at(u)]


@given(slides, slides)
def test_a_unit_that_sees_two_layers_sees_their_hull(a: Slide, b: Slide) -> None:
    one = ONE.through(a)
    other = ONE.through(Slide(b.kernel, a.stride, b.padding, b.dilation))
    assert one
    assert other
    both = one.joined(other)
    assert both
    assert [both.at(i) for i in range(9)] == [hull([one.at(i), other.at(i)]) for i in range(9)]


def test_a_stride_takes_a_resize_back() -> None:
    doubled = ONE.through(Sample(Fraction(1, 2)))
    assert doubled
    assert (doubled.period, doubled.jump) == (2, Fraction(1, 2))
    assert doubled.through(Slide(stride=2)) == ONE


def test_too_many_phases_are_unknown() -> None:
    assert ONE.through(Sample(Fraction(1, LONGEST))) is not None
    assert ONE.through(Sample(Fraction(1, LONGEST + 1))) is None
