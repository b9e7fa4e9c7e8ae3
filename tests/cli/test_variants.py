"""archstat sweep, solve and explain --formula, as a user's shell runs them."""

import csv
import json
import os
import signal
import subprocess
import time
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.run import COMMAND, ROOT, run, shell


def test_formats_hold_the_same_numbers() -> None:
    asked = (
        "sweep",
        "resnet",
        "--set",
        "width=32,64",
        "--set",
        "depth=18,20",
        "--metric",
        "params,macs",
    )
    rows = list(csv.DictReader(StringIO(run(*asked, "-f", "csv").output)))
    envelope = json.loads(run(*asked, "-f", "json").output)
    assert envelope["kind"] == "sweep"
    assert envelope["settings"]["batch"] == 1
    assert [axis["values"] for axis in envelope["axes"]] == [[32, 64], [18, 20]]
    for text, exact in zip(rows, envelope["rows"], strict=True):
        assert text["params"] == ("" if exact["params"] is None else str(exact["params"]))
        assert bool(exact["error"]) == (exact["depth"] == 20) == bool(text["error"])
    assert "11,689,512" in run(*asked).output
    assert "| 64 | 18 | 11,689,512 | 1,814,073,344 |" in run(*asked, "-f", "markdown").output


def test_metrics_may_be_several_options() -> None:
    done = run(
        "sweep",
        "lenet5",
        "--set",
        "batch=1,2",
        "--metric",
        "params",
        "--metric",
        "macs",
        "-f",
        "csv",
    )
    assert done.output.splitlines()[0] == "spec,batch,params,macs,error"


def test_what_varies_is_not_said_to_hold() -> None:
    heading = run(
        "sweep", "resnet", "--set", "resolution=64,96", "--set", "batch=1,2"
    ).output.splitlines()[0]
    assert heading == "ResNet  float32"


def test_from_standard_input() -> None:
    spec = "input: [3, 8, 8]\nvars: {n: 4}\nlayers: [conv: n]\n"
    done = run(
        "sweep",
        "-",
        "--set",
        "n=1:300",
        "--jobs",
        "2",
        "--metric",
        "params",
        "-f",
        "csv",
        stdin=spec,
    )
    assert done.output.splitlines()[-1] == "'-,300,1200,"


@pytest.mark.parametrize("columns", ["40", "60", "160"])
def test_a_narrow_terminal_loses_no_digit(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archstat.cli.output.columns", lambda: int(columns))
    said = run("sweep", "resnet", "--set", "width=64,a/b").output
    assert "25,557,032" in said
    assert max(map(len, said.splitlines())) <= max(int(columns), 60)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sweep", "resnet"), "there is nothing to sweep over"),
        (("sweep", "resnet", "--set", "width"), "'width' is not NAME=VALUE"),
        (("sweep", "resnet", "--set", "width=9:1"), "width=9:1 holds no value"),
        (("sweep", "resnet", "--set", "widht=1"), "no variable 'widht'"),
        (("sweep", "resnet", "--set", "width=1,2", "--jobs", "0"), "is not a whole number from 1"),
        (("sweep", "resnet", "--set", "batch=1,2", "--metric", "params"), "doesn't change params"),
        (
            ("sweep", "resnet", "--set", "width=1,2", "--where", "output < 3"),
            "unknown name 'output'",
        ),
        (
            ("explain", "vgg16", "--formula", "field_centre", "--in", "resolution"),
            "no polynomial form of field_centre",
        ),
        (("sweep", "no-such-spec", "--set", "width=1"), "no spec 'no-such-spec'"),
        (
            ("solve", "resnet", "--vary", "batch", "--max", "params=1G"),
            "'batch' doesn't change params",
        ),
        (
            ("solve", "resnet", "--vary", "classes", "--max", "macs=9999T"),
            "there is no largest 'classes'",
        ),
        (("solve", "resnet", "--vary", "width"), "there is no limit"),
        (("solve", "resnet", "--vary", "width", "--max", "macs"), "'macs' is not METRIC=LIMIT"),
        (
            ("explain", "resnet", "--formula", "params", "--in", "batch"),
            "'batch' changes no params",
        ),
        (("explain", "resnet", "--formula", "params"), "--formula and --in belong together"),
        (("explain", "resnet", "--in", "width"), "--formula and --in belong together"),
        (("explain", "resnet", "stem", "--formula", "params", "--in", "width"), "takes no layers"),
    ],
)
def test_refused_in_one_line(args: tuple[str, ...], said: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    first, *hint = done.stderr.strip().splitlines()
    assert said in first
    assert len(hint) <= 1
    assert done.stdout == ""


def test_a_limit_that_nothing_keeps_to_is_an_answer() -> None:
    done = run("solve", "resnet", "--vary", "width=8:64:8", "--max", "macs=1M")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no 'width' fits: macs is ")
    assert run("memory", "alexnet", "--fit", "1MB").exit_code == 1
    # Where a spec is wrong as well, that comes first.
    assert run("memory", "alexnet", "no-such-spec", "--fit", "1MB").exit_code == 2


@pytest.mark.parametrize("option", ["--pareto", "--metric"])
@pytest.mark.parametrize("keys", ["", ",", "params,", "params,,macs"])
def test_an_empty_key_is_refused(option: str, keys: str) -> None:
    done = run("sweep", "resnet", "--set", "width=8,16", option, keys)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "one of them is empty" in done.stderr


def test_settings_that_change_nothing_are_named() -> None:
    asked = ("--set", "batch=1,2", "--set", "width=8,16", "--metric", "params,weights")
    done = run("sweep", "resnet", *asked)
    assert "'batch' changes neither params nor weights" in done.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--set", "depth=17,99"), "none of 2 variants gives a network"),
        (("--set", "depth=17"), "the one variant gives no network"),
        (("--set", "depth=17,18", "--where", "macs < 1"), "none of 2 variants is left by --where"),
        (("--set", "depth=18", "--where", "macs < 1"), "the one variant isn't left by --where"),
    ],
)
def test_an_empty_sweep(args: tuple[str, ...], said: str) -> None:
    done = run("sweep", "resnet", *args)
    assert (done.exit_code, done.stderr) == (2, f"error: {said}\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("sweep", "resnet50", "--set", "classes=3,4", "--freeze", "nolayer"),
         "error: resnet50: --freeze: 'nolayer' matches no layer\n  hint: there are stem, "),
        (("sweep", "gpt2_small", "--set", "resolution=32:64", "--set", "batch=1,2"),
         "error: resolution: the spec's input is no image\n"),
        (("explain", "resnet50", "--formula", "params", "--in", "classes", "--freeze", "nolayer"),
         "error: resnet50: --freeze: 'nolayer' matches no layer\n  hint: there are stem, "),
        (("explain", "resnet50", "--formula", "adam_peak_bytes", "--in", "batch", "--freeze", "all"),
         "error: adam_peak_bytes is unknown: nothing is trained\n"),
        (("solve", "resnet50", "--vary", "batch", "--max", "saved_bytes=1GiB", "--freeze", "nolayer"),
         "error: resnet50: --freeze: 'nolayer' matches no layer\n  hint: there are stem, "),
        (("solve", "gpt2_small", "--vary", "resolution", "--max", "params=1G"),
         "error: resolution: the spec's input is no image\n"),
        (("solve", "resnet50", "--vary", "batch", "--max", "training_peak_bytes=8GiB", "--freeze", "all"),
         "error: training_peak_bytes is unknown: nothing is trained\n"),
        (("memory", "resnet50", "--fit", "8GiB", "--freeze", "nolayer"),
         "error: resnet50: --freeze: 'nolayer' matches no layer\n"),
    ],
)  # fmt: skip
def test_an_error_that_is_not_about_the_values_is_raised_once(
    args: tuple[str, ...], said: str
) -> None:
    done = run(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("error: ") == 1


def test_an_error_about_the_values_is_a_row() -> None:
    done = run("sweep", "resnet", "--set", "depth=17,99", "-f", "csv")
    assert [line.partition("line")[0] for line in done.stdout.splitlines()[1:]] == [
        'resnet,17,,,,,"',
        'resnet,99,,,,,"',
    ]
    said = run("solve", "resnet", "--vary", "depth=17,99", "--max", "params=1G").stderr
    assert said.startswith(
        "error: no value of 'depth' that was tried gives a network\n  hint: depth=17: "
    )


def test_fractions_in_every_format() -> None:
    asked = (
        "sweep",
        "vgg16",
        "--set",
        "resolution=32,64",
        "--metric",
        "field_centre,receptive_field",
    )
    assert "31.5" in run(*asked).stdout
    assert run(*asked, "-f", "csv").stdout.splitlines()[2] == "vgg16,64,31.5,64,"
    assert json.loads(run(*asked, "-f", "json").stdout)["rows"][0]["field_centre"] == "15.5"
    asked = ("solve", "vgg16", "--vary", "resolution", "--max", "field_centre=40")
    (limit,) = json.loads(run(*asked, "-f", "json").stdout)["limits"]
    assert (limit["at_value"], limit["at_next"]) == (40, "40.5")
    assert "40.5" in run(*asked).stdout


@pytest.mark.parametrize(
    "text", ["\x1b[31m", "1" * 5000, "'; drop", "__import__('os')", "=1+1", "🙂"]
)
def test_hostile_values(text: str) -> None:
    done = run("sweep", "lenet5", "--set", f"batch={text},1", "-f", "csv")
    assert done.exit_code in (0, 2)
    assert "\x1b" not in done.output + done.stderr
    assert "Traceback" not in done.output + done.stderr


def test_solve_in_every_format() -> None:
    asked = ("solve", "resnet50", "--vary", "batch", "--max", "macs=100G")
    said = json.loads(run(*asked, "-f", "json").output)
    assert (said["value"], said["next"], said["limits"][0]["exceeds"]) == (24, 25, True)
    assert "batch = 24" in run(*asked).output
    assert run(*asked, "-f", "csv").output.splitlines()[1] == (
        "resnet50,batch,24,macs,100000000000,98140422144,25,102229606400"
    )
    assert "**batch = 24** is the largest that fits" in run(*asked, "-f", "markdown").output


def test_decimals_are_numbers_in_json() -> None:
    asked = ("mobilenet_v1", "--set", "batch=2", "-f", "json")
    done = run("sweep", *asked, "--set", "width=0.25,1,0.75", "--metric", "params")
    said = json.loads(done.output, parse_float=str)
    assert said["axes"][1]["values"] == ["0.25", 1, "0.75"]
    assert '"width": 0.25,' in done.output
    limit = ("--vary", "width=0.25:1:0.25", "--max", "macs=300M")
    found = json.loads(run("solve", "mobilenet_v1", *limit, "-f", "json").output)
    assert (found["value"], found["next"], found["no_network"]) == (0.5, 0.75, [])


def test_solve_says_which_values_give_no_network() -> None:
    asked = ("solve", "mobilenet_v1", "--vary", "width=0.5:0.75:0.05", "--max", "params=1.5M")
    assert "tried, and no network: width = 0.55, 0.6, 0.65, 0.7\n" in run(*asked).output
    assert json.loads(run(*asked, "-f", "json").output)["no_network"] == [0.55, 0.6, 0.65, 0.7]


def test_solve_says_one_value_and_several(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "input: [1]\nvars: {n: 1, twice: 4}\n"
        "layers: [{linear: n + (100 if n == 2 or n == twice else 0), bias: false}]\n"
    )
    asked = ("solve", str(file), "--vary", "n=1:20", "--max", "params=15")
    assert "2 smaller values of those tried exceed: the numbers" in run(*asked).output
    assert (
        "1 smaller value of those tried exceeds: the numbers"
        in run(*asked, "--set", "twice=2").output
    )


@pytest.mark.parametrize("columns", [40, 60, 160])
def test_a_solution_fits_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archstat.cli.output.columns", lambda: columns)
    said = run("solve", "resnet50", "--vary", "batch", "--max", "training_peak_bytes=24GiB").output
    assert max(map(len, said.splitlines())) <= columns
    assert ("exceeds" in said) == (columns == 160)
    assert ("left out to fit 40 columns: at " in said) == (columns == 40)


def test_one_variant() -> None:
    assert "\n1 variant\n" in run("sweep", "lenet5", "--set", "batch=2").output


def test_a_formula_in_every_format() -> None:
    asked = ("explain", "resnet50", "--formula", "macs", "--in", "resolution")
    said = json.loads(run(*asked, "-f", "json").output)
    assert said["formula"] == "83,410,944*(resolution/32)^2 + 2,048,000"
    assert [term["coefficient"] for term in said["terms"]] == [83410944, 2048000]
    assert f"macs = {said['formula']}" in run(*asked).output
    assert run(*asked, "-f", "csv").output.splitlines()[1] == "resnet50,macs,83410944,2"
    assert f"`macs = {said['formula']}`" in run(*asked, "-f", "markdown").output


def test_a_formula_claims_what_was_tried() -> None:
    asked = ("explain", "mobilenet_v2", "--formula", "params", "--in", "width")
    for form in ("table", "markdown"):
        said = " ".join(run(*asked, "-f", form).output.split())
        assert "every" not in said
        assert "equal at the 49 values tried, 1 to 49, and at 490 and 4,900" in said
        assert "at width=0.5 it is 1,968,680, not 1,221,768" in said
    (width,) = json.loads(run(*asked, "-f", "json").output)["variables"]
    assert (width["tried"], width["from"], width["to"]) == (49, 1, 49)
    assert {"value": "0.5", "number": 1968680, "formula": 1221768} in width["differences"]


def test_ctrl_c_leaves_the_old_file_and_no_process(tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("old")
    args = (
        "sweep",
        "resnet",
        "--set",
        "width=1:5000",
        "--set",
        "resolution=64:512:64",
        "--jobs",
        "2",
        "-o",
        str(file),
    )
    process = subprocess.Popen(
        [*COMMAND, *args],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        # Its own group, which Ctrl-C in a terminal reaches as a whole.
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "interrupted\n")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["old.csv"]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_files_are_whole(tmp_path: Path) -> None:
    done = shell(
        "sweep", "lenet5", "--set", "batch=1,2", "-o", "a.csv", "-o", "b.json", cwd=tmp_path
    )
    assert done.returncode == 0
    assert (tmp_path / "a.csv").read_text().count("\n") == 3
    assert len(json.loads((tmp_path / "b.json").read_text())["rows"]) == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("sweep", "resnet", "--batch", "4", "--set", "batch=1,2"), "batch is 4, and has other"),
        (("sweep", "lenet5", "--dtype", "float64", "--set", "dtype=float16"), "dtype is float64"),
        (("sweep", "lenet5", "--input", "1x64x64", "--set", "input=1x32x32"), "input is 1x64x64"),
        (("sweep", "resnet", "--input", "3x64x64", "--set", "resolution=32,64"), "both set the"),
        (
            ("solve", "resnet", "--max", "macs=1G", "--vary", "width", "--set", "width=8"),
            "width is 8",
        ),
        (("solve", "lenet5", "--max", "macs=1G", "--vary", "batch", "--batch", "2"), "batch is 2"),
        (
            ("solve", "resnet", "--max", "macs=1G", "--vary", "resolution", "--input", "3x64x64"),
            "input and resolution both set the input",
        ),
        (
            ("explain", "resnet", "--formula", "macs", "--in", "resolution", "--input", "3x64x64"),
            "input and resolution both set the input",
        ),
    ],
)
def test_what_is_set_has_no_other_values(asked: tuple[str, ...], said: str) -> None:
    done = run(*asked)
    assert done.exit_code == 2
    assert said in done.stderr


def test_the_resolution_of_a_spec_without_one_keeps_the_channels_of_the_input() -> None:
    done = run(
        "sweep", "lenet5", "--input", "3x64x64", "--set", "resolution=32,64", "-f", "csv",
        "--metric", "params,macs",
    )  # fmt: skip
    alone = run("params", "lenet5", "--input", "3x64x64", "-f", "csv")
    assert done.output.splitlines()[2].split(",")[2] in alone.output.splitlines()[-1]
