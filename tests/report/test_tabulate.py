"""Reports from specs: rows, totals, what people see and what machines get."""

import msgspec
import pytest

from archstat.errors import UsageError
from archstat.graph import Builder, Graph
from archstat.ops.conv import Conv
from archstat.ops.tape import Mode
from archstat.passes import Values, activation_bytes
from archstat.report import kinds, tabulate
from archstat.report.added import beside
from archstat.report.arrange import Arrangement
from archstat.report.columns import BY_KEY, COLUMNS
from archstat.report.peaks import Training, peaks
from archstat.report.report import Cell, Report
from archstat.report.summary import summarize
from archstat.spec import load
from archstat.spec.model import Figure, Settings, Spec
from archstat.tensor import Tensor
from tests.report.networks import ACTIVATIONS, MACS, PARAMS, SAVED, WEIGHTS, chain, small

PEOPLE = Arrangement(detail="people")


def cells(report: Report) -> dict[str, Cell]:
    return {row.path: row.cells[0] for row in report.rows}


def test_every_layer_has_a_row_with_its_hand_worked_number() -> None:
    report = tabulate.tabulate(small(), kinds.params())
    assert cells(report) == {
        "stem.conv1": 112,
        "stem.conv1.act": 0,
        "stem.max_pool1": 0,
        "head.flatten1": 0,
        "head.linear1": 650,
        "head.linear2": 110,
        "head.linear3": 0,
    }
    assert report.total["params"] == PARAMS
    notes = {row.path: row.note for row in report.rows if row.note}
    assert notes == {"head.linear1": "frozen", "head.linear3": "shares head.linear2"}


def test_the_kinds_have_their_totals() -> None:
    spec = small()
    assert tabulate.tabulate(spec, kinds.params(no_bias=True)).totals == (WEIGHTS, 24, PARAMS)
    assert tabulate.tabulate(spec, kinds.params(trainable=True)).totals == (PARAMS - 650, PARAMS)
    flops = 2 * MACS + (256 + 10 + 10 + 10) + 256 + 64 * 4
    assert tabulate.tabulate(spec, kinds.flops()).totals == (MACS, flops)
    assert tabulate.tabulate(spec, kinds.flops(count="flops")).totals == (flops, MACS)
    memory = tabulate.tabulate(spec, kinds.memory(backward=True))
    assert memory.total == {
        "activations": ACTIVATIONS,
        "activation_bytes": 4 * ACTIVATIONS,
        "saved_bytes": SAVED,
        "param_bytes": 4 * PARAMS,
        "buffer_bytes": 0,
    }
    assert memory.rows[0].path == "input"
    assert memory.rows[0].cells[0] == 192


def test_the_lectures_estimate_stands_only_where_all_is_trained() -> None:
    kind, key = kinds.memory(backward=True), "forward_backward_bytes"
    frozen, trained = small(), load("lenet5")
    assert key not in tabulate.tabulate(frozen, kind).total
    found = tabulate.tabulate(trained, kind)
    assert found.total[key] == 2 * sum(activation_bytes(trained.graph))
    assert key in found.aside
    asked = tabulate.tabulate(frozen, beside(kind, (key,)))
    assert asked.total[key] == 8 * ACTIVATIONS


def test_the_peak_says_when_it_is_and_what_is_alive() -> None:
    peak, training = tabulate.tabulate(small(), kinds.memory(peaks=peaks())).peaks
    # The pool's input and output, its indices while it runs, and the network's input.
    assert peak.nbytes == 4 * 256 + 4 * 64 + 8 * 64 + 4 * 192
    assert peak.path == "stem.max_pool1"
    alive = {"input": 4 * 192, "stem.conv1": 4 * 256, "stem.max_pool1": 4 * 64 + 8 * 64}
    assert dict(peak.alive) == alive
    assert training.nbytes == sum(nbytes for _, nbytes in training.parts) > peak.nbytes
    assert tabulate.tabulate(small(), kinds.memory()).peaks == ()


def test_the_first_layer_has_no_input_gradient_and_a_frozen_one_no_weight_gradient() -> None:
    graph = small().graph.select(aux=False)
    # conv1: weight; linear1, frozen: input; linear2 and linear3: both.
    assert [n for n in BY_KEY["backward_macs"].values(graph) if n] == [6_912, 640, 200, 200]


def test_a_step_of_training_is_forward_and_backward() -> None:
    report = tabulate.tabulate(small(), kinds.flops(backward=True))
    backward = 6_912 + 640 + 200 + 200
    assert report.total["backward_macs"] == backward
    assert report.total["training_macs"] == MACS + backward
    assert all(row.cells[0] + row.cells[1] == row.cells[2] for row in report.rows)  # type: ignore[operator]  # known


def test_what_is_kept_follows_the_run() -> None:
    kind = kinds.memory(backward=True, training=Training(mode=Mode(device="cuda"), input_grad=True))
    report = tabulate.tabulate(small(), kind)
    assert report.total["saved_bytes"] == SAVED
    assert [row.saved for row in report.rows][:4] == ["", "input", "output", "indices"]
    assert "with CUDA's kernels" in next(c.about for c in report.columns if c.key == "saved_bytes")


def test_auxiliary_heads_count_when_asked() -> None:
    assert tabulate.tabulate(small(), kinds.params(), aux=True).total["params"] == PARAMS + 325


@pytest.mark.parametrize("by", ["layer", "stage", "op"])
def test_rows_add_up_to_the_total_by_every_grouping(by: str) -> None:
    kind = kinds.Kind("any", tuple(BY_KEY), with_input=True)
    report = tabulate.tabulate(small(batch=2), kind, msgspec.convert({"by": by}, Arrangement))
    sums = [
        sum(n for row in report.rows if isinstance(n := row.cells[i], int))
        for i in range(len(report.columns))
    ]
    assert tuple(sums) == report.totals
    assert sum(row.count for row in report.rows) == 8


def test_the_batch_multiplies_work_but_not_params() -> None:
    for kind, factor in ((kinds.params(), 1), (kinds.flops(), 2), (kinds.memory(), 2)):
        first = tabulate.tabulate(small(), kind).totals[0]
        assert isinstance(first, int)
        assert tabulate.tabulate(small(batch=2), kind).totals[0] == factor * first


def test_by_stage_and_depth_fold_rows_and_keep_the_last_output() -> None:
    by_stage = tabulate.tabulate(small(), kinds.params(), Arrangement(by="stage"))
    assert [(r.path, r.count, r.cells[0], r.output) for r in by_stage.rows] == [
        ("stem", 3, 112, (4, 4, 4)),
        ("head", 4, 760, (10,)),
    ]
    deep = tabulate.tabulate(small(), kinds.params(), Arrangement(depth=2))
    assert [(r.path, r.count) for r in deep.rows][:2] == [("stem.conv1", 2), ("stem.max_pool1", 1)]


def test_by_op_adds_equal_ops() -> None:
    report = tabulate.tabulate(small(), kinds.params(), Arrangement(by="op"))
    assert [(r.path, r.count, r.cells[0]) for r in report.rows] == [
        ("conv", 1, 112),
        ("relu", 1, 0),
        ("max_pool", 1, 0),
        ("flatten", 1, 0),
        ("linear", 3, 760),
    ]
    assert all(row.output is None for row in report.rows)
    with pytest.raises(UsageError, match="--depth"):
        tabulate.tabulate(small(), kinds.params(), Arrangement(by="op", depth=2))


def test_people_do_not_see_rows_of_nothing_and_are_told_so() -> None:
    report = tabulate.tabulate(small(), kinds.params(), PEOPLE)
    # linear3 has nothing either, but a note.
    assert list(cells(report)) == ["stem.conv1", "head.linear1", "head.linear2", "head.linear3"]
    assert report.notes == ("3 layers without parameters not shown; --all shows them",)
    assert report.total["params"] == PARAMS


def test_a_long_table_goes_by_stage_for_people_only() -> None:
    long = tabulate.tabulate(chain(41), kinds.params(), PEOPLE)
    assert [row.path for row in long.rows] == ["s0", "s1", "s2", "s3", "s4"]
    assert long.notes == ("by stage; --by layer shows all 41 rows",)
    assert long.by == "stage"
    assert len(tabulate.tabulate(chain(40), kinds.params(), PEOPLE).rows) == 40
    asked = Arrangement(detail="people", by="layer")
    assert len(tabulate.tabulate(chain(41), kinds.params(), asked).rows) == 41
    assert len(tabulate.tabulate(chain(41), kinds.params()).rows) == 41


def test_a_long_list_without_stages_shows_its_largest_to_people() -> None:
    builder = Builder("Flat", Tensor((1, 3, 2, 2)))
    at = 0
    for i in range(1, 251):
        at = builder.add(f"conv{i}", Conv(channels=1, bias=False), (at,))
    graph = builder.build((at,))
    spec = Spec(name="Flat", reference="flat", file="flat", graph=graph)
    report = tabulate.tabulate(spec, kinds.params(), PEOPLE)
    assert len(report.rows) == 41
    assert report.rows[0].path == "conv1"
    assert (report.rows[-1].path, report.rows[-1].cells[0]) == ("[210 others]", 210)
    assert report.notes == ("the 40 largest of 250 rows; --by layer shows more",)


def test_top_keeps_the_largest_and_folds_the_rest() -> None:
    report = tabulate.tabulate(small(), kinds.params(), Arrangement(top=2))
    assert [(r.path, r.cells[0], r.count) for r in report.rows] == [
        ("head.linear1", 650, 1),
        ("stem.conv1", 112, 1),
        ("[5 others]", 110, 5),
    ]
    assert report.total["params"] == PARAMS
    # One row more is shown as it is: "[1 others]" would take its place.
    assert len(tabulate.tabulate(small(), kinds.params(), Arrangement(top=6)).rows) == 7


def test_sort() -> None:
    def first(sort: str) -> str:
        return tabulate.tabulate(small(), kinds.params(), Arrangement(sort=sort)).rows[0].path

    assert first("network") == "stem.conv1"
    assert first("name") == "head.flatten1"
    assert first("params") == "head.linear1"
    with pytest.raises(UsageError) as caught:
        first("size")
    assert caught.value.hint == "this table has network, name, params, trainable_params, buffers"


def test_unknown_is_never_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown_pool(graph: Graph) -> Values:
        return tuple(None if n.op.word == "max_pool" else 1 for n in graph.nodes)

    column = msgspec.structs.replace(BY_KEY["macs"], values=unknown_pool)
    monkeypatch.setitem(BY_KEY, "macs", column)
    report = tabulate.tabulate(small(), kinds.flops(), PEOPLE)
    assert cells(report)["stem.max_pool1"] is None
    assert report.totals[0] == 7  # seven layers and the input, less the unknown one
    assert report.partial == ("macs",)
    staged = tabulate.tabulate(small(), kinds.flops(), Arrangement(by="stage"))
    assert cells(staged) == {"stem": None, "head": 4}
    top = tabulate.tabulate(small(), kinds.flops(), Arrangement(top=1))
    assert top.rows[0].path == "stem.max_pool1"  # it might be the largest
    assert summarized(summarize([small()]), 0)["macs"] is None
    assert summarize([small()]).partial == ("macs",)


def test_shapes_in_both_layouts() -> None:
    def outputs(layout: str) -> list[tuple[int, ...] | None]:
        arranged = msgspec.convert({"layout": layout}, Arrangement)
        report = tabulate.tabulate(small(), kinds.shapes(), arranged)
        return [row.output for row in report.rows][:5]

    assert outputs("chw") == [(3, 8, 8), (4, 8, 8), (4, 8, 8), (4, 4, 4), (64,)]
    assert outputs("hwc") == [(8, 8, 3), (8, 8, 4), (8, 8, 4), (4, 4, 4), (64,)]
    report = tabulate.tabulate(small(), kinds.shapes())
    assert report.rows[1].tensors == {"weight": (4, 3, 3, 3), "bias": (4,)}


def summarized(report: Report, at: int) -> dict[str, Cell]:
    return {c.key: n for c, n in zip(report.columns, report.rows[at].cells, strict=True)}


def test_summary_has_a_row_for_each_spec_and_no_total() -> None:
    report = summarize([small(), chain(2)])
    assert [row.path for row in report.rows] == ["small.yaml", "chain"]
    wanted = {"params": PARAMS, "macs": MACS, "activations": ACTIVATIONS}
    assert wanted.items() <= summarized(report, 0).items()
    assert summarized(report, 0)["activation_bytes"] == 4 * ACTIVATIONS
    assert summarized(report, 0)["linear_params"] == 650 + 110
    assert summarized(report, 0)["depth"] == 4
    assert {"params": 4, "macs": 16, "activations": 20}.items() <= summarized(report, 1).items()
    assert report.totals == ()
    assert report.aside == ()
    assert summarize([chain(2)]).aside == ("trainable_params",)
    assert report.rows[0].output == (10,)


def test_published_figures_stand_below_an_unchanged_network_only() -> None:
    figure = Figure(
        quantity="params", metric="params", printed="872", computed="params()", source="by hand"
    )
    spec = msgspec.structs.replace(small(), published=(figure,))
    (line,) = tabulate.tabulate(spec, kinds.params()).published
    assert (line.printed, line.verdict, line.source) == ("872", "reproduced", "by hand")
    assert tabulate.tabulate(spec, kinds.flops()).published == ()
    changed = tabulate.tabulate(spec, kinds.params(), settings=Settings(batch=2))
    assert changed.published == ()


def test_columns_have_their_own_keys_and_say_what_they_are() -> None:
    assert len(BY_KEY) == len(COLUMNS)
    for column in COLUMNS:
        assert column.about
        assert (column.unit == "bytes") == column.key.endswith("_bytes")
    assert [c.key for c in COLUMNS if c.estimate] == ["forward_backward_bytes"]
