"""The Python API: ``archstat.check``."""

from pathlib import Path
from typing import Any

import pytest

import archstat
from archstat.errors import ArchstatError

NET = """\
input: [1, 4, 4]
layers: [conv: {width}, flatten, linear: 10]
{more}
"""


def net(folder: Path, width: int, more: str = "", name: str = "net.yaml") -> Path:
    path = folder / name
    path.write_text(NET.format(width=width, more=more), encoding="utf-8")
    return path


def test_the_spec_s_own_budget_is_the_default(tmp_path: Path) -> None:
    done = archstat.check(net(tmp_path, 2, "budget: {params: 334, output: 10}"))
    assert done.passed
    assert [o.value for o in done.outcomes] == [334, (10,)]


def test_a_budget_given_is_laid_over_it(tmp_path: Path) -> None:
    spec = net(tmp_path, 2, "budget: {params: 334, macs: 1M}")
    done = archstat.check(spec, {"params": "300", "output": (10,), "depth": {"min": 2, "max": 2}})
    assert not done.passed
    (failed,) = done.failed
    assert (failed.value, failed.allowed, failed.excess) == (334, 300, 34)
    assert failed.causes == (("linear1", 330), ("conv1", 4))
    assert [o.limit.metric for o in done.outcomes] == ["params", "macs", "output", "depth", "depth"]


def test_a_change_is_held_against_a_base(tmp_path: Path) -> None:
    old, new = net(tmp_path, 2, name="old.yaml"), net(tmp_path, 3, name="new.yaml")
    budget = {"params": {"max_change": "+10%"}}
    (outcome,) = archstat.check(new, budget, base=old).outcomes
    assert (outcome.verdict, outcome.base, outcome.value) == ("fail", 334, 496)
    assert sum(n for _, n in outcome.causes) == 496 - 334
    assert archstat.check(old, budget, base=archstat.load(new)).passed
    with pytest.raises(archstat.UsageError, match="needs a base"):
        archstat.check(new, budget)


def test_a_warning_passes() -> None:
    done = archstat.check("vgg16", {"params": "139M"}, warn_at="99%")
    assert done.passed
    assert done.outcomes[0].verdict == "warn"


@pytest.mark.parametrize(
    "budget",
    [{"speed": 3}, {"params": "many"}, {"params": -1}, {"params": {"most": 3}}, {"output": {"max": 3}}, {}],
)  # fmt: skip
def test_a_budget_that_can_not_be_held_is_an_error(budget: dict[str, object]) -> None:
    with pytest.raises(ArchstatError):
        archstat.check("alexnet", budget)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("budget", ["params", ["params"]])
def test_a_budget_that_is_no_mapping(budget: Any) -> None:
    with pytest.raises(archstat.UsageError, match="a budget is a mapping of metrics"):
        archstat.check("lenet5", budget)
