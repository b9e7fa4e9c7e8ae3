"""Explanations on screens of several widths."""

import pytest

from archstat.render.board import render
from archstat.render.style import Style
from archstat.report.explain import explain
from archstat.spec import load

SUMS = "34,944 params, 105,415,200 MACs, 214,945,056 FLOPs, 650,784 activations"


@pytest.mark.parametrize("width", range(30, 120))
def test_the_sums_of_several_layers_fit_and_are_not_broken(width: int) -> None:
    said = render(explain(load("alexnet"), ["conv1"]), Style(width=width))
    head, *below = said[said.index("these 4 layers together") :].splitlines()
    assert all(len(line) <= width for line in (head, *below))
    assert " ".join(" ".join([head, *below]).split()) == f"these 4 layers together {SUMS}"
    assert all(line.endswith((",", "activations", "together")) for line in (head, *below))


def test_in_a_pipe_they_are_one_line() -> None:
    said = render(explain(load("alexnet"), ["conv1"]), Style())
    assert said.endswith(f"\n\nthese 4 layers together  {SUMS}\n")
