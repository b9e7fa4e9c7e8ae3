"""Other tools' figures by rule, by hand here and against the tools where they are installed."""

from typing import Any

import pytest

from archstat.errors import UsageError
from archstat.report.accountings import account
from archstat.spec import load

NETWORKS = (
    "lenet5",
    "resnet18",
    "mobilenet_v2",
    "vit_b_16",
    "googlenet",
    "convnext_tiny",
    "seresnet50",
)


def total(name: str, against: str) -> int:
    (found,) = account(load(name).graph.select(aux=False), against)
    return found.total


def test_resnet18_by_hand() -> None:
    # 2 for each of the 2,483,712 elements of the batch norms; 512 x 7 x 7 into the adaptive average pool
    assert total("resnet18", "fvcore") == 1_814_073_344 + 2 * 2_483_712 + 25_088
    assert total("resnet18", "flopcounter") == 2 * 1_814_073_344


def test_flops_are_archstats_own() -> None:
    from archstat import load as architecture

    assert total("vit_b_16", "flops") == architecture("vit_b_16").flops


def test_a_figure_names_the_accountings_that_print_it() -> None:
    found = account(load("resnet50").graph, "4.09G")
    assert [one.name for one in found if one.said == "prints 4.09G"] == ["macs"]
    assert all(one.said.startswith("doesn't") for one in account(load("lenet5").graph, "1T"))


def test_what_is_no_accounting() -> None:
    with pytest.raises(UsageError, match="no accounting 'keras'"):
        account(load("lenet5").graph, "keras")


@pytest.mark.parametrize("name", NETWORKS)
def test_against_the_tools(name: str) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
    pytest.importorskip("fvcore", reason="fvcore is not installed: pip install torch fvcore")
    subject: Any = pytest.importorskip("archstat.pytorch.subject")
    counter: Any = pytest.importorskip("archstat.pytorch.fvcore_counts")
    held = subject.Subject(load(name).graph.select(aux=False))
    assert total(name, "flopcounter") == sum(flops for _, _, flops in held.flops)
    assert total(name, "fvcore") == sum(counter.counts(held).flops)
