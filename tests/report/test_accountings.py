"""Other tools' figures by rule, held against what the tools print, as recorded, and worked out by hand."""

import pytest

from archstat.errors import UsageError
from archstat.report.accountings import TOOLS, account
from archstat.spec import load
from tests.report.figures import RECORDED, agrees, graph_of, networks, recorded


def total(name: str, against: str) -> int:
    return account(load(name).graph.select(aux=False), against)[0].total


@pytest.mark.parametrize("tool", RECORDED)
def test_the_rules_give_what_the_tool_prints(tool: str) -> None:
    held = recorded(tool)
    assert held.version == TOOLS[tool].version
    assert set(held.figures) <= set(networks())
    for name, printed in held.figures.items():
        found = account(graph_of(name), tool)
        assert {one.of for one in found} == set(printed)
        wrong = [one for one in found if not agrees(one, printed)]
        assert not wrong, f"{name}: {[(one.of, one.total) for one in wrong]} is not {printed}"


def test_every_tool_is_recorded_of_the_same_networks() -> None:
    networks = set(recorded("flopcounter").figures)
    assert len(networks) > 60
    # torchvision hasn't most of them; Keras has no groups in a transposed convolution.
    assert len(recorded("torchvision").figures) == 18
    assert set(recorded("keras").figures) >= networks - {"maps"}
    for tool in set(RECORDED) - {"torchvision", "keras"}:
        assert set(recorded(tool).figures) >= networks, tool


def test_resnet18_by_hand() -> None:
    # 2 for each of the 2,483,712 elements of the batch norms; 512 x 7 x 7 into the adaptive average pool
    assert total("resnet18", "fvcore") == 1_814_073_344 + 2 * 2_483_712 + 25_088
    assert total("resnet18", "flopcounter") == 2 * 1_814_073_344
    # without gradients attention is one kernel that it doesn't know; 5 for each element of the 25 layer norms
    own, norms = 17_563_828_224, 5 * 25 * 197 * 768
    assert total("vit_b_16", "fvcore-no-grad") == own - 12 * 197 * 768 * (4 * 768 + 2 * 197) + norms
    # 4 for each of those elements; 49 additions and a division for each of 512 means
    assert total("resnet18", "thop") == 1_814_073_344 + 4 * 2_483_712 + 50 * 512
    # the 4,800 channels of the batch norms, a scale and a shift each; the 1,000 biases of the linear layer
    assert total("resnet18", "torchinfo") == 1_814_073_344 + 2 * 4_800 + 1_000
    # a moving mean and a moving variance for each channel
    assert total("resnet18", "keras") == 11_689_512 + 2 * 4_800


def test_flops_are_archstats_own() -> None:
    from archstat import load as architecture

    assert total("vit_b_16", "flops") == architecture("vit_b_16").flops


@pytest.mark.parametrize("tool", TOOLS)
def test_a_sum_begins_with_archstats_own_total(tool: str) -> None:
    from archstat import load as architecture

    own = architecture("seresnet50")
    for one in account(load("seresnet50").graph, tool):
        first = one.lines[0]
        assert first.amount == (own.params if one.of == "params" else own.macs)
        assert all(line.amount for line in one.lines)
        assert one.total == sum(line.amount for line in one.lines)


def test_a_figure_names_the_tools_that_print_it() -> None:
    found = account(load("resnet50").graph, "4.09G")
    printing = [one.tool.name for one in found if one.prints]
    assert printing == ["macs", "torchinfo", "calflops", "torchvision"]
    assert [one.prints for one in found[:4]] == ["rounded"] * 4  # those that print it come first
    assert not any(one.prints for one in account(load("lenet5").graph, "1T"))
    cut = account(load("alexnet").graph, "60M")
    assert {one.prints for one in cut if one.of == "params"} == {"truncated"}


@pytest.mark.parametrize("against", ["netscope", "", "4.1GiB", "-3"])
def test_what_is_neither_a_tool_nor_a_figure(against: str) -> None:
    with pytest.raises(UsageError, match=f"no accounting '{against}'"):
        account(load("lenet5").graph, against)
