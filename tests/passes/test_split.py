"""Channels divided over devices: what each holds and what crosses, worked out by hand."""

from pathlib import Path

import pytest

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.saved import kept
from archstat.passes.split import Part, split
from archstat.passes.split_saved import split_kept
from archstat.passes.trace import trace
from archstat.spec import Settings, bundled, load
from archstat.spec.model import Transfer

NOT_FOLLOWED = (
    "bert", "gpt2", "lenet5_1998", "mixer", "shufflenet", "smollm", "swin", "vit",
)  # fmt: skip
"""Networks with a layer whose channels can't be told apart."""

ODD = ("dcgan_generator", "deeplabv3", "r2plus1d", "retinanet")
"""Networks with a layer whose channels are no multiple of two."""


def parts(graph: Graph, devices: int) -> dict[str, Part]:
    paths = [node.path for node in graph.nodes]
    return dict(zip(paths, split(graph, devices), strict=True))


def network(folder: Path, channels: int, *layers: str) -> Graph:
    """Return a network on maps of 4x4."""
    path = folder / "net.yaml"
    body = "".join(f"  - {layer}\n" for layer in layers)
    path.write_text(f"input: [{channels}, 4, 4]\nlayers:\n{body}", encoding="utf-8")
    return load(path).graph


def test_the_towers_of_alexnet() -> None:
    found = parts(load("alexnet").graph, 2)
    assert found["input"] == Part(3, True)
    assert found["conv1.conv1"] == Part(48, False)
    # Two maps on each side of the edge: the paper's towers normalise apart.
    assert found["conv1.local_response_norm1"] == Part(48, False, 2 * 2 * 4 * 55 * 55, 2)
    assert found["conv2.local_response_norm1"].crossing == 2 * 2 * 4 * 27 * 27
    assert found["conv3.conv1"] == Part(192, False, 4 * 256 * 13 * 13, 128, True)
    assert found["fc6.linear1"] == Part(2048, False, 4 * 256 * 6 * 6, 4608, True)
    assert found["fc7.linear1"].crossing == found["fc8.linear1"].crossing == 4 * 4096
    crossing = {path for path, part in found.items() if part.crossing}
    norms = {"conv1.local_response_norm1", "conv2.local_response_norm1"}
    assert crossing - norms == {"conv3.conv1", "fc6.linear1", "fc7.linear1", "fc8.linear1"}


def needs(graph: Graph) -> list[bool]:
    return [value.needs_grad for value in trace(graph, Mode()).values]


def kept_at(graph: Graph, devices: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for one in split_kept(graph, devices, Mode()):
        path = graph.nodes[one.node].path
        sums[path] = sums.get(path, 0) + one.nbytes
    return sums


def test_gradients_of_what_crossed_go_back() -> None:
    graph = load("alexnet").graph
    found = split(graph, 2, needs(graph))
    assert [part.back for part in found] == [part.crossing for part in found]
    assert sum(part.back for part in found) == 302_752
    frozen = load("alexnet", Settings(transfer=Transfer(freeze=("conv1", "conv2")))).graph
    back = {
        n.path: p.back for n, p in zip(frozen.nodes, split(frozen, 2, needs(frozen)), strict=True)
    }
    assert {path for path, nbytes in back.items() if nbytes} == {
        f"fc{n}.linear1" for n in (6, 7, 8)
    }


def test_what_the_towers_keep() -> None:
    found = kept_at(load("alexnet").graph, 2)
    assert found["conv1.conv1"] == 4 * 3 * 227 * 227
    # The 48 maps behind relu are kept there; the norm gathers 50, and keeps what the power reads and makes of them.
    assert found["conv1.conv1.act"] == 4 * 48 * 55 * 55
    padded = 4 * 54 * 55 * 55
    assert found["conv1.local_response_norm1"] == 3 * 4 * 50 * 55 * 55 + padded
    # All of both towers' maps are gathered, and kept; the next layer reads its own tower's alone.
    assert found["conv3.conv1"] == 4 * 256 * 13 * 13
    assert "conv4.conv1" not in found
    assert found["conv4.conv1.act"] == 4 * 192 * 13 * 13
    assert found["fc6.linear1"] == 4 * 9216


def test_devices_that_read_more_keep_more(tmp_path: Path) -> None:
    graph = network(tmp_path, 3, "conv: 16", "{local_response_norm: 3}", "conv: 4")
    # The middle two of four devices read one map on each side, and the outer two on one.
    assert kept_at(graph, 4)["local_response_norm1"] == 3 * 4 * 6 * 16 + 4 * 8 * 16


def test_a_gradient_on_several_devices_is_refused(tmp_path: Path) -> None:
    graph = network(tmp_path, 3, "batch_norm", "conv: 4")
    assert split(graph, 2)[2] == Part(2, False)
    with pytest.raises(UsageError, match="'batch_norm1' is on several devices"):
        split(graph, 2, needs(graph))


def test_groups_that_span_devices(tmp_path: Path) -> None:
    graph = network(tmp_path, 3, "conv: 8", "{conv: 16, groups: 2}")
    # Each of four devices has 2 of the 8 channels, and its group reads 4.
    assert parts(graph, 4)["conv2"] == Part(4, False, 4 * 2 * 4 * 16, 2)
    assert parts(graph, 2)["conv2"] == Part(8, False)


def test_a_depthwise_convolution_stays_where_its_channels_are(tmp_path: Path) -> None:
    branches = "concat: {a: [conv: 4], b: [conv: 8]}"
    graph = network(tmp_path, 3, branches, "{conv: 24, groups: channels}", "conv: 2")
    found = parts(graph, 2)
    assert found["concat1"] == Part(6, False)
    assert found["conv1"] == Part(12, False)
    assert found["conv2"] == Part(1, False, 2 * 12 * 4 * 16, 12, True)


def test_what_two_branches_read_crosses_once(tmp_path: Path) -> None:
    both = "concat: {a: [conv: 4], b: [conv: 8]}"
    found = parts(network(tmp_path, 3, "{conv: 8, name: stem}", both), 2)
    assert [part.crossing for part in found.values() if part.reads] == [8 * 4 * 16, 0]


def test_norms_over_channels_read_those_of_their_group(tmp_path: Path) -> None:
    graph = network(tmp_path, 3, "conv: 8", "group_norm: 1", "group_norm: 2", "batch_norm")
    found = parts(graph, 4)
    assert found["group_norm1"] == Part(2, False, 4 * 6 * 4 * 16, 6, True)
    assert found["group_norm2"] == Part(2, False, 4 * 2 * 4 * 16, 2)
    assert found["batch_norm1"] == Part(2, False)


def test_a_gate_for_each_channel_stays_beside_it(tmp_path: Path) -> None:
    gate = "mul: {features: identity, scale: [global_avg_pool, conv: 4, conv: 8]}"
    found = parts(network(tmp_path, 3, "{conv: 8, name: stem}", gate), 2)
    crossing = [part.crossing for part in found.values() if part.crossing]
    assert crossing == [8 * 4, 4 * 4]  # the pooled channels, and the four of the squeeze


def test_channels_that_are_cut_off_or_added_are_divided_anew(tmp_path: Path) -> None:
    graph = network(tmp_path, 3, "conv: 8", "slice: [0, 4]", "pad: [0, 0, 0, 0, 0, 4]")
    found = parts(graph, 2)
    assert found["slice1"] == Part(2, False, 2 * 4 * 16, 2)  # the second device has 4 to 7
    assert found["pad1"] == Part(4, False, 2 * 4 * 16, 2, True)


def test_what_is_on_all_devices_is_not_divided(tmp_path: Path) -> None:
    found = parts(network(tmp_path, 3, "batch_norm", "max_pool: 2", "conv: 4"), 2)
    assert [part.whole for part in found.values()] == [True, True, True, False]


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_network(name: str) -> None:
    graph = load(name).graph
    if name.startswith(NOT_FOLLOWED + ODD):
        with pytest.raises(UsageError):
            split(graph, 2)
        return
    alone, halves = split(graph, 1), split(graph, 2)
    for mode in Mode(), Mode(training=False, device="cuda"):
        assert split_kept(graph, 1, mode) == kept(graph, mode)
    for node, one, half in zip(graph.nodes, alone, halves, strict=True):
        assert one == Part(node.output.channels, True), node.path
        # A concatenation may have some channels on each device and others divided.
        assert node.output.channels <= 2 * half.channels <= 2 * node.output.channels, node.path
        assert half.crossing <= sum(x.nbytes for x in node.io.inputs), node.path


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["conv: 9"], "the 9 channels of 'conv1' can't be divided over 2 devices"),
        (["conv: 8", "{channel_shuffle: 2}"], "it isn't known which channels 'channel_shuffle1'"),
        (["conv: 8", "tokens", "attention: 2"], "the layers inside 'attention1' (attention) can't"),
        (["conv: 8", "slice: [0, 7]"], "the 7 channels of 'slice1' can't be divided over 2"),
    ],
)
def test_refused(tmp_path: Path, layers: list[str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        split(network(tmp_path, 3, *layers), 2)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_too_many_channels_to_follow(tmp_path: Path) -> None:
    graph = network(tmp_path, 3, f"conv: {2**20}")
    with pytest.raises(UsageError, match="too many channels to follow"):
        split(graph, 1024)
