"""Random networks over every op, each number held against PyTorch: shapes, parameters, MACs and memory."""

from typing import Any

import pytest
from hypothesis import given

from tests.graph.plan import Plan
from tests.graph.plans import plans
from tests.graph.seed import COUNT, say_seed, seeded

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
random_graphs: Any = pytest.importorskip("tests.pytorch.random_graphs")


@given(plans())
@seeded(300)
def test_random_networks(plan: Plan) -> None:
    say_seed()
    assert random_graphs.differences(plan) == []


@pytest.mark.slow
@given(plans())
@seeded(COUNT)
def test_many_random_networks(plan: Plan) -> None:
    say_seed()
    assert random_graphs.differences(plan) == []
