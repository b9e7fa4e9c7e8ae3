"""What a comparison says: exactly what was done, and no more."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import archstat
from archstat.comparison.changes import Change
from archstat.comparison.compare import Comparison, compare, compare_sides
from archstat.comparison.side import Layer, side_of
from archstat.comparison.view import view
from archstat.errors import UsageError
from archstat.report.arrange import Arrangement
from archstat.spec import Settings, load
from archstat.spec.files import bundled_folder

RESNET = (Path(bundled_folder()) / "resnet50.yaml").read_text("utf-8")
STAGES = ("stem", "conv2", "conv3", "conv4", "conv5", "head")


def differing(found: Comparison) -> list[Change]:
    return [row for row in found.rows if row.mark != "="]


def said(found: Comparison) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [(row.mark, row.path, row.was, row.notes) for row in differing(found)]


Against = Callable[[str, str], Comparison]


@pytest.fixture
def against(tmp_path: Path) -> Against:
    """Compare two specs that are given as text."""

    def compared(old: str, new: str) -> Comparison:
        for name, text in (("old", old), ("new", new)):
            (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
        return compare(tmp_path / "old.yaml", tmp_path / "new.yaml")

    return compared


def layers(body: str) -> str:
    return f"input: [8, 8, 8]\nlayers:\n{body}"


def test_resnet50_with_every_stage_renamed(against: Against) -> None:
    before, _, after = RESNET.partition("layers:\n")
    stages = after.partition("published:")[0]
    for stage in STAGES:
        assert f"  {stage}:" in stages
        stages = stages.replace(f"  {stage}:", f"  my_{stage}:")
    found = against(RESNET, f"{before}layers:\n{stages}")
    assert said(found) == [("~", f"my_{stage}", stage, ("renamed",)) for stage in STAGES]
    assert [total.change for total in found.totals] == [0, 0, 0, 0]


def test_resnet50_with_one_block_inserted(against: Against) -> None:
    found = against(RESNET, RESNET.replace("repeat: 5}", "repeat: 6}"))
    (row,) = differing(found)
    assert (row.mark, row.path, row.count) == ("+", "conv4.bottleneck7", 10)
    assert row.notes == ("bottleneck 6 -> 7 times",)
    assert row.changes == tuple(total.change for total in found.totals)


def test_resnet50_and_resnet101_differ_in_one_repeat() -> None:
    found = compare("resnet50", "resnet101")
    assert (found.old and found.old.depth, found.new and found.new.depth) == (50, 101)
    (row,) = differing(found)
    assert (row.mark, row.path) == ("+", "conv4.bottleneck7-23")
    assert row.notes == ("bottleneck 6 -> 23 times",)
    assert found.change("params") == 44_549_160 - 25_557_032 == row.changes[0]


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("{max_pool: 3}", "{max_pool: 3, stride: 1}", "stride unset -> 1"),
        ("{max_pool: 3, stride: 1}", "{max_pool: 3}", "stride 1 -> unset"),
        ("{conv: 4, kernel: 3}", "{conv: 4}", "kernel 3 -> 1"),
        ("{conv: 4}", "{conv: 4, groups: 4}", "groups 1 -> 4"),
    ],
)
def test_an_option_that_one_side_leaves_out(
    against: Against, old: str, new: str, note: str
) -> None:
    (row, *_) = differing(against(layers(f"  a: [{old}]\n"), layers(f"  a: [{new}]\n")))
    assert row.notes[0] == note


def test_a_block_inserted_before_others_does_not_rename_them(against: Against) -> None:
    old = layers("  a: [{conv: 8, kernel: 3, padding: same}, relu, conv: 8, relu]\n")
    new = layers(
        "  a: [{conv: 8, kernel: 5, padding: same}, {conv: 8, kernel: 3, padding: same}, relu, conv: 8, relu]\n"
    )
    assert said(against(old, new)) == [("+", "a.conv1", "", ())]
    assert said(against(new, old)) == [("-", "a.conv1", "", ())]


def test_a_named_layer_is_removed_from_between_equal_ones(against: Against) -> None:
    one, two, three = (f"{{conv: 8, name: {n}}}" for n in "xyz")
    found = against(
        layers(f"  - {one}\n  - {two}\n  - {three}\n"), layers(f"  - {one}\n  - {three}\n")
    )
    assert said(found) == [("-", "y", "", ())]


def test_a_block_called_alone_and_then_twice(against: Against) -> None:
    block = "  twice(n): [{conv: n, act: relu}, {conv: n, kernel: 3, padding: same}]\n"
    head = f"input: [8, 8, 8]\nblocks:\n{block}layers:\n"
    found = against(f"{head}  a: [twice: 8]\n", f"{head}  a: [{{twice: 8, repeat: 2}}]\n")
    assert said(found) == [("+", "a.twice2", "", ())]


def test_layers_that_were_put_into_a_stage(against: Against) -> None:
    old = layers("  a: [conv: 8, relu]\n  b: [conv: 4, gelu]\n")
    new = layers("  all:\n    a: [conv: 8, relu]\n    b: [conv: 4, gelu]\n")
    assert said(against(old, new)) == [
        ("~", "all.a", "a", ("moved",)),
        ("~", "all.b", "b", ("moved",)),
    ]


STEM = "  - {conv: 8, name: stem}\n"
BLOCK = "  - add: {residual: [{conv: 8, kernel: 3, padding: 1, act: relu}, conv: 8], shortcut: identity}\n  - relu\n"
OTHER = "  - add: {residual: [{conv: 4, act: relu}, conv: 8], shortcut: identity}\n  - relu\n"


def test_a_residual_block_inserted_before_one_whose_branches_stand_beside_it(
    against: Against,
) -> None:
    found = against(layers(STEM + BLOCK), layers(STEM + OTHER + BLOCK))
    assert said(found) == [
        ("+", "add1", "", ()),
        ("+", "relu1", "", ("relu 1 -> 2 times",)),
    ]
    assert [row.count for row in differing(found)] == [4, 1]
    assert {row.path for row in found.layers if row.mark == "+"} == {
        "residual.conv1", "residual.conv1.act", "residual.conv2", "add1", "relu1",
    }  # fmt: skip
    was = {row.path: row.was for row in found.layers if row.was}
    assert was["add2.residual.conv1"] == "residual.conv1"
    back = against(layers(STEM + OTHER + BLOCK), layers(STEM + BLOCK))
    assert [row[:2] for row in said(back)] == [("-", "add1"), ("-", "relu1")]


def test_a_join_inserted_before_others_of_the_same_branches(against: Against) -> None:
    join = "  - concat: {a: [conv: 8], b: [{conv: 8, kernel: 3, padding: 1}], pool: [conv: 8]}\n"
    other = "  - concat: {a: [conv: 4], b: [{conv: 4, kernel: 5, padding: 2}]}\n"
    found = against(layers(STEM + join + join), layers(STEM + other + join + join))
    assert said(found)[0] == ("+", "concat1", "", ())
    # The first join reads 8 channels as before, so that nothing else differs.
    assert [row.count for row in differing(found)] == [3]
    rows = [row.path for row in found.layers]
    assert rows.index("concat1") > rows.index("b.conv1")


def test_a_join_that_becomes_another_says_so_once(against: Against) -> None:
    found = against(
        layers(STEM + OTHER + BLOCK), layers(STEM + OTHER + BLOCK.replace("add:", "concat:"))
    )
    assert said(found)[:2] == [
        ("~", "concat1.residual", "add2.residual", ("moved",)),
        ("~", "concat1", "add2", ("add -> concat",)),
    ]
    assert differing(found)[0].count == 3


@pytest.mark.parametrize("name", ["vit_b_16", "resnet50", "unet"])
def test_layers_stand_in_the_order_of_the_network(name: str) -> None:
    found = compare(name, name)
    assert found.new is not None
    assert [row.path for row in found.layers] == [layer.path for layer in found.new.layers]


def test_layers_that_were_put_into_a_residual_block_behind_another(against: Against) -> None:
    plain = "  - {conv: 8, kernel: 3, padding: 1, act: relu}\n  - conv: 8\n  - relu\n"
    found = against(layers(STEM + OTHER + plain), layers(STEM + OTHER + BLOCK))
    assert [row[:3] for row in said(found)] == [
        ("~", "add2.residual.conv1", "conv1"),
        ("~", "add2.residual.conv2", "conv2"),
        ("+", "add2", ""),
    ]


def test_stages_in_another_order(against: Against) -> None:
    a, b = "  a: [{conv: 8, kernel: 3, padding: same}]\n", "  b: [conv: 8, gelu]\n"
    found = against(layers(a + b), layers(b + a))
    assert not [row for row in found.rows if row.mark in "+-"]
    assert {row.path for row in differing(found)} == {
        "a.conv1",
        "b.conv1",
    }  # each reads another layer


def numbered(*stages: str) -> str:
    """Return a spec of stages that differ, called by these names."""
    return layers("".join(f"  {name}: [conv: {16 * n}]\n" for n, name in enumerate(stages, 1)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("s1", "s2"), ("s2", "s1")),
        (("s1", "s2", "s3"), ("s2", "s3", "s1")),
        (("s1", "s2", "s3"), ("s1", "s3", "s2")),
        (("s", "s1"), ("s1", "s")),
        (("s1", "s2"), ("s1", "s3")),
        (("s1",), ("s01",)),
        (("s",), ("s1",)),
        (("s1",), ("s" + "9" * 50,)),
    ],
)
def test_stages_that_take_each_others_names_are_renamed(
    against: Against, old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    found = against(numbered(*old), numbered(*new))
    assert not found.same
    renamed = [(b, a) for a, b in zip(old, new, strict=True) if a != b]
    assert said(found) == [("~", now, was, ("renamed",)) for now, was in renamed]
    assert [(row.path, row.was) for row in found.layers if row.mark == "~"] == [
        (f"{now}.conv1", f"{was}.conv1") for now, was in renamed
    ]


def test_stages_of_resnet50_that_exchange_names(against: Against) -> None:
    new = (
        RESNET.replace("  conv3:", "  x:")
        .replace("  conv4:", "  conv3:")
        .replace("  x:", "  conv4:")
    )
    new = new.replace("conv3[", "conv4[")
    found = against(RESNET, new)
    assert said(found) == [
        ("~", "conv4", "conv3", ("renamed",)),
        ("~", "conv3", "conv4", ("renamed",)),
    ]


def test_a_stage_put_before_others_numbers_them_anew(against: Against) -> None:
    new = layers(
        "  s1: [conv: 16]\n  s2: [{conv: 16, kernel: 3, padding: same}, relu]\n  s3: [conv: 32]\n"
    )
    old = layers("  s1: [{conv: 16, kernel: 3, padding: same}, relu]\n  s2: [conv: 32]\n")
    assert [(mark, path) for mark, path, _, _ in said(against(old, new))][:1] == [("+", "s1")]
    assert {row.mark for row in against(old, new).rows} <= {"+", "~", "="}
    assert not [row for row in against(old, new).rows if "renamed" in row.notes]


def test_a_layer_that_is_repeated_under_its_name(against: Against) -> None:
    old = layers("  - {conv: 8, name: mix}\n")
    new = layers("  - {conv: 8, name: mix, repeat: 2}\n")
    assert [(mark, path) for mark, path, _, _ in said(against(old, new))] == [("+", "mix2")]


def test_options_are_named_as_a_spec_writes_them(against: Against) -> None:
    old = layers("  - {conv: 8, kernel: 3, padding: same, act: relu}\n  - dropout\n")
    new = layers(
        "  - {conv: 16, kernel: 5, padding: same, bias: false, act: gelu}\n  - dropout: 0.2\n"
    )
    assert [(row.path, row.notes) for row in differing(against(old, new))] == [
        ("conv1", ("conv 8 -> 16", "kernel 3 -> 5", "bias true -> false")),
        ("conv1.act", ("relu -> gelu", "input 8x8x8 -> 16x8x8")),
        ("dropout1", ("dropout 0.5 -> 0.2",)),
    ]


def test_what_costs_nothing_is_a_difference_all_the_same(against: Against) -> None:
    found = against(layers("  - {conv: 8, act: relu}\n"), layers("  - {conv: 8, act: sigmoid}\n"))
    assert not found.same
    assert all(total.change == 0 for total in found.totals)


def test_a_layer_that_reads_another_one(against: Against) -> None:
    body = "  - {conv: 8, name: a}\n  - {conv: 8, name: b, kernel: 3, padding: same}\n"
    end = "  - {conv: 4, from: %s, name: c}\n  - {conv: 2, name: d}\n"
    found = against(layers(body + end % "b"), layers(body + end % "a"))
    assert said(found) == [("~", "c", "", ("reads a, was b",))]


def test_freezing_is_a_difference(against: Against) -> None:
    net = layers("  - {conv: 8, name: a}\n  - {conv: 4, name: b}\n")
    assert said(against(net, f"{net}freeze: [a]\n")) == [("~", "a", "", ("frozen",))]


def test_only_layers_with_weights_are_frozen(against: Against) -> None:
    text = "input: [3, 8, 8]\nlayers: {a: [conv: 4, relu, flatten], b: [linear: 2]}\n"
    found = against(text, text + "freeze: all\nunfreeze: [b]\n")
    assert said(found) == [("~", "a.conv1", "", ("frozen",))]


def test_numbers_of_the_whole_network_stand_in_the_totals_alone() -> None:
    metrics = ("inference_peak_bytes", "params", "depth")
    found = compare("resnet18", "resnet34", metrics)
    totals = {total.column.key: (total.old, total.new, total.change) for total in found.totals}
    assert list(totals) == ["params", "inference_peak_bytes", "depth"]
    assert totals["depth"] == (18, 34, 16)
    assert totals["params"][2] == sum(row.changes[0] or 0 for row in found.rows)
    assert found.change("inference_peak_bytes") == 0
    assert {len(row.changes) for row in found.layers} == {1}
    alone = compare("resnet18", "resnet34", ("training_peak_bytes",))
    assert {row.changes for row in alone.layers} == {()}
    assert (alone.change("training_peak_bytes") or 0) > 0


def test_a_peak_that_is_unknown_is_no_zero(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [3, 8, 8]\nlayers: [conv: 4]\nfreeze: all\n", "utf-8")
    found = compare("lenet5", path, ("training_peak_bytes", "params"))
    assert [(t.new, t.change, t.least) for t in found.totals] == [
        (16, 16 - 61_706, False),
        (None, None, True),
    ]


def test_another_input_is_a_difference_where_nothing_else_is() -> None:
    small = archstat.load("resnet18", input=(3, 160, 160))
    found = archstat.compare("resnet18", small, metrics=["params"])
    assert not found.same
    assert found.change("params") == 0


def test_naive_and_bottleneck_inception() -> None:
    found = archstat.compare("inception_naive", "inception_bottleneck")
    assert found.change("macs") == 271_351_808 - 854_196_224
    assert [line.printed for _, line in found.published] == ["854M", "358M"]
    slip = found.published[1][1]
    assert (slip.verdict, slip.derived) == ("slip", 358_055_936)


def test_a_figure_that_both_sides_cite_is_said_twice_only_where_it_comes_out_differently(
    tmp_path: Path,
) -> None:
    wider = RESNET.replace("conv: 64,", "conv: 65,", 1)
    assert wider != RESNET
    (tmp_path / "new.yaml").write_text(wider, "utf-8")
    found = archstat.compare("resnet50", str(tmp_path / "new.yaml"))
    said = [(side is found.old, line.quantity, line.verdict) for side, line in found.published]
    assert said == [
        (True, "params", "reproduced"),
        (True, "macs", "reproduced"),
        (False, "params", "differs"),
        (False, "macs", "reproduced"),  # of another number
    ]
    (tmp_path / "new.yaml").write_text(RESNET, "utf-8")
    same = archstat.compare("resnet50", str(tmp_path / "new.yaml"))
    assert same.new is not None
    assert [line for _, line in same.published] == list(same.new.published)


def test_the_biggest_change_of_the_first_column_comes_first(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(
        "input: [3, 9, 9]\n"
        "layers: {a: [conv: 8], b: [{conv: 8, stride: 3}], c: [{conv: 64, stride: 3}]}\n", "utf-8"
    )  # fmt: skip
    (tmp_path / "new.yaml").write_text(
        "input: [3, 9, 9]\n"
        "layers: {a: [{conv: 8, bias: false}], b: [{conv: 8}], c: [{conv: 99, stride: 9}]}\n",
        "utf-8",
    )
    found = archstat.compare(str(tmp_path / "old.yaml"), str(tmp_path / "new.yaml"))
    rows = view(found, Arrangement(detail="people")).rows
    assert [row.path.partition(".")[0] for row in rows if row.mark != "="] == ["c", "a", "b"]
    changes = [abs(row.changes[0] or 0) for row in rows]
    assert changes == sorted(changes, reverse=True)


def test_figures_stand_beside_each_other_only_where_both_have_one() -> None:
    assert archstat.compare("conv7x7", "resnet50").published == ()


def test_a_spec_that_is_new_or_gone() -> None:
    side = side_of(load("lenet5"), ("params", "macs"), settings=Settings())
    for found, sign in ((compare_sides(None, side), 1), (compare_sides(side, None), -1)):
        assert [total.change for total in found.totals] == [sign * 61_706, sign * 416_520]
        for rows in (found.rows, found.layers):
            assert sum(row.changes[0] or 0 for row in rows) == sign * 61_706
        assert {row.mark for row in found.rows} == {"+" if sign > 0 else "-"}
        assert not found.same


def test_the_unknown_is_no_zero() -> None:
    old = side_of(load("lenet5"), ("params",), settings=Settings())
    broken = msgspec.structs.replace(old.layers[1], cells=(None,))
    new = msgspec.structs.replace(old, layers=(old.layers[0], broken, *old.layers[2:]))
    found = compare_sides(old, new)
    assert found.change("params") is None
    assert found.totals[0].least
    (row,) = differing(found)
    assert (row.path, row.changes) == ("conv1", (None,))


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="no metric 'parms'") as raised:
        archstat.compare("lenet5", "lenet5", metrics=["parms"])
    assert raised.value.hint == "did you mean 'params'?"
    with pytest.raises(UsageError, match="'flops' was not compared"):
        archstat.compare("lenet5", "lenet5").change("flops")


@pytest.mark.parametrize("kind", ["front", "middle", "random", "all", "longer"])
def test_ten_thousand_layers_take_seconds(kind: str) -> None:
    """A quadratic step would take minutes."""
    old = side_of(load("lenet5"), ("params",), settings=Settings())
    first = old.layers[0]
    count = 10_000
    options = [(("channels", str(i % 3)),) for i in range(count)]

    def made(ops: list[str], more: int = 0) -> tuple[Layer, ...]:
        return (first, *(
            msgspec.structs.replace(first, path=f"{op}{i}", op=op, options=options[(i + more) % count],
                                    inputs=(i,), owner=i + 1)
            for i, op in enumerate(ops)
        ))  # fmt: skip

    base = ["conv", "relu", "pool"] * (count // 3)
    other = {
        "front": ["tanh", *base],
        "middle": [*base[:3000], "tanh", *base[3000:7000], *base[7100:]],
        "random": [base[i * i % 97 % 3] for i in range(len(base))],
        "all": ["linear"] * len(base),
        "longer": base * 2,
    }[kind]
    start = time.process_time()
    new = msgspec.structs.replace(old, layers=made(other, more=1))
    found = compare_sides(msgspec.structs.replace(old, layers=made(base)), new)
    assert sum(row.count for row in found.rows) >= len(base)
    assert time.process_time() - start < 20
