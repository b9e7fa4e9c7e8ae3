"""Networks side by side, and where the numbers of one sit."""

import pytest

from archstat.render.layout import fields
from archstat.render.style import Style
from archstat.report.arrange import Arrangement
from archstat.report.kinds import SHARES
from archstat.report.report import Cell
from archstat.report.summary import MORE, summarize
from archstat.report.tabulate import tabulate
from archstat.spec import load

CONV = 3 * 3 * 64 * (3 + 64) + 3 * 3 * 128 * (64 + 128) + 3 * 3 * 256 * (128 + 2 * 256)
CONV += 3 * 3 * 512 * (256 + 5 * 512)
LINEAR = 25_088 * 4096 + 4096 * 4096 + 4096 * 1000


def cells(name: str, *, aux: bool = False) -> dict[str, Cell]:
    report = summarize([load(name)], aux=aux)
    return {c.key: n for c, n in zip(report.columns, report.rows[0].cells, strict=True)}


def test_a_summary_says_how_deep_and_how_much_is_in_linear_layers() -> None:
    report = summarize([load("vgg16"), load("googlenet")])
    vgg, googlenet = cells("vgg16"), cells("googlenet")
    assert vgg["depth"] == 16
    assert vgg["linear_params"] == LINEAR + 4096 + 4096 + 1000
    assert googlenet["depth"] == 22
    assert googlenet["linear_params"] == 1024 * 1000 + 1000
    shown = {field.title: field.cells for field in fields(report, Style())}
    assert shown["in linear"] == ("89.4%", "14.6%")
    assert shown["depth"] == ("16", "22")


def test_the_auxiliary_heads_count_only_when_asked_for() -> None:
    heads = 2 * (2048 * 1024 + 1024 + 1024 * 1000 + 1000)
    assert cells("googlenet", aux=True)["linear_params"] == 1024 * 1000 + 1000 + heads


def test_a_network_without_linear_layers_has_nothing_in_them() -> None:
    report = summarize([load("conv7x7"), load("lenet5")])
    shown = {field.title: field.cells for field in fields(report, Style())}
    assert shown["in linear"] == ("0.0%", "95.8%")  # 48,120 + 10,164 + 850 of 61,706


def test_a_single_network_says_what_shows_more() -> None:
    one, two = [load("lenet5")], [load("lenet5"), load("vgg16")]
    assert summarize(one, more=True).notes == (MORE,)
    assert summarize(one).notes == summarize(two, more=True).notes == ()


@pytest.mark.parametrize("by", ["layer", "stage", "op"])
def test_each_number_stands_beside_its_share(by: str) -> None:
    report = tabulate(load("vgg16"), SHARES, Arrangement(by=by))  # type: ignore[arg-type]  # a parameter's word
    found = fields(report, Style())
    titles = [field.title for field in found if field.footer][1:]
    assert titles == ["params", "of params", "MACs", "of MACs", "memory", "of memory"]
    assert [field.footer for field in found if field.title.startswith("of ")] == 3 * ["100.0%"]
    assert sum(n for row in report.rows if isinstance(n := row.cells[0], int)) == 138_357_544


def test_vgg16_has_its_weights_in_linear_layers_and_its_work_in_convolutions() -> None:
    report = tabulate(load("vgg16"), SHARES, Arrangement(by="op"))
    rows = {row.path: row.cells for row in report.rows}
    assert rows["conv"][0] == CONV + 2 * 64 + 2 * 128 + 3 * 256 + 6 * 512
    assert rows["linear"][1] == LINEAR
    shown = {field.title: field.cells for field in fields(report, Style())}
    at = list(rows).index("linear")
    assert [shown[f"of {what}"][at] for what in ("params", "MACs", "memory")] == [
        "89.4%",
        "0.8%",
        "0.1%",
    ]


def test_average_pooling_in_the_place_of_fully_connected_layers() -> None:
    vgg, pooled = cells("vgg16"), cells("vgg16_gap")
    assert pooled["params"] == 138_357_544 - (LINEAR + 9192) + 512 * 1000 + 1000
    assert (vgg["depth"], pooled["depth"]) == (16, 14)


@pytest.mark.parametrize("modules", [1, 2, 5])
def test_naive_modules_grow_by_what_the_pool_passes_on(modules: int) -> None:
    from archstat.spec.model import Settings

    settings = Settings(variables={"modules": str(modules)})
    naive, bottleneck = (
        load(f"inception_{name}_stack", settings).graph.output.sample[0]
        for name in ("naive", "bottleneck")
    )
    assert naive == 256 + modules * (128 + 192 + 96)
    assert bottleneck == 128 + 192 + 96 + 64
