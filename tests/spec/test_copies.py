"""Blocks called alike are expanded once: what is added the second time is what expanding gives."""

from pathlib import Path

import pytest

from archstat.errors import SpecError
from archstat.graph import Graph
from archstat.spec import Settings, bundled, load
from archstat.spec.loader import load_outlined

NESTED = """
input: [8, 16, 16]
vars: {wide: 2, odd: 1}
blocks:
  inner(n, k=odd): [{conv: n*wide, kernel: k, padding: same, name: first}, {conv: 8, kernel: k, padding: same},
                    {conv: n*wide, kernel: k, padding: same, share: first, when: n*wide == 8}]
  outer(n):
    - add: {left: [inner: n], right: [conv: 8], same: identity}
    - concat: [left, identity, input]
    - conv: 8
layers:
  a: [outer: 4, {conv: 8}]
  b: [{outer: 4, name: same, repeat: 2}, {conv: 8}]
  c: [from: a, {outer: 4}, from: b.same1.left, conv: 3]
"""


def expanded(reference: str, settings: Settings = Settings()) -> Graph:  # noqa: B008  # frozen
    """Load by a way that expands every call, since it keeps what each came to."""
    return load_outlined(reference, settings)[0].graph


@pytest.mark.parametrize("name", bundled())
def test_bundled(name: str) -> None:
    assert load(name).graph == expanded(name)


@pytest.mark.parametrize("variables", [{}, {"odd": "3"}, {"wide": "1"}])
def test_nested(tmp_path: Path, variables: dict[str, str]) -> None:
    file = tmp_path / "nested.yaml"
    file.write_text(NESTED)
    settings = Settings(variables=variables)
    assert load(str(file), settings).graph == expanded(str(file), settings)


def test_the_limit_counts_copies(tmp_path: Path) -> None:
    file = tmp_path / "many.yaml"
    file.write_text("input: [3]\nblocks:\n  two: [relu, relu]\nlayers: [{two: , repeat: 1000}]\n")
    assert len(load(str(file), Settings(max_layers=3000)).graph.nodes) == 2001
    with pytest.raises(SpecError, match="expands to more than 2,999 layers"):
        load(str(file), Settings(max_layers=2999))
