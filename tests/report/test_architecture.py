"""The Python API."""

import json
import subprocess
import sys
from typing import Any

import pytest

import archstat
from archstat.render.json import render
from archstat.render.style import Style
from archstat.report.report import Report


def test_numbers_of_vgg16() -> None:
    vgg = archstat.load("vgg16")
    assert vgg.params == vgg.trainable_params == 138_357_544
    assert vgg.macs == 15_470_264_320
    assert vgg.activations == 15_237_608
    assert vgg.activation_bytes == 60_950_432
    assert vgg.depth == 16
    assert vgg.report("shares", by="op").total["macs"] == 15_470_264_320
    assert vgg.flops > 2 * vgg.macs
    assert vgg.output == (1000,)
    assert vgg.input == (3, 224, 224)
    assert vgg.name == vgg.spec.name == "VGG-16"
    assert vgg.graph.nodes[0].path == "input"
    assert vgg.total("weights") == 138_344_128
    assert repr(vgg) == "<Architecture VGG-16: 138,357,544 params, 15,470,264,320 MACs>"


def test_changes() -> None:
    assert archstat.load("vgg16", variables={"classes": 10}).params == 138_357_544 - 990 * 4_097
    assert archstat.load("vgg16", batch=2).macs == 2 * 15_470_264_320
    assert archstat.load("vgg16", dtype="float16").activation_bytes == 30_475_216
    aux = archstat.load("googlenet", aux=True)
    assert (aux.params, archstat.load("googlenet").params) == (13_378_280, 6_998_552)


def test_transfer() -> None:
    asked: dict[str, Any] = {"freeze": "all", "replace_head": 102}
    net = archstat.load("vgg16", unfreeze=["conv5"], **asked)
    assert (net.trainable_params, net.params) == (7_497_318, 134_678_438)
    assert net.report("params").published == ()
    rows = archstat.sweep("resnet", {"depth": "18,50"}, metrics=["trainable_params"], **asked).rows
    assert [row["trainable_params"] for row in rows] == [102 * 513, 102 * 2049]
    kept = archstat.formula("resnet", "gradient_bytes", "width", **asked)
    assert kept(width=16) == 4 * 102 * (8 * 4 * 16 + 1)
    limit = {"gradient_bytes": 4 * 102 * 1025}
    assert archstat.solve("resnet", "width", limit, **asked).value == "32"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"freeze": [3]}, "take the names of layers and stages, as text"),
        ({"freeze": ["conv9"]}, "vgg16: --freeze: 'conv9' matches no layer"),
        ({"replace_head": True}, "--replace-head must be a positive whole number, not true"),
        ({"replace_head": 2**24 + 1}, "--replace-head"),
    ],
)
def test_transfer_that_can_not_be(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(archstat.UsageError, match=message):
        archstat.load("vgg16", **asked)


def test_reports_are_values() -> None:
    report = archstat.load("alexnet").report("params", by="stage")
    assert isinstance(report, Report)
    assert report.total["params"] == 60_965_224
    assert report.rows[0].path == "conv1"
    assert archstat.load("alexnet").report("memory", top=1).rows[0].cells[0] == 290_400


def test_rows_as_dicts_have_the_keys_of_json() -> None:
    report = archstat.load("lenet5").report("memory", add=["receptive_field"])
    (written,) = json.loads(render([report], Style()))["reports"]
    for row, shown in zip(report.to_dicts(), written["rows"], strict=True):
        assert list(row) == list(shown)
        assert row["activations"] == shown["activations"]
    conv1 = report.to_dicts()[1]
    assert conv1["path"] == "conv1"
    assert conv1["output"] == (6, 28, 28)
    assert conv1["tensors"] == {"weight": (6, 1, 5, 5), "bias": (6,)}
    assert (conv1["activations"], conv1["activation_bytes"]) == (4704, 18816)
    assert conv1["receptive_field"] == 5
    assert report.to_dicts()[-1]["note"] == "the whole input"


def test_refusals() -> None:
    with pytest.raises(archstat.UsageError, match="no spec 'nonesuch'"):
        archstat.load("nonesuch")
    with pytest.raises(archstat.UsageError, match="no report 'parms'"):
        archstat.load("alexnet").report("parms")
    with pytest.raises(archstat.UsageError, match="no column 'size'"):
        archstat.load("alexnet").total("size")
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        archstat.laod  # noqa: B018  # asking is the test
    assert set(archstat.__all__) <= set(dir(archstat))


def test_importing_archstat_imports_nothing_else() -> None:
    code = "import sys, archstat; print([m for m in sys.modules if m.startswith('archstat.') or m == 'msgspec'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_loading_prints_nothing_and_needs_no_torch() -> None:
    code = (
        "import sys, archstat; archstat.load('vgg16').report('memory'); "
        "assert not {'torch', 'numpy', 'click', 'rich'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
