"""archstat memory: what is kept for the backward pass, and the peak, in every format."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import run


def test_what_is_kept_and_the_peak_in_json() -> None:
    done = run("memory", "vgg16_torchvision", "--backward", "--peak", "-f", "json")
    (report,) = json.loads(done.output)["reports"]
    assert report["totals"]["saved_bytes"] == 73_355_264
    assert report["rows"][1]["saved_what"] == "input"
    inference, training = report["peaks"]
    assert inference["inference_peak_bytes"] == 26_292_224
    assert sum(part["bytes"] for part in inference["alive"]) == 26_292_224
    assert training["training_peak_bytes"] == 1_169_566_704
    assert training["phase"] == "backward"
    assert sum(training["parts"].values()) == 1_169_566_704


def test_what_is_kept_and_the_peak_in_csv() -> None:
    done = run("memory", "lenet5", "--backward", "--peak", "-f", "csv")
    rows = list(csv.DictReader(io.StringIO(done.output)))
    assert [row["saved_what"] for row in rows][:3] == ["", "input", "output"]
    (total,) = [row for row in rows if row["row"] == "total"]
    assert total["saved_bytes"] == "36432"
    inference, training = [row["note"] for row in rows if row["row"] == "peak"]
    assert inference == "inference_peak_bytes: 27616"
    assert training == "training_peak_bytes: 553624"
    parts = [row["note"].rpartition(": ")[2] for row in rows if row["row"] == "part"]
    assert sum(map(int, parts)) == 553624


TRAINED = {
    ("sgd", "for-loop"): (491_642_864, 1_169_566_704, 268_053_912),
    ("momentum", "for-loop"): (736_046_224, 1_722_996_880, 370_282_040),
    ("adam", "for-loop"): (1_280_210_540, 3_036_412_588, 472_510_812),
    ("adam", "foreach"): (1_222_622_988, 2_767_757_132, 511_960_312),
    ("adam", "fused"): (980_449_648, 2_276_427_184, 472_510_812),
}
"""Peaks of a step of training, measured with PyTorch on torchvision's AlexNet, VGG-16 and ResNet-50."""


@pytest.mark.parametrize("optimizer", TRAINED, ids="-".join)
def test_the_optimizer_changes_the_training_peak(optimizer: tuple[str, str]) -> None:
    specs = ("alexnet_torchvision", "vgg16_torchvision", "resnet50")
    options = ("--optimizer", optimizer[0], "--implementation", optimizer[1])
    done = run("memory", *specs, "--peak", "-f", "json", *options)
    reports = json.loads(done.output)["reports"]
    peaks = [report["peaks"][1] for report in reports]
    assert tuple(peak["training_peak_bytes"] for peak in peaks) == TRAINED[optimizer]
    states = [report["totals"] for report in reports]
    copies = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer[0]]
    for total in states:
        counters = total["optimizer_bytes"] - copies * total["param_bytes"]
        assert total["gradient_bytes"] == total["param_bytes"]
        assert counters % 4 == 0
        assert bool(counters) == (optimizer[0] == "adam")


def test_a_checkpoint_keeps_less_and_runs_again() -> None:
    def report(*options: str) -> Any:
        done = run(
            "memory", "resnet50", "--batch", "8", "--backward", "--peak", "-f", "json", *options
        )
        assert done.exit_code == 0
        return json.loads(done.output)["reports"][0]

    plain, stages = report(), report("--checkpoint", "stages")
    # The image, and what each stage hands on to the next.
    entering = (
        3 * 224 * 224,
        64 * 56 * 56,
        256 * 56 * 56,
        512 * 28 * 28,
        1024 * 14 * 14,
        2048 * 7 * 7,
    )
    assert stages["totals"]["saved_bytes"] == 8 * 4 * sum(entering)
    # All but the last layer, a linear one, which keeps its input alone.
    assert stages["totals"]["recompute_macs"] == 8 * (4_089_184_256 - 2048 * 1000)
    peaks = [one["peaks"][1]["training_peak_bytes"] for one in (plain, stages)]
    assert peaks == [838_101_808, 523_331_888]
    assert report("--checkpoint", "none") == plain
    assert report("--checkpoint", "segments=1")["totals"]["recompute_macs"] == 0


def test_a_peak_while_a_stage_runs_again(tmp_path: Path) -> None:
    spec = tmp_path / "wide.yaml"
    spec.write_text(WIDENING)
    done = run("memory", str(spec), "--peak", "--curve", "--checkpoint", "stages")
    assert "in recompute of body.batch_norm1" in done.output
    assert "^forward" in done.output
    assert "^recompute" not in done.output


WIDENING = """
input: [3, 32, 32]
layers:
  body: [conv: 64, batch_norm: {affine: false}]
  head: [global_avg_pool, flatten, linear: 10]
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mode", "eval"), "in eval mode"),
        (("--device", "cuda"), "with CUDA's kernels"),
        (("--input-grad",), "with a gradient of the input"),
        (("--accumulate", "out-of-place"), "with gradients added out of place"),
        (("--implementation", "fused"), "with the fused implementation of adam"),
        (("--weight-decay",), "with weight decay"),
        (("--checkpoint", "stages"), "with each stage behind a checkpoint"),
        (
            ("--checkpoint", "segments=2"),
            "with all but the last of 2 segments behind checkpoints",
        ),
        (("--checkpoint", "none", "--mode", "train", "--device", "cpu"), ""),
    ],
)
def test_how_the_network_is_trained_is_said_where_it_is_not_as_usual(
    options: tuple[str, ...], said: str
) -> None:
    step = f"a step of training {said}"
    for form in ("table", "csv", "json", "markdown"):
        done = run("memory", "lenet5", "--optimizer", "adam", *options, "-f", form)
        assert done.exit_code == 0
        assert (step in done.output) == bool(said)


def test_a_curve_in_markdown_is_drawn_in_a_block_of_code() -> None:
    done = run("memory", "lenet5", "--curve", "-f", "markdown")
    _, block, _ = done.output.split("```")
    assert block.startswith("text\nlive bytes over one step")
    assert block.count("^forward") == 1


def test_where_nothing_is_trained_there_is_no_training_peak() -> None:
    done = run("memory", "lenet5", "--peak", "--freeze", "all")
    assert "training peak   none                    nothing is trained" in done.output


@pytest.mark.parametrize(
    "said", ["segments=0", "segments=", "segments=x", "stage", "segments=1_0", ""]
)
def test_a_checkpoint_that_says_nothing(said: str) -> None:
    done = run("memory", "lenet5", "--peak", "--checkpoint", said)
    assert done.exit_code == 2
    assert "is not none, stages or segments=N" in done.output


def test_more_segments_than_stages() -> None:
    done = run("memory", "vgg16", "--peak", "--checkpoint", "segments=9")
    assert done.exit_code == 2
    assert "can't be cut into 9 segments: it has 8 top-level stages" in done.output
    assert "say at most --checkpoint segments=8" in done.output


def test_a_checkpoint_that_a_layer_in_place_overwrites(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: [3, 8, 8]\nlayers: [conv: 4, relu: {inplace: true}, flatten, linear: 2]\n"
    )
    done = run("memory", str(spec), "--backward", "--checkpoint", "stages")
    assert done.exit_code == 2
    assert "overwrites in place what enters there" in done.output


def test_what_is_kept_under_autocast() -> None:
    def saved(*options: str) -> int:
        done = run(
            "memory", "vgg16_torchvision", "--backward", "--batch", "8", "-f", "json", *options
        )
        return int(json.loads(done.output)["reports"][0]["totals"]["saved_bytes"])

    # Measured with torchvision's VGG-16.
    assert saved("--amp", "bfloat16") == saved("--amp", "float16") == 619_081_088
    assert saved() == 586_842_112
    done = run("memory", "lenet5", "--backward", "--amp", "bfloat16")
    assert "under autocast to bfloat16, copies of weights too" in done.output


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--amp says nothing without --backward or --peak"),
        (("--backward", "--dtype", "float16"), "--dtype can't go with --amp"),
        (("--backward", "--split", "2"), "--amp can't go with --split"),
    ],
)
def test_what_autocast_goes_with(options: tuple[str, ...], said: str) -> None:
    done = run("memory", "lenet5", "--amp", "bfloat16", *options)
    assert done.exit_code == 2
    assert said in done.output


def test_peaks_under_autocast() -> None:
    def peaks(*options: str) -> list[int]:
        done = run("memory", "vgg16_torchvision", "--amp", "bfloat16", "-f", "json", *options)
        inference, training = json.loads(done.output)["reports"][0]["peaks"]
        return [inference["inference_peak_bytes"], training["training_peak_bytes"]]

    # Held against PyTorch in tests/pytorch/test_autocast_peaks.py.
    assert peaks("--peak") == [277_327_392, 1_326_289_312]
    assert peaks("--optimizer", "adam") == [277_327_392, 3_036_410_588]
    done = run("memory", "lenet5", "--peak", "--amp", "bfloat16")
    assert "a step of training under autocast to bfloat16" in done.output
    assert "copies of weights" in done.output
    done = run("memory", "lenet5", "--fit", "1MB", "--amp", "bfloat16")
    assert done.exit_code == 0
    assert "largest batch" in done.output


def test_autocast_on_cuda() -> None:
    # As on an H100: CUDA's local response norm works in single precision from its power on, the CPU's from its mean.
    def peaks(*options: str) -> list[int]:
        done = run(
            "memory",
            "alexnet",
            "--batch",
            "2",
            "--amp",
            "float16",
            "--peak",
            "-f",
            "json",
            *options,
        )
        inference, training = json.loads(done.output)["reports"][0]["peaks"]
        return [inference["inference_peak_bytes"], training["training_peak_bytes"]]

    assert peaks("--device", "cuda", "--accumulate", "out-of-place") == [123_187_528, 578_865_564]
    assert peaks() != peaks("--device", "cuda")


def test_checkpoints_under_autocast() -> None:
    def report(*options: str) -> Any:
        done = run("memory", "vgg16", "--backward", "--peak", "-f", "json", *options)
        assert done.exit_code == 0
        return json.loads(done.output)["reports"][0]

    low, stages = ("--amp", "bfloat16"), ("--checkpoint", "stages")
    alone, both, single = report(*low), report(*low, *stages), report(*stages)
    for one in (alone, single):
        assert both["totals"]["saved_bytes"] < one["totals"]["saved_bytes"]
    assert both["totals"]["recompute_macs"] == single["totals"]["recompute_macs"] > 0
    assert both["peaks"][1] != alone["peaks"][1] != single["peaks"][1]
    done = run("memory", "vgg16", "--peak", *low, *stages)
    assert "under autocast to bfloat16, with each stage behind a checkpoint" in done.output


def test_what_autocast_does_is_not_known_of_every_op(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: {tokens: [4, 8]}\nlayers: [layer_norm, {mul: [[linear: 8], identity, identity]}, linear: 2]\n"
    )
    done = run("memory", str(spec), "--backward", "--amp", "bfloat16")
    assert done.exit_code == 2
    assert (
        "what autocast does to 'mul' of more than two branches of several types is not known"
        in done.output
    )


def test_the_largest_batch_that_fits() -> None:
    options = ("--optimizer", "adam", "--checkpoint", "stages", "-f", "json")
    done = run("memory", "resnet50", "lenet5", "--fit", "4GiB", *options)
    assert done.exit_code == 0
    for report in json.loads(done.output)["reports"]:
        fit, peak = report["fit"], report["peaks"][1]["training_peak_bytes"]
        assert report["settings"]["batch"] == fit["largest_batch"]
        assert fit["memory_bytes"] == 4 * 2**30 == peak + fit["spare_bytes"]
        assert fit["next_batch"] == fit["largest_batch"] + 1
        batch = ("--batch", str(fit["next_batch"]))
        after = json.loads(run("memory", report["reference"], *batch, *options).output)
        peak = after["reports"][0]["peaks"][1]["training_peak_bytes"]
        assert fit["next_training_peak_bytes"] == peak > 4 * 2**30


def test_the_largest_batch_is_told_in_text_and_csv() -> None:
    done = run("memory", "lenet5", "--fit", "1MB")
    assert "LeNet-5  input 1x32x32, batch 8, float32" in done.output
    assert (
        "largest batch   8                       fits 1MB with 22.23 kB (21.71 KiB) to spare"
        in done.output
    )
    assert "not counted     ?  " in done.output
    rows = list(
        csv.DictReader(io.StringIO(run("memory", "lenet5", "--fit", "1MB", "-f", "csv").output))
    )
    assert "largest_batch: 8" in [row["note"] for row in rows if row["row"] == "fit"]


def test_what_does_not_fit_at_all_is_said_in_one_line() -> None:
    done = run("memory", "alexnet", "lenet5", "--fit", "1MB", "-f", "csv")
    assert done.exit_code == 1
    assert (
        "error: alexnet doesn't fit 1MB: at batch 1 a step of training takes 500,400,892 bytes, "
        "500.40 MB (477.22 MiB)\n" in done.output
    )
    assert "largest_batch: 8" in done.output
    assert run("memory", "alexnet", "no_such_network", "--fit", "1MB").exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fit", "24Gi"), "'24Gi' says no unit of bytes"),
        (("--fit", "lots"), "--fit lots: 'lots'"),
        (("--fit", ""), "--fit"),
        (("--fit", "1GB", "--batch", "2"), "--batch can't go with --fit"),
        (("--fit", "1GB", "--batch", "1"), "--batch can't go with --fit"),
        (("--fit", "1GB", "--batch", "1", "--gpus", "2"), "--batch can't go with --fit"),
        (("--fit", "1GB", "--split", "2"), "--split can't go with --fit"),
        (("--fit", "1GB", "--dtype", "int8"), "PyTorch takes no gradients of int8"),
        (("--fit", "1000TB"), "there is no largest 'batch'"),
    ],
)
def test_memory_to_fit_that_makes_no_sense(options: tuple[str, ...], said: str) -> None:
    done = run("memory", "lenet5", *options)
    assert done.exit_code == 2
    assert said in done.output


def test_nothing_trained_fits_no_memory(tmp_path: Path) -> None:
    spec = tmp_path / "pool.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers: [max_pool: 2, flatten]\n")
    done = run("memory", str(spec), "--fit", "1GB")
    assert done.exit_code == 2
    assert "nothing of 'pool' is trained" in done.output


def test_gradients_that_meet_are_added_in_place_or_not() -> None:
    def peak(*options: str) -> int:
        done = run("memory", "resnet50", "--peak", "-f", "json", *options)
        return int(json.loads(done.output)["reports"][0]["peaks"][1]["training_peak_bytes"])

    assert peak() == peak("--accumulate", "in-place") == 268_053_912
    assert peak("--accumulate", "out-of-place") == 268_578_200


def test_nothing_trained_has_no_training_peak(tmp_path: Path) -> None:
    spec = tmp_path / "pool.yaml"
    spec.write_text("input: [3, 8, 8]\nlayers: [max_pool: 2, flatten]\n")
    done = run("memory", str(spec), "--peak", "--curve", "-f", "json")
    assert [next(iter(peak)) for peak in json.loads(done.output)["reports"][0]["peaks"]] == [
        "inference_peak_bytes"
    ]


def test_the_curve_is_as_high_as_the_peak_and_names_the_phases() -> None:
    done = run("memory", "lenet5", "--curve", "--optimizer", "adam")
    assert "live bytes over one step" in done.output
    last = done.output.splitlines()[-1]
    assert last.index("forward") < last.index("backward") < last.index("optimizer step")
    curve = json.loads(run("memory", "lenet5", "--curve", "-f", "json").output)["reports"][0][
        "peaks"
    ][1]
    assert max(curve["curve"]["bytes"]) == curve["training_peak_bytes"]


def test_the_mode_and_the_device_change_what_is_kept() -> None:
    def saved(*options: str) -> int:
        done = run("memory", "alexnet_torchvision", "--backward", "-f", "json", *options)
        return int(json.loads(done.output)["reports"][0]["totals"]["saved_bytes"])

    assert saved() == saved("--mode", "train") == saved("--device", "cpu") == 3_741_184
    assert saved("--mode", "eval") == 3_671_552
    assert saved("--device", "cuda") == 3_701_248


@pytest.mark.parametrize(
    "options",
    [
        ("--mode", "eval"),
        ("--device", "cuda"),
        ("--input-grad",),
        ("--checkpoint", "stages"),
        ("--accumulate", "in-place"),
        ("--implementation", "fused"),
        ("--weight-decay", "--peak"),
    ],
)
def test_options_of_training_need_it(options: tuple[str, ...]) -> None:
    done = run("memory", "lenet5", *options)
    assert done.exit_code == 2
    assert "says nothing without --" in done.output


def test_whole_numbers_have_no_gradients() -> None:
    done = run("memory", "lenet5", "--backward", "--dtype", "int8")
    assert done.exit_code == 2
    assert "PyTorch takes no gradients of int8" in done.output


DESTROYED = """input: [16]
layers:
  - {linear: 8, act: relu}
  - {dropout: {p: 0.5, inplace: true}}
  - linear: 4
"""


@pytest.mark.parametrize("option", ["--peak", "--backward"])
def test_a_network_that_pytorch_refuses_to_train(option: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(DESTROYED)
    said = (
        "PyTorch refuses to train it: 'dropout1' changes in place what 'linear1.act' keeps for the "
        "backward pass"
    )
    assert said in run("memory", str(tmp_path / "net.yaml"), option).output
    assert said in run("memory", str(tmp_path / "net.yaml"), option, "-f", "json").output
    assert "refuses" not in run("memory", str(tmp_path / "net.yaml")).output
    assert "refuses" not in run("memory", "vgg16", option).output


def test_a_peak_in_the_loss() -> None:
    done = run("memory", "gpt2_small", "--peak", "--by", "stage")
    assert "in backward of the loss: " in done.output
