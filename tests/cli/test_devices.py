"""archstat memory over several devices: a batch divided over GPUs."""

import csv
import io
import json
from typing import Any

import pytest

from archstat.report.devices import share_of_batch
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
