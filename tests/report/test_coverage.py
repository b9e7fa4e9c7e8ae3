"""What the lecture and the papers print of the bundled networks stands in a spec: a list made by hand, looked up."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from archstat.report.published import judge
from archstat.spec import Spec, bundled, load

LISTED: list[dict[str, str]] = yaml.safe_load(
    (Path(__file__).parent.parent / "published_coverage.yaml").read_text(encoding="utf-8")
)
KEYS = {"fact", "spec", "row", "quantity", "printed", "source"}


@cache
def spec_of(name: str) -> Spec:
    return load(name)


def named(entry: dict[str, str]) -> str:
    return entry["fact"]


def test_every_fact_is_listed_once_and_says_where_it_is() -> None:
    assert [fact for fact, n in Counter(map(named, LISTED)).items() if n > 1] == []
    for entry in LISTED:
        assert set(entry) == {"fact", "none"} or KEYS - {"row"} <= set(entry) <= KEYS


@pytest.mark.parametrize("entry", [e for e in LISTED if "spec" in e], ids=named)
def test_a_listed_fact_is_a_figure_of_its_spec(entry: dict[str, Any]) -> None:
    assert entry["spec"] in bundled()
    spec = spec_of(entry["spec"])
    found = [
        figure
        for figure in spec.published
        if figure.quantity == entry["quantity"]
        and figure.row == entry.get("row", "")
        and figure.printed == entry["printed"]
        and f"{figure.source},".startswith((f"{entry['source']},", f"{entry['source']} ("))
    ]
    assert len(found) == 1
    assert judge(spec, found[0]).holds
