"""archstat memory over several devices: a batch divided over GPUs, or the channels over devices."""

import csv
import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from archstat.ops.tape import Mode
from archstat.passes.optimizers import Optimizer
from archstat.report.devices import share_of_batch
from archstat.report.split import divided
from archstat.report.tabulate import tabulate
from archstat.spec import load
from tests.cli.run import run

RESNET = 25_557_032


def report(*options: str) -> dict[str, Any]:
    done = run("memory", *options, "-f", "json")
    assert done.exit_code == 0, done.stderr
    (found,) = json.loads(done.output)["reports"]
    assert isinstance(found, dict)
    return found


def test_each_gpu_holds_its_share_of_the_batch_and_the_whole_model() -> None:
    training = ("--optimizer", "momentum", "--peak")
    of_one = report("resnet50", "--batch", "256", "--gpus", "8", *training)
    alone = report("resnet50", "--batch", "32", *training)
    assert of_one["devices"] == {"count": 8, "divide": "batch", "batch": 256}
    assert of_one["settings"] == alone["settings"]
    for same in ("totals", "peaks", "rows"):
        assert of_one[same] == alone[same]
    assert of_one["totals"]["gradient_bytes"] == 4 * RESNET
    assert of_one["totals"]["optimizer_bytes"] == 4 * RESNET


@pytest.mark.parametrize(
    ("gpus", "piece"), [(1, RESNET), (2, RESNET // 2), (8, RESNET // 8), (3, RESNET // 3 + 1)]
)
def test_a_ring_sends_every_piece_of_the_gradients_twice(gpus: int, piece: int) -> None:
    found = report("resnet50", "--batch", "24", "--gpus", str(gpus))
    assert found["all_reduce_bytes"] == 2 * (gpus - 1) * 4 * piece
    assert found["bucket_bytes"] == 4 * RESNET


def test_what_is_frozen_is_not_exchanged() -> None:
    found = report("vgg16", "--batch", "2", "--gpus", "2", "--freeze", "all", "--unfreeze", "fc8")
    assert found["all_reduce_bytes"] == 4 * 4_097_000


def test_the_type_of_the_weights_is_the_type_of_what_is_sent() -> None:
    found = report("lenet5", "--batch", "2", "--gpus", "2", "--dtype", "bfloat16")
    assert found["all_reduce_bytes"] == 2 * 61_706


@pytest.mark.parametrize(
    ("batch", "gpus", "most"), [(256, 8, 32), (250, 8, 32), (8, 8, 1), (9, 8, 2)]
)
def test_the_fullest_gpu_has_the_batch_divided_and_rounded_up(
    batch: int, gpus: int, most: int
) -> None:
    assert share_of_batch(batch, gpus) == most
    done = run("memory", "lenet5", "--batch", str(batch), "--gpus", str(gpus))
    who = "each" if batch % gpus == 0 else "the fullest"
    said = f"batch {most}, float32, on {who} of {gpus} GPUs for a batch of {batch}"
    assert said in done.output


def test_what_is_exchanged_in_csv() -> None:
    done = run("memory", "lenet5", "--batch", "4", "--gpus", "2", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert [(row["row"], row["note"]) for row in rows[-2:]] == [
        ("devices", f"all_reduce_bytes: {4 * 61_706}"),
        ("devices", f"bucket_bytes: {4 * 61_706}"),
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--gpus", "2"), "--gpus 2: a batch of 1 leaves some without a sample\n  hint: --batch 2"),
        (("--gpus", "0"), "'0' is not a whole number from 1"),
        (("--gpus", "2", "--batch", "8", "--dtype", "int8"), "PyTorch takes no gradients of int8"),
    ],
)
def test_refused(options: tuple[str, ...], said: str) -> None:
    done = run("memory", "lenet5", *options)
    assert done.exit_code == 2
    assert said in done.stderr


def test_each_tower_of_alexnet_holds_half_and_some_layers_read_both() -> None:
    found = report("alexnet", "--split", "2")
    assert found["devices"] == {"count": 2, "divide": "channels"}
    rows = {row["path"]: row for row in found["rows"]}
    assert rows["conv1.conv1"]["output"] == [48, 55, 55]
    assert rows["conv1.conv1"]["params"] == 48 * (11 * 11 * 3 + 1)
    assert rows["conv1.conv1"]["tensors"] == {"weight": [48, 3, 11, 11], "bias": [48]}
    assert rows["conv1.conv1"]["activation_bytes"] == 4 * 48 * 55 * 55
    reads = {path for path, row in rows.items() if row["note"].startswith("reads all")}
    assert reads == {"conv3.conv1", "fc6.linear1", "fc7.linear1", "fc8.linear1"}
    assert rows["conv3.conv1"]["crossing_bytes"] == 2 * 4 * 128 * 13 * 13
    assert found["totals"]["params"] == 60_965_224 // 2
    assert found["totals"]["param_bytes"] == 2 * 60_965_224
    assert rows["input"]["activation_bytes"] == 4 * 3 * 227 * 227
    whole = report("alexnet")["totals"]["activation_bytes"] + rows["input"]["activation_bytes"]
    assert 2 * found["totals"]["activation_bytes"] == whole


def test_each_tower_of_alexnet_in_training() -> None:
    training = ("--backward", "--optimizer", "momentum", "--batch", "128")
    found = report("alexnet", "--split", "2", *training)
    rows, total = {row["path"]: row for row in found["rows"]}, found["totals"]
    assert rows["conv1.conv1.act"]["saved_bytes"] == 128 * 4 * 48 * 55 * 55
    assert rows["conv3.conv1"]["saved_bytes"] == 128 * 4 * 256 * 13 * 13
    assert rows["conv3.conv1"]["crossing_back_bytes"] == 128 * 2 * 4 * 128 * 13 * 13
    assert total["crossing_back_bytes"] == total["crossing_bytes"] == 128 * 302_752
    assert total["gradient_bytes"] == total["optimizer_bytes"] == total["param_bytes"]
    held = total["param_bytes"] + total["optimizer_bytes"] + total["saved_bytes"]
    assert found["backward_begins_bytes"] == held < 3 * 10**9
    assert sum(row["saved_bytes"] for row in found["rows"]) == total["saved_bytes"]


def test_adam_counts_its_steps_on_each_device() -> None:
    kind = partial(divided, backward=Mode(), optimizer=Optimizer("adam", "for-loop"))
    totals: list[dict[str, Any]] = [
        dict(tabulate(load("resnet50"), kind(devices)).total) for devices in (2, 1)
    ]
    halves, whole = totals
    counters = 4 * 161
    assert whole["optimizer_bytes"] == 2 * whole["param_bytes"] + counters
    assert halves["optimizer_bytes"] == whole["param_bytes"] + counters
    # 53 batch norms have a counter of batches each, which both devices hold.
    assert 2 * halves["buffer_bytes"] == whole["buffer_bytes"] + 53 * 8
    alone = report("resnet50", "--backward", "--optimizer", "adam")["totals"]
    same = ("param_bytes", "saved_bytes", "buffer_bytes", "gradient_bytes", "optimizer_bytes")
    assert [whole[key] for key in same] == [alone[key] for key in same]


def test_what_is_frozen_sends_no_gradients_back() -> None:
    found = report("vgg16_head_only", "--split", "2", "--backward", "--optimizer", "sgd")
    assert found["totals"]["crossing_bytes"]
    assert found["totals"]["crossing_back_bytes"] == found["totals"]["optimizer_bytes"] == 0
    done = run("memory", "lenet5", "--split", "2", "--backward", "--freeze", "all")
    assert "backward begins  123.41 kB (120.52 KiB)  params of that device" in done.output


def test_the_largest_batch_on_each_of_several_gpus() -> None:
    training = ("--optimizer", "adam", "--fit", "24GiB")
    alone, of_one = report("resnet50", *training), report("resnet50", *training, "--gpus", "8")
    assert of_one["fit"]["largest_batch"] == of_one["settings"]["batch"]
    assert of_one["devices"] == {
        "count": 8,
        "divide": "batch",
        "batch": 8 * of_one["fit"]["largest_batch"],
    }
    # DDP's buckets take as much as the gradients do.
    peak = of_one["peaks"][1]["training_peak_bytes"]
    assert of_one["fit"]["spare_bytes"] == 24 * 2**30 - peak - 4 * RESNET
    assert of_one["fit"]["largest_batch"] < alone["fit"]["largest_batch"]
    assert of_one["bucket_bytes"] == 4 * RESNET
    done = run("memory", "resnet50", *training, "--gpus", "8", "--by", "op")
    together = 8 * of_one["fit"]["largest_batch"]
    assert f"on each GPU, {together:,} together; fits 24GiB with DDP's buckets" in done.output
    done = run("memory", "lenet5", "--fit", "1kB", "--gpus", "2")
    assert done.exit_code == 1
    assert (
        "at batch 1 a step of training with DDP's buckets takes 800,448 bytes, 800.45 kB"
        in done.stderr
    )


def test_a_largest_batch_in_csv() -> None:
    done = run("memory", "lenet5", "--fit", "2MB", "--gpus", "3", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    found = report("lenet5", "--fit", "2MB", "--gpus", "3")
    fit = [row["note"] for row in rows if row["row"] == "fit"]
    assert fit == [f"{key}: {number}" for key, number in found["fit"].items()]
    shared = [row["note"] for row in rows if row["row"] == "devices"]
    assert shared[:2] == ["count: 3", f"batch: {3 * found['fit']['largest_batch']}"]
    parts = [row["note"].rpartition(": ") for row in rows if row["row"] == "part"]
    assert {what: int(n) for what, _, n in parts} == found["peaks"][1]["parts"]


def test_a_tensor_without_channels_is_on_each_device(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers: [conv: 4, prelu: 1, batch_norm]\n")
    rows = {row["path"]: row["params"] for row in report(str(spec), "--split", "2")["rows"]}
    assert rows == {"input": 0, "conv1": 2 * 4, "prelu1": 1, "batch_norm1": 2 * 2}


def test_split_in_text() -> None:
    done = run("memory", "alexnet", "--split", "2")
    assert "on each of 2 devices, which divide the channels" in done.output
    assert "reads 2 more" in done.output
    assert "share" not in done.output


@pytest.mark.parametrize(
    ("spec", "options", "said"),
    [
        ("alexnet", ("--split", "3"), "the 256 channels of 'conv2.conv1' can't be divided over 3"),
        ("vit_b_16", ("--split", "2"), "(attention) can't be divided"),
        ("alexnet", ("--split", "2", "--peak"), "--peak can't go with --split"),
        ("alexnet", ("--split", "2", "--checkpoint", "stages"), "--checkpoint can't go with"),
        ("alexnet", ("--split", "2", "--fit", "3GB"), "--split can't go with --fit"),
        ("alexnet", ("--split", "2", "--mode", "eval"), "--mode says nothing without --backward"),
        ("alexnet", ("--split", "2", "--weight-decay"), "--weight-decay can't go with --split"),
        ("alexnet", ("--split", "2", "--backward", "--dtype", "int8"), "no gradients of int8"),
        ("alexnet", ("--split", "2", "--gpus", "1"), "--gpus can't go with --split"),
        ("alexnet", ("--split", "0"), "'0' is not a whole number from 2 to 1,024"),
        ("alexnet", ("--split", "1"), "'1' is not a whole number from 2 to 1,024"),
    ],
)
def test_a_split_is_refused_in_one_line(spec: str, options: tuple[str, ...], said: str) -> None:
    done = run("memory", spec, *options)
    assert done.exit_code == 2
    assert said in done.stderr.partition("\n")[0]
