"""What people see, kept in files; ``pytest --update`` rewrites them."""

from pathlib import Path

import pytest

from tests.cli.run import run

GOLDEN = Path(__file__).parent.parent / "golden"

CASES = {
    "help.txt": ("--help",),
    "params-help.txt": ("params", "--help"),
    "summary.txt": ("summary", "alexnet", "vgg16", "googlenet", "resnet50", "lenet5"),
    "params-alexnet.txt": ("params", "alexnet"),
    "params-resnet50.txt": ("params", "resnet50"),
    "params-gpt2.txt": ("params", "gpt2_small", "--depth", "2"),
    "params-lenet5.csv": ("params", "lenet5", "-f", "csv"),
    "params-lenet5.tsv": ("params", "lenet5", "-f", "tsv"),
    "params-lenet5.json": ("params", "lenet5", "-f", "json"),
    "params-lenet5.md": ("params", "lenet5", "-f", "markdown"),
    "flops-inception.txt": ("flops", "inception_naive", "inception_bottleneck"),
    "memory-vgg16.txt": ("memory", "vgg16", "--backward"),
    "memory-vgg16.md": ("memory", "vgg16", "--backward", "-f", "markdown"),
    "memory-vgg16-plain.txt": ("memory", "vgg16", "--plain", "--units", "iec"),
    "shapes-alexnet.txt": ("shapes", "alexnet", "--layout", "hwc"),
    "explain-alexnet.txt": ("explain", "alexnet", "conv1", "conv2.conv1"),
    "explain-against-torchinfo.txt": ("explain", "vit_b_16", "--against", "torchinfo"),
    "explain-against-figure.txt": ("explain", "resnet18", "--against", "1.82G"),
    "explain-vit.txt": ("explain", "vit_b_16", "encoder.encoder_block1.residual", "--batch", "2"),
}


@pytest.mark.parametrize("name", CASES)
def test_output_is_as_kept(name: str, update: bool) -> None:
    done = run(*CASES[name])
    assert done.exit_code == 0, done.stderr
    path = GOLDEN / name
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(done.stdout, encoding="utf-8", newline="\n")
    assert done.stdout == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir() if path.is_file()} <= set(CASES)
