"""What holds of any two specs: nothing of a difference is lost, and it is the same from either side."""

import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from archstat.comparison.changes import Change
from archstat.comparison.compare import Comparison, compare
from archstat.report.columns import BY_KEY
from tests.comparison.specs import Net, edited, made

KEYS = tuple(key for key in BY_KEY)
TURNED = {"+": "-", "-": "+", "~": "~", "=": "="}


def pair(seed: int, folder: Path) -> tuple[Path, Path]:
    chance = random.Random(seed)
    net = made(chance)
    files = []
    for name, one in (("old", net), ("new", edited(net, chance))):
        file = folder / f"{name}.yaml"
        file.write_text(one.text, "utf-8")
        files.append(file)
    return files[0], files[1]


@pytest.mark.parametrize("seed", range(150))
def test_the_rows_add_up_to_the_totals(seed: int, tmp_path: Path) -> None:
    found = compare(*pair(seed, tmp_path), metrics=KEYS)
    for rows in (found.rows, found.layers):
        _adds_up(found, rows)
    assert sum(row.count for row in found.rows) == sum(row.count for row in found.layers)


@pytest.mark.parametrize("seed", range(100))
def test_seen_from_the_other_side_it_is_the_negative(seed: int, tmp_path: Path) -> None:
    old, new = pair(seed, tmp_path)
    there, back = compare(old, new), compare(new, old)
    for total, other in zip(there.totals, back.totals, strict=True):
        assert total.change is not None
        assert other.change == -total.change
    for rows, others in ((there.rows, back.rows), (there.layers, back.layers)):
        assert Counter(map(_plain, rows)) == Counter(map(_turned, others))


@pytest.mark.parametrize("seed", range(30))
def test_a_spec_does_not_differ_from_itself(seed: int, tmp_path: Path) -> None:
    old, _ = pair(seed, tmp_path)
    found = compare(old, old)
    assert found.same
    assert {row.mark for row in found.layers} == {"="}


@pytest.mark.parametrize("seed", range(60))
def test_renaming_every_stage_is_exactly_that(seed: int, tmp_path: Path) -> None:
    net = made(random.Random(seed))
    renamed = Net({f"x_{name}": entries for name, entries in net.stages.items()})
    (tmp_path / "old.yaml").write_text(net.text, "utf-8")
    (tmp_path / "new.yaml").write_text(renamed.text, "utf-8")
    found = compare(tmp_path / "old.yaml", tmp_path / "new.yaml")
    differing = [row for row in found.rows if row.mark != "="]
    assert [(row.mark, row.path, row.was, row.notes) for row in differing] == [
        ("~", f"x_{name}", name, ("renamed",)) for name in net.stages
    ]
    assert not any(any(row.changes) for row in found.rows)


@pytest.mark.parametrize("seed", range(60))
def test_one_entry_that_is_inserted_is_one_row(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    net = made(chance)
    name = chance.choice(list(net.stages))
    longer = Net({n: list(entries) for n, entries in net.stages.items()})
    # It keeps the shape, so that nothing behind it differs.
    longer.stages[name].insert(chance.randint(0, len(net.stages[name])), "{silu: , inplace: true}")
    (tmp_path / "old.yaml").write_text(net.text, "utf-8")
    (tmp_path / "new.yaml").write_text(longer.text, "utf-8")
    found = compare(tmp_path / "old.yaml", tmp_path / "new.yaml")
    differing = [(row.mark, row.path) for row in found.rows if row.mark != "="]
    assert differing == [("+", f"{name}.silu1")]


def _adds_up(found: Comparison, rows: Iterable[Change]) -> None:
    rows = list(rows)
    for at, total in enumerate(found.totals):
        assert sum(row.changes[at] or 0 for row in rows) == total.change, total.column.key
        assert sum(row.old[at] or 0 for row in rows) == total.old
        assert sum(row.new[at] or 0 for row in rows) == total.new


def _plain(row: Change) -> tuple[object, ...]:
    return (row.mark, row.was or row.path, row.path, row.count, row.changes)


def _turned(row: Change) -> tuple[object, ...]:
    changes = tuple(None if n is None else -n for n in row.changes)
    return (TURNED[row.mark], row.path, row.was or row.path, row.count, changes)
