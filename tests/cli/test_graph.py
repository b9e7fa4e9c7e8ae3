"""archstat graph, as it is called."""

from pathlib import Path

from tests.cli.run import run


def test_files_take_the_format_of_their_extension(tmp_path: Path) -> None:
    files = {"n.py": "class LeNet_5(nn.Module):", "n.mmd": "flowchart TD", "n.gv": "digraph"}
    options = [part for name in files for part in ("-o", str(tmp_path / name))]
    assert run("graph", "lenet5", *options).exit_code == 0
    for name, held in files.items():
        assert held in (tmp_path / name).read_text()


def test_depth_and_by() -> None:
    assert "conv2.bottleneck1 " in run("graph", "resnet50", "--depth", "2").stdout
    assert (
        "conv2.bottleneck1.residual.conv1.norm" in run("graph", "resnet50", "--by", "layer").stdout
    )


def test_another_format_is_a_usage_error() -> None:
    assert run("graph", "lenet5", "-f", "svg").exit_code == 2
