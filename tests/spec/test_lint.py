"""What lint remarks on, and where."""

from pathlib import Path

import pytest

from archstat.spec import bundled
from archstat.spec.lint import lint
from archstat.spec.template import template


def findings(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    return [f"{f.mark.line}:{f.mark.column} {f.message}" for f in lint(path)]


@pytest.mark.parametrize("name", bundled())
def test_bundled_specs_are_clean(name: str) -> None:
    assert [str(f) for f in lint(name)] == []


def test_the_starting_spec_is_clean(tmp_path: Path) -> None:
    assert findings(tmp_path, template("mine", "schema.json")) == []


def test_names_that_nothing_uses(tmp_path: Path) -> None:
    text = """\
input: [3, 8, 8]
vars: {width: 8, unused: 3}
defaults:
  linear: {act: relu}
blocks:
  used(a, b): [conv: a]
  lonely: [relu]
layers:
  - used: [width, 1]
"""
    assert findings(tmp_path, text) == [
        "2:26 nothing uses the variable 'unused'",
        "4:3 the network has no 'linear' for these defaults",
        "6:3 block 'used' doesn't use 'b'",
        "7:3 nothing calls the block 'lonely'",
    ]


def test_a_bias_that_a_batch_norm_cancels(tmp_path: Path) -> None:
    text = "input: [3, 8, 8]\nlayers:\n  - {conv: 8, norm: batch, repeat: 2}\n  - {conv: 4, norm: batch, bias: false}\n"
    assert findings(tmp_path, text) == ["3:6 the batch norm behind 'conv1' cancels its bias"]


def test_an_output_that_nothing_reads(tmp_path: Path) -> None:
    text = "input: [3, 8, 8]\nlayers:\n  a: [conv: 4]\n  b: [from: input, conv: 4]\n"
    assert findings(tmp_path, text) == ["3:7 nothing reads the output of 'a.conv1'"]
    assert findings(tmp_path, text + "outputs: [a, b]\n") == []
