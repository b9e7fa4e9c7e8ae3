"""What differs between releases of PyTorch: the rules of each, and fake tensors put right."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from archstat.spec import load

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
release: Any = pytest.importorskip("archstat.pytorch.release")
verify: Any = pytest.importorskip("archstat.pytorch.verify").verify

TRANSPOSED = """
input: [3, 12, 10]
layers:
  - {conv: 8, kernel: 1}
  - sigmoid
  - {permute: [0, 2, 1]}
  - {group_norm: 4}
  - tanh
  - {permute: [0, 2, 1]}
  - {group_norm: 2}
  - {conv: 4, kernel: 1}
  - global_avg_pool
  - flatten
"""

CHANNELS_LAST = """
input: [3, 16, 16]
layers:
  - {conv: 8, kernel: 3}
  - {permute: [1, 2, 0]}
  - {layer_norm: }
  - {permute: [2, 0, 1]}
  - {group_norm: 4}
  - relu
  - {conv: 8, kernel: 3}
  - global_avg_pool
  - flatten
"""


@pytest.mark.parametrize("text", [TRANSPOSED, CHANNELS_LAST], ids=["transposed", "channels_last"])
def test_group_norm_of_what_is_not_row_major(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    found = verify(load(path).graph)
    assert [c for o in found.outcomes for c in o.compared if c.verdict == "differs"] == []
    assert not found.failed


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((2, 6, 8, 4), (0, 3, 1, 2)),
        ((2, 6, 8, 4), (0, 2, 3, 1)),
        ((2, 6, 8, 4), (0, 1, 2, 3)),
        ((2, 5, 6, 8, 4), (0, 4, 1, 2, 3)),
        ((3, 6, 2), (0, 2, 1)),
    ],
)
def test_fake_tensors_are_laid_out_as_real_ones(shape: Any, order: Any) -> None:
    def ordered(mode: Any) -> tuple[Any, ...]:
        with mode:
            x = torch.ones(shape).permute(order).requires_grad_()
            y = torch.nn.GroupNorm(1, x.shape[1])(torch.relu(x))
            y.square().sum().backward()
            return y.stride(), x.grad.stride()

    assert ordered(release.Fake()) == ordered(nullcontext())
