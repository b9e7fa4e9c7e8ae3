"""The rules held against the tools themselves, where the version that they describe is installed.

``--update`` records what an installed tool prints of every network; the record holds the rules where it isn't.
"""

import pytest

from archstat.report.accountings import TOOLS, account
from tests.ops.case import all_cases
from tests.report.figures import RECORDED, agrees, graph_of, networks, record, recorded

pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
alone = pytest.importorskip("tests.pytorch.alone")
tools = pytest.importorskip("tests.pytorch.tools")

FEW = ("maps", "tokens", "lenet5", "resnet18", "vit_b_16", "densenet121")


@pytest.mark.parametrize("tool", RECORDED)
def test_the_tool_prints_what_is_recorded(tool: str, update: bool) -> None:
    why = tools.missing(tool)
    if why:
        pytest.skip(why)
    names = networks() if update else FEW
    printed = {name: tools.measured(tool, name, graph_of(name)) for name in names}
    if update:
        record(tool, {name: counts for name, counts in printed.items() if counts})
    held = recorded(tool).figures
    assert {name: counts for name, counts in printed.items() if counts} == {
        name: held[name] for name in names if name in held
    }


@pytest.mark.parametrize("tool", [tool for tool in RECORDED if tool in tools.HOOKS])
def test_every_case_of_an_op(tool: str) -> None:
    why = tools.missing(tool)
    if why:
        pytest.skip(why)
    cases = [case for case in all_cases() if len(case.arriving()) == 1]
    cases = [case for case in cases if (tool, str(case)) not in FAILS]
    assert len(cases) > 200
    for case in cases:
        graph = alone.alone(case)
        printed = tools.measured(tool, "", graph)
        assert all(agrees(one, printed) for one in account(graph, tool)), case


FAILS = {("calflops", "interpolate scale=[1.5, 0.5] mode=nearest-exact [3, 9, 9]")}
"""A tuple of scales calflops takes to a power, which tuples haven't."""


def test_every_tool_is_recorded() -> None:
    assert set(RECORDED) == {name for name, tool in TOOLS.items() if tool.version}
