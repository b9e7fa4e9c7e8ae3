"""A spec that is measured with one set of values after another gives the numbers that it gives alone."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from archstat.errors import ArchstatError
from archstat.graph import Graph
from archstat.report.columns import BY_KEY
from archstat.spec import Settings, bundled, load
from archstat.variants.family import METRICS, Family, Numbers, numbers

QUICK = (*BY_KEY, "depth")
"""All but the peaks and the receptive fields, which take longer."""


def several(family: Family) -> Iterator[tuple[dict[str, str], Settings]]:
    """Values, and the settings that say the same."""
    yield {}, Settings()
    yield {"batch": "3"}, Settings(batch=3)
    yield {"dtype": "float16"}, Settings(dtype="float16")
    larger = tuple(
        n + 32 * (i > 0) for i, n in enumerate(map(int, family.default("input").split("x")))
    )
    yield {"input": "x".join(map(str, larger))}, Settings(input=larger)
    for name in family.own:
        text = family.default(name)
        if text.isdigit():
            more = {name: str(2 * int(text) or 1)}
            yield more, Settings(variables=more)


def measured(graph: Callable[[], Graph], metrics: tuple[str, ...]) -> Numbers | str:
    try:
        return numbers(graph(), metrics)
    except ArchstatError as error:
        return str(error)


def compare(name: str, metrics: tuple[str, ...]) -> None:
    family = Family(name)
    asked = list(several(family))
    alone = [measured(partial(alone_of, name, settings), metrics) for _, settings in asked]
    for _ in range(2):
        assert [measured(partial(family.graph, values), metrics) for values, _ in asked] == alone
    assert any(not isinstance(one, str) for one in alone)


def alone_of(name: str, settings: Settings) -> Graph:
    return load(name, settings).graph.select(aux=False)


@pytest.mark.parametrize("name", bundled())
def test_columns(name: str) -> None:
    compare(name, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled())
def test_every_metric(name: str) -> None:
    compare(name, METRICS)
