"""Attention between branches of which one is the same for every sample: PyTorch has no kernel for it."""

from pathlib import Path

import pytest

from archstat.errors import SpecError
from archstat.spec import Settings, load

LEARNED_QUERIES = """
input: {tokens: [6, 8]}
layers:
  - {parameter: [3, 8], name: queries}
  - scaled_dot_product: {q: queries, k: input, v: input}
"""


def test_learned_queries_need_a_batch(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(LEARNED_QUERIES)
    assert load(spec).graph.output.shape == (1, 3, 8)
    with pytest.raises(SpecError, match="needs branches of one batch"):
        load(spec, Settings(batch=2))
