"""Random networks over every op, each number held against PyTorch: shapes, parameters, MACs and memory."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given

from archstat.spec import Settings, load
from tests.graph.plan import Plan
from tests.graph.plans import plans
from tests.graph.seed import COUNT, say_seed, seeded

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
random_graphs: Any = pytest.importorskip("tests.pytorch.random_graphs")


NETWORKS = yaml.safe_load((Path(__file__).parent / "cases" / "networks.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_at_the_edges(name: str, tmp_path: Path) -> None:
    spec = dict(NETWORKS[name])
    settings = Settings(batch=spec.pop("batch", 2), dtype=spec.pop("dtype", "float32"))
    path = tmp_path / "network.yaml"
    text = yaml.safe_dump(spec, sort_keys=False).replace(": null", ":")  # the spec's empty value
    path.write_text(text, encoding="utf-8")
    assert random_graphs.differences(load(path, settings).graph) == []


@given(plans())
@seeded(300)
def test_random_networks(plan: Plan) -> None:
    say_seed()
    assert random_graphs.differences(plan.graph(), plan) == []


@pytest.mark.slow
@given(plans())
@seeded(COUNT)
def test_many_random_networks(plan: Plan) -> None:
    say_seed()
    assert random_graphs.differences(plan.graph(), plan) == []
