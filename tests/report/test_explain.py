"""The arithmetic on the board, against what a person would write."""

from math import prod

import pytest

from archstat import load
from archstat.errors import UsageError
from archstat.report.explain import Explanation, explain, matching
from archstat.spec import bundled
from archstat.spec import load as load_spec
from archstat.spec.expressions import evaluate
from tests.report.networks import ACTIVATIONS, MACS, PARAMS, small


def written(explanation: Explanation, at: int = 0) -> list[tuple[str, str, int | None]]:
    return [(s.label, s.arithmetic, s.value) for s in explanation.lessons[at].steps]


def test_alexnet_conv1_as_the_lecture_works_it() -> None:
    explanation = explain(load_spec("alexnet"), ["conv1.conv1"])
    assert written(explanation) == [
        ("output", "(227 - 11)/4 + 1", 55),
        ("weight", "11*11*3*96", 34_848),
        ("bias", "96", 96),
        ("params", "34,848 + 96", 34_944),
        ("MACs", "55*55*96*11*11*3", 105_415_200),
        ("FLOPs", "2*105,415,200 + 55*55*96", 211_120_800),
        ("activations", "55*55*96", 290_400),
        ("memory", "290,400*4", 1_161_600),
        ("receptive field", "1 + (11 - 1)*1", 11),
        ("jump", "1*4", 4),
    ]


def test_small_layers() -> None:
    explanation = explain(small(), ["stem", "head"])
    assert [lesson.path for lesson in explanation.lessons][:3] == [
        "stem.conv1",
        "stem.conv1.act",
        "stem.max_pool1",
    ]
    assert written(explanation, 1) == [
        ("FLOPs", "8*8*4", 256),
        ("memory", "none of its own: it is in the memory of stem.conv1", None),
    ]
    assert written(explanation, 3) == [
        ("output", "4*4*4", 64),
        ("memory", "none of its own: it is in the memory of stem.max_pool1", None),
    ]
    assert ("frozen", "training leaves them as they are", None) in written(explanation, 4)
    assert ("shared", "these are head.linear2's weights, counted there", None) in written(
        explanation, 6
    )
    assert explanation.together["params"] == PARAMS
    assert explanation.together["macs"] == MACS
    assert explanation.together["activations"] == ACTIVATIONS - 192


def test_the_batch_stands_first() -> None:
    explanation = explain(small(batch=8), ["stem.conv1"])
    assert ("MACs", "8*8*8*4*3*3*3", 8 * 6_912) in written(explanation)


def test_attention_names_its_parts_and_adds_them_up() -> None:
    explanation = explain(load_spec("vit_b_16"), ["*attention1"])
    macs = [step for step in explanation.lessons[0].steps if step.label == "MACs"]
    assert [step.part for step in macs] == ["in_proj", "QK^T", "AV", "out_proj", ""]
    assert macs[1].arithmetic == "12*197*197*64"
    # 4 L D^2 + 2 L^2 D for L = 197, D = 768
    assert macs[-1].value == 4 * 197 * 768**2 + 2 * 197**2 * 768


def test_without_names_all_layers_with_something_to_say() -> None:
    paths = [lesson.path for lesson in explain(small()).lessons]
    assert paths == [
        "stem.conv1",
        "stem.max_pool1",
        "head.flatten1",
        "head.linear1",
        "head.linear2",
        "head.linear3",
    ]


def test_matching() -> None:
    graph = small().graph
    assert matching(graph, "stem.conv1") == [1, 2]  # a path and what is below it
    assert matching(graph, "*.linear?") == [5, 6, 7, 8]
    assert matching(graph, "input") == [0]
    with pytest.raises(UsageError) as caught:
        matching(graph, "linaer1")
    assert "'head.linear1'" in (caught.value.hint or "")
    with pytest.raises(UsageError) as caught:
        matching(graph, "zzz")
    assert caught.value.hint == "'archstat shapes' lists the layers"


def evaluated(arithmetic: str) -> int:
    return sum(
        prod(int(n.replace(",", "")) for n in part.split("*")) for part in arithmetic.split(" + ")
    )


def seen(arithmetic: str, value: int) -> bool:
    """Say whether the arithmetic of a receptive field gives the value beside it."""
    if arithmetic == "the whole input":
        return value > 0
    if arithmetic.startswith("the largest of "):
        sizes = arithmetic.removeprefix("the largest of ").split(", ")
        return max(int(n.replace(",", "")) for n in sizes) == value
    return evaluate(arithmetic.replace(",", ""), {}) == value


@pytest.mark.parametrize("name", [n for n in bundled() if "1202" not in n])
def test_every_product_shown_gives_the_number_beside_it(name: str) -> None:
    explanation = explain(load_spec(name))
    checked = 0
    for lesson in explanation.lessons:
        for step in lesson.steps:
            if step.value is None or step.label == "output" or step.arithmetic == "the sum":
                continue
            if step.unit == "positions":
                assert seen(step.arithmetic, step.value), (lesson.path, step)
            else:
                assert evaluated(step.arithmetic) == step.value, (lesson.path, step)
            checked += 1
    assert checked


def test_together_is_the_network_where_everything_is_explained() -> None:
    architecture = load("vgg16")
    explanation = explain(architecture.spec, ["*"])
    assert explanation.together["params"] == architecture.params
    assert explanation.together["flops"] == architecture.flops
