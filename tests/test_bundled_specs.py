"""The bundled specs: their totals, the verdicts on the figures printed of them, and that no layer changes unseen."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from archstat.errors import SpecError
from archstat.ops.dropout import DropPath
from archstat.ops.index import Roll, Select
from archstat.report.metrics import Metrics
from archstat.report.published import judge
from archstat.report.reproduce import LECTURE, LECTURE_SPECS
from archstat.spec import Settings, bundled, load
from archstat.spec.files import bundled_folder

Totals = dict[str, Any]

TOTALS: dict[str, Totals] = yaml.safe_load(
    (Path(__file__).parent / "bundled_totals.yaml").read_text(encoding="utf-8")
)

# The parts of a spec that make the graph.
PARTS = {
    "input", "vars", "defaults", "blocks", "layers", "aux", "replace", "before", "after", "append", "freeze",
}  # fmt: skip
# A whole number that stands alone: not the 3 of 3x3, conv3 or 0.5.
NUMBER = re.compile(r"(?<![\w.+/-])[0-9]+(?![\w.:])")
# Numbers that no total depends on, and the words before them; another test here holds them.
HELD_ELSEWHERE = {
    "bert_base": ("select: ",),
    "lenet5_1998": ("three: [", "four: ["),
    "resnet": ("else 0",),
    "swin_t": ("roll: ",),
    "vit_b_16": ("select: ",),
}

TABLE_1 = """
    X . . . X X X . . X X X X . X X
    X X . . . X X X . . X X X X . X
    X X X . . . X X X . . X . X X X
    . X X X . . X X X X . . X . X X
    . . X X X . . X X X X . X X . X
    . . . X X X . . X X X X . X X X
"""


def test_every_bundled_spec_has_its_totals() -> None:
    assert sorted(TOTALS) == list(bundled())


@pytest.mark.parametrize("name", TOTALS)
def test_totals(name: str) -> None:
    assert measure(name, TOTALS[name]) == TOTALS[name]


@pytest.mark.parametrize("name", bundled())
def test_figures_are_as_recorded(name: str) -> None:
    spec = load(name)
    verdicts = [judge(spec, figure) for figure in spec.published]
    assert [(v.figure.mark, v.outcome, v.computed) for v in verdicts if not v.holds] == []


@pytest.mark.parametrize("name", TOTALS)
def test_no_number_changes_unseen(name: str, tmp_path: Path) -> None:
    """Raise each whole number of the architecture by one: the totals change, or the spec no longer holds."""
    text = (Path(bundled_folder()) / f"{name}.yaml").read_text(encoding="utf-8")
    path = tmp_path / f"{name}.yaml"
    unseen = []
    for start, end in numbers(text):
        path.write_text(f"{text[:start]}{int(text[start:end]) + 1}{text[end:]}", encoding="utf-8")
        line = text[text.rfind("\n", 0, start) + 1 : end]
        if not any(word in line for word in HELD_ELSEWHERE.get(name, ())) and holds(path, name):
            unseen.append(line)
    assert unseen == []


def test_the_lecture_command_leaves_no_spec_out() -> None:
    printed = {n for n in bundled() if any(f.source.startswith(LECTURE) for f in load(n).published)}
    assert printed - set(LECTURE_SPECS) == set()


def test_c3_of_lenet_sees_the_maps_of_table_1() -> None:
    rows = [row.split() for row in TABLE_1.split("\n") if row.strip()]
    seen = [tuple(i for i, row in enumerate(rows) if row[k] == "X") for k in range(16)]
    graph = load("lenet5_1998").graph
    selects = [node.op.index for node in graph.nodes if isinstance(node.op, Select)]
    assert [*selects, (0, 1, 2, 3, 4, 5)] == seen


def test_the_head_of_vit_reads_the_class_token() -> None:
    graph = load("vit_b_16").graph
    assert [node.op.index for node in graph.nodes if isinstance(node.op, Select)] == [0]


def test_bert_looks_up_words_and_sentences_and_reads_the_first_token() -> None:
    graph = load("bert_base").graph
    assert [n.op.index for n in graph.nodes if isinstance(n.op, Select)] == [0, 1, 0]


def test_the_windows_of_swin_move_along_both_axes_and_back() -> None:
    rolls = [n.op for n in load("swin_t").graph.nodes if isinstance(n.op, Roll)]
    assert [(op.shifts, op.dims) for op in rolls] == [((-3, -3), (0, 1)), ((3, 3), (0, 1))] * 5


def test_a_resnet_has_one_of_the_papers_depths() -> None:
    with pytest.raises(SpecError, match="'repeat' must be a positive whole number"):
        load("resnet", Settings(variables={"depth": "20"}))


def measure(
    reference: str | Path,
    wanted: Totals,
    *,
    aux: bool = False,
    input: str | None = None,
    variables: str | None = None,
) -> Totals:
    """Return what the spec gives for each key of ``wanted``."""
    shape = None if input is None else tuple(map(int, input.split("x")))
    changed = {} if variables is None else dict([variables.split("=")])
    graph = load(reference, Settings(input=shape, variables=changed)).graph.select(aux=aux)
    got: Totals = {}
    for key, value in wanted.items():
        if key == "with_aux":
            got[key] = measure(reference, value, aux=True)
        elif key == "with_input":
            got[key] = {i: measure(reference, value[i], input=i) for i in value}
        elif key == "with_vars":
            got[key] = {v: measure(reference, value[v], variables=v) for v in value}
        elif key == "output":
            got[key] = list(graph.output.sample)
        elif key == "drop_path":
            got[key] = [str(node.op.p) for node in graph.nodes if isinstance(node.op, DropPath)]
        else:
            got[key] = Metrics(graph).ask(key if "(" in key else f"{key}()")
    return got


def holds(path: Path, name: str) -> bool:
    try:
        return measure(path, TOTALS[name]) == TOTALS[name]
    except SpecError:
        return False


def numbers(text: str) -> Iterator[tuple[int, int]]:
    """Find the whole numbers in the parts that make the graph, outside comments."""
    at, part = 0, ""
    for line in text.splitlines(keepends=True):
        top = re.match(r"[a-z]+(?=:)", line)
        part = top[0] if top else part
        if part in PARTS and not line.startswith("#"):
            for found in NUMBER.finditer(line.partition(" #")[0]):
                yield at + found.start(), at + found.end()
        at += len(line)
