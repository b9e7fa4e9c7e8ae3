"""Where the channels are: branches of a join agree on it, and a hint says how the last axis becomes the channels'."""

import pytest

from tests.spec.conftest import Build, Refused
from tests.spec.graphs import shapes

TOKENS = "input: {tokens: [4, 8]}\n"


@pytest.mark.parametrize("word", ["add", "sub", "mul", "div", "concat"])
def test_branches_with_their_channels_in_different_places(refused: Refused, word: str) -> None:
    said = refused(f"{TOKENS}layers: [{word}: {{a: identity, b: [reshape: [4, 8]]}}]\n")
    assert (
        f"{word}: branch 'a' has its channels last (4×8), branch 'b' first (4×8): they must agree"
        in said
    )
    assert said.endswith("hint: end branch 'b' with '- reshape: {tokens: [4, 8]}', or permute it")


def test_the_branch_with_its_channels_first_is_the_one_to_change(refused: Refused) -> None:
    said = refused(f"{TOKENS}layers: [add: {{a: [reshape: [4, 8]], b: identity}}]\n")
    assert "branch 'a' has its channels first (4×8), branch 'b' last (4×8)" in said
    assert "hint: end branch 'a' with" in said


def test_channels_in_the_middle(refused: Refused) -> None:
    said = refused("input: [4, 4, 4]\nlayers: [add: {a: identity, b: [transpose: [0, 1]]}]\n")
    assert "branch 'a' has its channels first (4×4×4), branch 'b' in dimension 1 (4×4×4)" in said
    assert "hint" not in said


@pytest.mark.parametrize(
    "branches",
    [
        "{a: identity, table: [parameter: [4, 8]]}",
        "{table: [parameter: [1, 8]], a: [reshape: [4, 8]]}",
        "{a: [reshape: [4, 8]], b: [reshape: [4, 8], {parameter: , tokens: [4, 8]}]}",
        "{a: identity, b: [reshape: [8, 4], transpose: [0, 1]]}",
        "{a: identity, b: [reshape: [4, 8], reshape: {tokens: [4, 8]}]}",
    ],
)
def test_tables_and_branches_that_agree(build: Build, branches: str) -> None:
    assert shapes(build(f"{TOKENS}layers: [add: {branches}]\n"))[-1] == (4, 8)


def test_vectors_have_them_first_and_last(build: Build) -> None:
    text = f"{TOKENS}layers: [add: {{a: [mean: 0], b: [{{select: 0, dim: 0}}]}}]\n"
    assert shapes(build(text))[-1] == (8,)


def test_matmul_may_mix(build: Build) -> None:
    text = f"{TOKENS}layers: [matmul: {{a: identity, b: [transpose: [0, 1]]}}]\n"
    assert shapes(build(text))[-1] == (4, 4)


def test_windows_of_tokens(build: Build, refused: Refused) -> None:
    head = "input: {tokens: [3136, 96]}\n"
    said = refused(f"{head}layers: [reshape: [64, 49, 96], layer_norm]\n")
    assert "where the last axis is meant, write '- reshape: {tokens: [64, 49, 96]}'" in said
    graph = build(f"{head}layers: [reshape: {{tokens: [64, 49, 96]}}, layer_norm, linear: 8]\n")
    assert shapes(graph)[-1] == (64, 49, 8)
