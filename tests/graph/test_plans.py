"""Random networks: a spec's text and the builder give the same graph, and the networks have every op and option."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from archstat.graph import Graph
from archstat.ops.catalogue import CATALOGUE
from archstat.spec import Settings, load
from archstat.spec.expand import expand
from tests.graph.plan import Plan
from tests.graph.plans import plans
from tests.graph.seed import SEED, say_seed, seeded

ENOUGH = settings(max_examples=5000, deadline=None, database=None, phases=[Phase.generate])


def what(graph: Graph) -> list[tuple[object, ...]]:
    return [(n.path, n.op, n.inputs, n.io, n.owner, n.frozen) for n in graph.nodes]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("random")


@given(plan=plans())
@seeded(300)
def test_a_spec_gives_the_same_graph(plan: Plan, folder: Path) -> None:
    say_seed()
    graph, path = plan.graph(), folder / "random.yaml"
    settings = Settings(batch=plan.arriving.batch, dtype=plan.dtype)
    for text in plan.spec(), None:
        path.write_text(expand(path, settings) if text is None else text, encoding="utf-8")
        loaded = load(path, settings).graph
        assert what(loaded) == what(graph)
        assert loaded.outputs == graph.outputs
        assert loaded.dtype == graph.dtype


def test_networks_reach_every_op_and_every_option() -> None:
    missing = {(word, name) for word, op in CATALOGUE.items() for name in ("", *op.options())}

    def the_last(plan: Plan) -> bool:
        for layer in plan.layers:
            missing.difference_update((layer.op.word, name) for name in chosen(layer.op))
        return not missing

    try:
        find(plans(), the_last, random=Random(SEED), settings=ENOUGH)
    except NoSuchExample:
        pytest.fail(f"seed {SEED}: no network has {sorted(missing)}")


def chosen(op: msgspec.Struct) -> Iterator[str]:
    """Yield the options that aren't the default, and "" for the op itself."""
    yield ""
    for field in msgspec.structs.fields(op):
        if field.required or getattr(op, field.name) != field.default:
            yield field.name
