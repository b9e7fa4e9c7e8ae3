"""Large specs load in time that grows with their layers and no faster. Slow, and measured in processor time."""

import time
from collections.abc import Callable

import pytest

from archstat.spec import Settings
from tests.spec.conftest import Load

MANY = 100_000
SECONDS = 8

REPEATED = (
    "input: [3, 8, 8]\nlayers:\n  - {{conv: 16, kernel: 3, padding: 1, act: relu, repeat: {0}}}\n"
)
CHANGING = "input: [1, 8]\nlayers:\n  - {{conv: channels + 1, repeat: {0}}}\n"
NAMED = (
    "input: [3, 8, 8]\nlayers:\n  - {{conv: 3, name: c, repeat: {0}, share: c}}\nfreeze: ['c*1']\n"
)
BLOCKS = """\
input: [16, 8, 8]
vars: {{width: 16}}
defaults:
  conv: {{kernel: 3, padding: same, bias: false, norm: batch, act: relu}}
blocks:
  residual(out):
    - add: {{main: [conv: out, {{conv: out, act: none}}], shortcut: identity}}
    - relu
layers:
  body: [{{residual: width, repeat: {0}}}]
  tail: [from: body.residual1.add1, relu]
"""


def explicit(layers: int) -> str:
    return "input: [3, 8, 8]\nlayers:\n" + "- conv: 3\n" * layers


def stages(layers: int) -> str:
    return "input: [3, 8, 8]\nlayers:\n" + "".join(f" s{i}: [relu]\n" for i in range(layers))


def seconds(load_text: Load, text: str, layers: int) -> float:
    start = time.process_time()
    graph = load_text(text, Settings(max_layers=10**7)).graph
    taken = time.process_time() - start
    assert len(graph.nodes) > layers
    return taken


@pytest.mark.slow
@pytest.mark.parametrize("text", [REPEATED, CHANGING, NAMED], ids=["repeated", "changing", "named"])
def test_one_line_of_many_layers(load_text: Load, text: str) -> None:
    assert seconds(load_text, text.format(MANY), MANY) < SECONDS


@pytest.mark.slow
def test_blocks_of_many_layers(load_text: Load) -> None:
    assert seconds(load_text, BLOCKS.format(MANY // 7), MANY - 7) < SECONDS


@pytest.mark.slow
def test_as_many_lines_as_a_file_holds(load_text: Load) -> None:
    assert seconds(load_text, explicit(MANY), MANY) < SECONDS
    assert seconds(load_text, stages(65_000), 65_000) < SECONDS


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [REPEATED.format, explicit, stages], ids=["repeated", "explicit", "stages"]
)
def test_twice_the_layers_take_twice_the_time(load_text: Load, text: Callable[[int], str]) -> None:
    few, many = 8_000, 64_000
    seconds(load_text, text(few), few)
    each = [min(seconds(load_text, text(n), n) for _ in range(2)) / n for n in (few, many)]
    assert each[1] < 2 * each[0]
