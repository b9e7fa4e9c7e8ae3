"""``repeat`` and ``when``: on any entry, each copy evaluated anew, a condition and not a number."""

import pytest

from archstat.spec import Settings
from tests.spec.conftest import Build, Refused
from tests.spec.graphs import paths, shapes

HEAD = "input: [3, 32, 32]\nvars: {deep: true, n: 2}\n"


@pytest.mark.parametrize(
    ("entry", "channels"),
    [
        ("{conv: channels + 8, repeat: 3}", [11, 19, 27]),
        ("{conv: channels*2, repeat: n}", [6, 12]),
        ("{conv: 4, repeat: 3 if deep else 1}", [4, 4, 4]),
        # Counted once, before the first copy: the channels that arrive don't matter any more.
        ("{conv: 5, repeat: channels}", [5, 5, 5]),
    ],
)
def test_each_copy_is_evaluated_anew(build: Build, entry: str, channels: list[int]) -> None:
    assert [shape[0] for shape in shapes(build(f"{HEAD}layers: [{entry}]\n"))] == channels


@pytest.mark.parametrize(
    "entry",
    [
        "{relu: , repeat: 2}",
        "{add: {x: [conv: 3], y: identity}, repeat: 2}",
        "{two: , repeat: 2}",
    ],
)
def test_any_layer_join_or_block_repeats(build: Build, entry: str) -> None:
    graph = build(f"{HEAD}blocks: {{two: [relu, relu]}}\nlayers: {{a: [{entry}]}}\n")
    once = build(
        f"{HEAD}blocks: {{two: [relu, relu]}}\nlayers: {{a: [{entry.replace('repeat: 2', 'repeat: 1')}]}}\n"
    )
    assert len(graph.nodes) - 1 == 2 * (len(once.nodes) - 1)


@pytest.mark.parametrize(
    ("condition", "there"),
    [
        ("true", True),
        ("false", False),
        ("deep", True),
        ("not deep", False),
        ("n > 1", True),
        ("channels == 3", True),
        ("channels != 3 and deep", False),
    ],
)
@pytest.mark.parametrize(
    "entry",
    [
        "{{conv: 8, when: {}}}",
        "{{add: [[conv: 3], identity], when: {}}}",
        "{{block: , when: {}}}",
        "{{from: input, when: {}}}",
        "{{identity: , when: {}}}",
    ],
)
def test_when_leaves_any_entry_out(build: Build, entry: str, condition: str, there: bool) -> None:
    blocks = "blocks: {block: [conv: 3, relu]}\n"
    graph = build(f"{HEAD}{blocks}layers: [relu, {entry.format(condition)}, sigmoid]\n")
    expected = build(f"{HEAD}{blocks}layers: [relu, {entry.format(str(there).lower())}, sigmoid]\n")
    assert paths(graph) == paths(expected)
    assert there or paths(graph) == ["relu1", "sigmoid1"]


def test_when_comes_before_repeat(build: Build) -> None:
    assert paths(build(f"{HEAD}layers: [relu, {{conv: 8, repeat: 0, when: false}}]\n")) == ["relu1"]


@pytest.mark.parametrize("value", ["1", "0", "n", "channels - 3", "1.0"])
def test_a_number_is_no_condition(refused: Refused, value: str) -> None:
    message = refused(f"{HEAD}layers: [{{conv: 8, when: {value}}}]\n")
    assert "'when' needs a condition (true or false), not " in message
    assert "hint: compare it: stride > 1" in message


@pytest.mark.parametrize("value", ["0", "-1", "1/2", "true", "n - 2", "2.5"])
def test_repeat_counts(refused: Refused, value: str) -> None:
    message = refused(f"{HEAD}layers: [{{conv: 8, repeat: {value}}}]\n")
    assert "'repeat' must be a positive whole number, not " in message
    assert ("'when: false' leaves a layer out" in message) == (value in ("0", "n - 2"))


def test_expansion_steps_are_limited(build: Build, refused: Refused) -> None:
    text = f"{HEAD}layers: [{{relu: , repeat: 50001}}]\n"
    message = refused(text)
    assert "net.yaml:3:11: error: the spec expands to more than 50,000 layers" in message
    assert "hint: --max-layers allows more" in message
    assert len(build(text, Settings(max_layers=50_001)).nodes) == 50_002
    assert "more than 10 layers" in refused(
        f"{HEAD}layers: [{{relu: , repeat: 11}}]\n", Settings(max_layers=10)
    )


@pytest.mark.parametrize(
    "body",
    [
        # What is not reached is checked for names and syntax.
        "[{conv: nothing, when: false}]",
        "[{conv: 8, kernel_size: 3, when: false}]",
        "[{convolve: 8, when: false}]",
        "[{conv: 8 8, when: false}]",
        "[{add: [nothing(3), identity], when: false}]",
        "[{max_pool: , when: false}]",
    ],
)
def test_what_is_not_reached_is_checked_all_the_same(refused: Refused, body: str) -> None:
    assert "error: " in refused(f"{HEAD}layers: {body}\n")


@pytest.mark.parametrize(
    "entry", ["{linear: 10, when: false}", "{conv: 8, kernel: 99, when: false}"]
)
def test_what_is_not_reached_is_not_shaped(build: Build, entry: str) -> None:
    assert paths(build(f"{HEAD}layers: [relu, {entry}]\n")) == ["relu1"]
