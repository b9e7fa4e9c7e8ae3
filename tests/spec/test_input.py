"""``input``: lists and sequences, and what ``--input``, ``--batch``, ``--dtype`` make of it."""

from pathlib import Path
from typing import Any

import pytest

from archstat.errors import SpecError
from archstat.spec import Settings, load
from archstat.tensor import Tensor
from tests.spec.conftest import Build, Refused
from tests.spec.graphs import node

LAYERS = "layers: [identity]\n"


@pytest.mark.parametrize(
    ("written", "tensor"),
    [
        ("[784]", Tensor((1, 784), "float32", 1)),
        ("[3, 32]", Tensor((1, 3, 32), "float32", 1)),
        ("[3, 32, 16]", Tensor((1, 3, 32, 16), "float32", 1)),
        ("[3, 8, 32, 16]", Tensor((1, 3, 8, 32, 16), "float32", 1)),
        ("[1, 32*2, 64//4]", Tensor((1, 1, 64, 16), "float32", 1)),
        ("{tokens: [196, 768]}", Tensor((1, 196, 768), "float32", 2)),
        ("{tokens: [1024], dtype: int64}", Tensor((1, 1024), "int64", 1)),
        ("{shape: [3, 32, 16]}", Tensor((1, 3, 32, 16), "float32", 1)),
        ("{dtype: float16, shape: [3]}", Tensor((1, 3), "float16", 1)),
        ("[16777216]", Tensor((1, 2**24), "float32", 1)),
        ("['3', \"32\"]", Tensor((1, 3, 32), "float32", 1)),
    ],
)
def test_forms(build: Build, written: str, tensor: Tensor) -> None:
    assert build(f"input: {written}\n{LAYERS}").input == tensor


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("[]", "'input' is empty"),
        ("", "'input' is empty"),
        ("{}", "'input' is empty"),
        ("[1, 3, 8, 8, 8]", "'input' has 5 axes, and 4 are the most"),
        ("784", "'input' is a list of sizes, without the batch, not '784'"),
        ("3x32x32", "hint: write [3, 32, 32]"),
        ("[0]", "a size must be a positive whole number, not 0"),
        ("[-1]", "a size must be a positive whole number, not -1"),
        ("[1.5]", "a size must be a positive whole number, not 1.5"),
        ("[true]", "a size must be a positive whole number, not true"),
        ("[16777217]", "a size is 16,777,217, more than the limit of 16,777,216"),
        ("[[3]]", "a size is a whole number, not a list"),
        ("[x]", "unknown name 'x'"),
        ("[3, ]", None),
        ("{tokens: [4], shape: [4]}", "'input' needs 'tokens' or 'shape', one of them"),
        ("{dtype: int64}", "'input' needs 'tokens' or 'shape', one of them"),
        ("{tokens: [4], dtype: long}", "dtype must be one of float64, "),
        ("{tokens: [4], type: int64}", "'input' has no 'type'"),
        ("{tokens: 4}", "'input' is a list of sizes, without the batch, not '4'"),
        ("{tokens: []}", "'input' is empty"),
    ],
)
def test_wrong_forms(build: Build, refused: Refused, written: str, message: str | None) -> None:
    if message is None:
        assert build(f"input: {written}\n{LAYERS}").input.sample == (3,)
    else:
        assert message in refused(f"input: {written}\n{LAYERS}")


def test_settings_change_the_input(build: Build) -> None:
    text = "input: [3, 32, 32]\nlayers: [conv: 8]\n"
    graph = build(text, Settings(batch=4, input=(1, 64, 16), dtype="float16"))
    assert graph.input == Tensor((4, 1, 64, 16), "float16", 1)
    assert node(graph, "conv1").output == Tensor((4, 8, 64, 16), "float16", 1)
    assert graph.dtype == "float16"


def test_a_type_of_its_own_stays(build: Build) -> None:
    text = "input: {tokens: [16], dtype: int64}\nlayers: [{embedding: 8, entries: 10}]\n"
    graph = build(text, Settings(dtype="bfloat16", input=(32,)))
    assert graph.input == Tensor((1, 32), "int64", 1)
    assert node(graph, "embedding1").output == Tensor((1, 32, 8), "bfloat16", 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"input": (3, 32)}, "--input 3x32 has 2 axes, the spec's input 3"),
        ({"input": (3,)}, "--input 3 has 1 axis, the spec's input 3"),
        ({"input": ()}, "--input  has 0 axes, the spec's input 3"),
        ({"input": (0, 1, 1)}, "--input must be a positive whole number, not 0"),
        ({"input": (1, 2**24 + 1, 1)}, "--input is 16,777,217, more than the limit"),
        ({"batch": 0}, "--batch must be a positive whole number, not 0"),
        ({"batch": True}, "--batch must be a positive whole number, not true"),
        ({"batch": 2**25}, "--batch is 33,554,432, more than the limit of 16,777,216"),
        ({"dtype": "float"}, "--dtype: no type 'float'"),
        ({"dtype": "flaot32"}, "did you mean 'float32'?"),
        ({"max_layers": 0}, "--max-layers must be a positive whole number"),
    ],
)
def test_wrong_settings(refused: Refused, settings: dict[str, Any], message: str) -> None:
    assert message in refused("input: [3, 8, 8]\nlayers: [relu]\n", Settings(**settings))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("linear: 10", "'linear' needs a vector, but its input is 3×8×8"),
        ("layer_norm", "'layer_norm' works along the last dimension"),
        ("rms_norm", "'rms_norm' works along the last dimension"),
        ("attention: 2", "'attention'"),
    ],
)
def test_what_works_on_sequences_is_refused_on_images(
    refused: Refused, entry: str, message: str
) -> None:
    said = refused(f"input: [3, 8, 8]\nlayers: [{entry}]\n")
    assert message in said
    assert "hint: put '- " in said


@pytest.mark.parametrize("entry", ["conv: 8", "max_pool: 2", "batch_norm"])
def test_what_works_on_images_is_refused_on_sequences(refused: Refused, entry: str) -> None:
    assert "with the channels last" in refused(f"input: {{tokens: [8, 3]}}\nlayers: [{entry}]\n")


def test_channels_follow_the_layout(build: Build) -> None:
    graph = build("input: [3, 8, 8]\nlayers: [conv: 4, tokens, linear: channels, softmax]\n")
    assert [n.output.channel_dim for n in graph.nodes] == [1, 1, 2, 2, 2]
    assert node(graph, "linear1").output.sample == (64, 4)
    graph = build("input: [3, 8, 8]\nlayers: [permute: [1, 2, 0], linear: channels*2]\n")
    assert node(graph, "linear1").output.sample == (8, 8, 6)


def test_weights_of_another_type_than_the_input(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("input: {shape: [3, 8, 8], dtype: float16}\nlayers: [relu, conv: 4]\n")
    with pytest.raises(
        SpecError, match="'conv' has weights in float32, but its input is in float16"
    ):
        load(spec)
    assert load(spec, Settings(dtype="float16")).graph.dtype == "float16"
