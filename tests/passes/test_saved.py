"""Totals that were measured on torchvision's own models, without torch at hand."""

from pathlib import Path

import pytest

from archstat.ops.tape import Mode
from archstat.passes.saved import saved_bytes, saved_what
from archstat.spec import load
from archstat.spec.model import Settings

CPU = {
    ("vgg16_torchvision", 1): 73_355_264,
    ("vgg16_torchvision", 8): 586_842_112,
    ("alexnet_torchvision", 1): 3_741_184,
    ("alexnet_torchvision", 8): 29_929_472,
    ("mobilenet_v2", 1): 78_345_984,
    ("mobilenet_v2", 8): 625_812_736,
    ("resnet50", 1): 86_121_984,
    ("resnet50", 8): 687_488_512,
    ("vit_b_16", 1): 118_160_680,
}
"""With torch 2.13 and 2.14, in training."""

CUDA = {
    ("vgg16_torchvision", 8): 586_645_504,
    ("alexnet_torchvision", 8): 29_609_984,
    ("mobilenet_v2", 8): 625_782_016,
    ("resnet50", 8): 687_488_512,
    ("vit_b_16", 1): 118_176_424,
}
"""On fake CUDA tensors; ViT's attention is the memory-efficient kernel."""

CUDA_AUTOCAST = {
    ("alexnet", "float16", True): 141_075_916,
    ("alexnet_lecture", "float16", False): 133_168_588,
    ("alexnet_torchvision", "bfloat16", True): 126_602_112,
    ("dcgan_generator", "float16", True): 27_340_176,
    ("dcgan_generator", "float16", False): 27_324_816,
    ("inception_bottleneck", "float16", True): 5_810_176,
}
"""On an H100 with torch 2.11, at batch 2, under autocast to that type, in training or in eval mode."""

BERT_WITH_CUDNN = 590_348_480
"""Likewise bert_base to float16, with cuDNN's attention, which keeps a word less of each of its 12 layers."""


@pytest.mark.parametrize(("name", "batch"), CPU)
def test_on_the_cpu(name: str, batch: int) -> None:
    assert sum(saved_bytes(load(name, Settings(batch=batch)).graph)) == CPU[name, batch]


@pytest.mark.parametrize(("name", "batch"), CUDA)
def test_with_cudas_kernels(name: str, batch: int) -> None:
    graph = load(name, Settings(batch=batch)).graph
    assert sum(saved_bytes(graph, Mode(device="cuda"))) == CUDA[name, batch]


@pytest.mark.parametrize(("name", "low", "training"), CUDA_AUTOCAST)
def test_under_autocast_on_cuda(name: str, low: str, training: bool) -> None:
    graph = load(name, Settings(batch=2)).graph
    mode = Mode(training=training, device="cuda", autocast=low)
    assert sum(saved_bytes(graph, mode)) == CUDA_AUTOCAST[name, low, training]


def test_attention_under_autocast_on_cuda() -> None:
    graph = load("bert_base", Settings(batch=2)).graph
    kept = sum(saved_bytes(graph, Mode(device="cuda", autocast="float16")))
    assert kept - BERT_WITH_CUDNN == 12 * 8


def test_what_each_layer_of_lenet5_keeps() -> None:
    graph = load("lenet5").graph
    said = {n.path: what for n, what in zip(graph.nodes, saved_what(graph), strict=True) if what}
    assert said == {
        "conv1": "input", "conv1.act": "output", "conv2": "input", "conv2.act": "output",
        "linear1": "input", "linear1.act": "output", "linear2.act": "output",
    }  # fmt: skip


def test_group_norm_of_what_is_transposed_keeps_a_copy_until_2_13(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [6, 5, 4]\nlayers: [sigmoid, {permute: [0, 2, 1]}, {group_norm: 3}]\n")
    graph = load(path).graph
    whole, statistics = 6 * 5 * 4 * 4, 2 * 3 * 4
    assert saved_bytes(graph, input_grad=True) == (0, whole, 0, statistics)
    until = Mode(torch=(2, 13))
    assert saved_bytes(graph, until, input_grad=True) == (0, whole, 0, whole + statistics)
