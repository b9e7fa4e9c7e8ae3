"""A spec that is built again, with other values, gives what loading it afresh gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archstat.errors import ArchstatError
from archstat.graph import Graph
from archstat.spec import Settings, bundled, load
from archstat.spec import recording as recordings
from archstat.spec.loader import Plan
from archstat.spec.model import Transfer
from archstat.spec.run import Run

MANY = """
input: [8, size, size]
vars: {size: 16, wide: 2, odd: 1, deep: 2, tied: 1, step: 1}
defaults:
  conv: {padding: tf_same, norm: batch, act: relu}
blocks:
  inner(n, k=odd): [{conv: n*wide, kernel: k, name: first}, {conv: 8, kernel: k, act: none},
                    {conv: n*wide, kernel: k, share: first, when: n*wide == 8}]
  outer(n):
    - add: {left: [inner: n], right: [{conv: 8, groups: tied}], same: identity}
    - concat: [left, identity, input]
    - {conv: 8, stride: step, padding: [[0, step - 1], [0, 0]], kernel: 1}
  empty(n): [{relu: , when: n > 8}]
layers:
  a: [outer: 4, {conv: 8, kernel: 3}, {empty: wide}, {empty: wide}]
  b: [{outer: 4, name: same, repeat: deep}, {conv: 8, kernel: 2}]
  c: [from: a, {outer: 4}, {conv: 3, padding: same, kernel: odd}, {conv: 3, kernel: 3, share: a.conv1, when: tied > 2}]
  d: [global_avg_pool, flatten, {linear: 5, name: one}, {linear: 5, name: two}, {linear: 5, name: three, share: two}]
aux:
  side: [from: b, {conv: wide, name: tail, repeat: deep}, global_max_pool]
outputs: [d, a.conv1]
freeze: ['a.*']
"""

TIED = """
input: [3, 8, 8]
vars: {wide: 4, one: true, two: true, p: 1}
blocks:
  block(affine): [{conv: wide, kernel: 2, padding: [[0, p], [0, p]]}, {batch_norm: , affine: affine}, relu]
layers:
  a: [conv: wide, block: one]
  b: [{block: two, share: a}, {block: two, share: a.block1, repeat: 2}]
"""

TIED_SETTINGS: list[dict[str, str]] = [
    {}, {"wide": "5"}, {"one": "false"}, {"two": "false"}, {"one": "false", "two": "false"}, {"wide": "3"}, {"p": "0"},
]  # fmt: skip

MANY_SETTINGS = [
    {"wide": "1"}, {"wide": "3"}, {"wide": "9"}, {"odd": "3"}, {"odd": "2"}, {"deep": "1"}, {"deep": "4"},
    {"size": "17"}, {"size": "2"}, {"tied": "2"}, {"tied": "3"}, {"tied": "4"}, {"step": "2"}, {"deep": "0"},
    {"deep": "true"}, {"deep": "1.5"}, {"wide": "true"}, {"step": "2", "size": "5"}, {"wide": "0.5"}, {},
]  # fmt: skip


def built(plan: Plan, settings: Settings) -> Graph | str:
    try:
        return plan.build(settings).graph
    except ArchstatError as error:
        return str(error)


def loaded(reference: str, settings: Settings) -> Graph | str:
    try:
        return load(reference, settings).graph
    except ArchstatError as error:
        return str(error)


def several(reference: str) -> Iterator[Settings]:
    """Batches, types, inputs and variables, of which some give no network."""
    plan = Plan(reference)
    shape = plan.arriving(Settings()).sample
    yield from (Settings(batch=n) for n in (1, 3))
    yield Settings(dtype="bfloat16")
    for further in (0, 16, 3, -5):
        first = shape[:1] if len(shape) > 1 else ()
        yield Settings(input=(*first, *(max(n + further, 1) for n in shape[len(first) :])))
    for name, value in plan.variables(Settings()).items():
        if not isinstance(value, bool) and isinstance(value, int):
            yield from (Settings(variables={name: str(n)}) for n in (value + 1, 2 * value))


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """The graphs that came of going through recorded steps again."""
    graphs: list[Graph] = []
    ending = recordings.Ending.graph

    def counted(self: recordings.Ending, name: str, run: Run) -> Graph:
        graphs.append(ending(self, name, run))
        return graphs[-1]

    monkeypatch.setattr(recordings.Ending, "graph", counted)
    return graphs


@pytest.mark.parametrize("name", bundled())
def test_bundled(name: str, again: list[Graph]) -> None:
    plan = Plan(name, many=True)
    for settings in (*several(name), *several(name)):
        found = loaded(name, settings)
        for graph in built(plan, settings), built(plan, settings):
            assert graph == found
            if isinstance(graph, Graph):
                ops, ios, kinds = graph.kinds
                assert [(ops[kind], ios[kind]) for kind in kinds] == [
                    (n.op, n.io) for n in graph.nodes
                ]
    assert len(again) > 3 * len(list(several(name))) / 2


@pytest.mark.parametrize("transfer", [Transfer(), Transfer(freeze=("b",)), Transfer(freeze=("x",))])
def test_all_that_can_be_asked(tmp_path: Path, again: list[Graph], transfer: Transfer) -> None:
    file = tmp_path / "many.yaml"
    file.write_text(MANY)
    plan = Plan(str(file), Settings(transfer=transfer), many=True)
    graphs = 0
    for variables in MANY_SETTINGS * 3:
        settings = Settings(variables=variables, transfer=transfer)
        found = loaded(str(file), settings)
        graphs += isinstance(found, Graph)
        assert built(plan, settings) == found
    assert len(again) >= 2 * graphs // 3 - 1
    if not transfer.freeze:
        assert graphs > len(MANY_SETTINGS)


def test_another_transfer_is_not_mixed_up() -> None:
    plan = Plan("resnet18", many=True)
    for transfer in (Transfer(), Transfer(freeze=("conv1",)), Transfer(replace_head=7), Transfer()):
        settings = Settings(transfer=transfer)
        assert built(plan, settings) == loaded("resnet18", settings)


def test_weights_that_a_call_shares(tmp_path: Path) -> None:
    """Whether there are any depends on the values."""
    file = tmp_path / "tied.yaml"
    file.write_text(TIED)
    plan = Plan(str(file), many=True)
    for variables in TIED_SETTINGS * 3:
        settings = Settings(variables=variables)
        assert built(plan, settings) == loaded(str(file), settings)


FREEZING = """
input: [3, 8, 8]
vars: {a: 1, b: 1, w: 4}
layers:
  - {conv: w, kernel: 3}
  - {batch_norm: , name: bn, affine: a > 0}
  - {batch_norm: , name: bn2, affine: b > 0}
  - {conv: 8, kernel: 3}
"""


@pytest.mark.parametrize(
    ("lines", "transfer"),
    [
        ("freeze: bn", Transfer()),
        ("freeze: [conv1, 'bn*']", Transfer()),
        ("freeze: [bn, bn2]", Transfer()),
        ("freeze: all\nunfreeze: bn", Transfer()),
        ("freeze: all\nunfreeze: ['b*', bn2]", Transfer()),
        ("", Transfer(freeze=("bn2",))),
        ("freeze: bn", Transfer(freeze=("all",), unfreeze=("bn?",))),
    ],
)
def test_whether_there_are_weights_to_freeze(
    tmp_path: Path, again: list[Graph], lines: str, transfer: Transfer
) -> None:
    """It depends on the values, and so not on which of them came first."""
    file = tmp_path / "freezing.yaml"
    file.write_text(FREEZING + lines)
    every = [
        Settings(variables={"a": a, "b": b, "w": w}, transfer=transfer)
        for w in "45"
        for a, b in ("11", "10", "01", "00")
    ]
    expected = [loaded(str(file), settings) for settings in every]
    assert {type(one) for one in expected} == {Graph, str}
    for first in range(len(every)):
        plan = Plan(str(file), Settings(transfer=transfer), many=True)
        for at in (*range(first, len(every)), *range(first)):
            assert built(plan, every[at]) == expected[at]
    assert again


def test_true_is_not_one(tmp_path: Path) -> None:
    """A condition that is 1, and a number of repeats that is true, are refused also where others were recorded."""
    file = tmp_path / "true.yaml"
    file.write_text(
        "input: [3]\nvars: {n: 1, on: true}\nlayers: [{relu: , repeat: n}, {relu: , when: on}]\n"
    )
    plan = Plan(str(file), many=True)
    for variables in ({}, {}, {"n": "true"}, {"on": "1"}, {"on": "0"}, {"on": "false"}, {}):
        settings = Settings(variables=variables)
        assert built(plan, settings) == loaded(str(file), settings)


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "MOST_STEPS", 100)
    file = tmp_path / "deep.yaml"
    file.write_text("input: [3]\nvars: {n: 1}\nlayers: [{relu: , repeat: n}]\n")
    plan, kept = Plan(str(file), many=True), []
    for n in (1, 1, 10, 20, 30, 90, 1, 30, 20):
        settings = Settings(variables={"n": str(n)})
        assert built(plan, settings) == loaded(str(file), settings)
        assert plan._recordings is None or plan._recordings.steps <= 100
        kept.append(plan._recordings)
    assert kept[-1] is not None
