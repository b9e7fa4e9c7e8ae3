"""archstat compare in numbers of the whole network, and in what training takes."""

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.run import run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


TRAINING = (
    "resnet50",
    "resnet50_finetune",
    "resnet50_head_only",
    "--training",
    "momentum",
    "--batch",
    "8",
)


def test_what_training_takes_fits_a_terminal() -> None:
    lines = run("compare", *TRAINING).output.splitlines()
    assert max(map(len, lines)) <= 80
    kept = {line[:15].strip(): line.split() for line in lines[4:]}
    assert kept["trainable"][1:] == ["25,557,032", "15,173,734", "-40.6%", "208,998", "-99.2%"]
    assert kept["saved (MB)"][2:] == ["687.489", "43.508", "-93.7%", "0.066", "<-99.9%"]
    assert list(kept) == [
        "trainable", "backward MACs", "saved (MB)", "gradients (MB)", "momentum (MB)", "momentum peak (", "output",
        "receptive field", "depth",
    ]  # fmt: skip


def test_what_training_takes_is_exact_for_programs() -> None:
    found = json.loads(run("compare", *TRAINING, "-f", "json").stdout)["comparisons"]
    totals = [{key: cell["old"] for key, cell in found[0]["totals"].items()}]
    totals += [{key: cell["new"] for key, cell in one["totals"].items()} for one in found]
    assert [one["saved_bytes"] for one in totals] == [687_488_512, 43_507_712, 65_536]
    assert [one["gradient_bytes"] for one in totals] == [102_228_128, 60_694_936, 835_992]
    assert [one["momentum_bytes"] for one in totals] == [102_228_128, 60_694_936, 835_992]
    assert [one["momentum_peak_bytes"] for one in totals] == [peak(name) for name in TRAINING[:3]]
    rows = list(csv.reader(io.StringIO(run("compare", *TRAINING, "-f", "csv").stdout)))
    assert {len(row) for row in rows} == {len(rows[0])}
    at = rows[0].index("momentum_peak_bytes_new")
    peaks = [str(one["momentum_peak_bytes"]) for one in totals[1:]]
    assert [row[at] for row in rows[1:] if row[2] == "total"] == peaks
    assert {row[at] for row in rows[1:] if row[2] != "total"} == {""}


def peak(name: str) -> int:
    """Return the peak that ``archstat memory`` gives."""
    done = run("memory", name, "--optimizer", "momentum", "--batch", "8", "-f", "json")
    return int(json.loads(done.stdout)["reports"][0]["peaks"][1]["training_peak_bytes"])


def test_metrics_of_the_whole_network() -> None:
    done = run(
        "compare",
        "resnet18",
        "resnet34",
        "--metric",
        "depth,training_peak_bytes",
        "--training",
        "sgd",
    )
    assert done.output.count("training peak") == 1
    assert done.output.count("depth") == 1
    depth = next(line.split() for line in done.output.splitlines() if line.startswith("depth"))
    assert depth == ["depth", "18", "34", "+16", "+88.9%"]
    only = run("compare", "resnet18", "resnet34", "--metric", "depth")
    assert only.exit_code == 0
    assert "~ " in only.output or "+ " in only.output
    markdown = run("compare", *TRAINING[:2], "--metric", "adam_peak_bytes", "-f", "markdown").output
    assert "| Adam peak |" in markdown
    assert run("compare", *TRAINING[:3], "--metric", "training_peak").exit_code == 2


def test_adamw_takes_what_adam_does() -> None:
    found = [
        json.loads(run("compare", "lenet5", "vgg11", "--training", word, "-f", "json").stdout)
        for word in ("adam", "adamw")
    ]
    assert found[0] == found[1]
    done = run("memory", "lenet5", "--optimizer", "adamw", "-f", "json")
    (report,) = json.loads(done.stdout)["reports"]
    (one,) = found[1]["comparisons"]
    peak = report["peaks"][1]["training_peak_bytes"]
    assert one["totals"]["adam_peak_bytes"]["old"] == peak
    assert one["totals"]["adam_bytes"]["old"] == report["totals"]["optimizer_bytes"]


def test_a_baseline_keeps_peaks_and_what_was_frozen() -> None:
    run("compare", "--write-baseline", "base.json", "lenet5", "--freeze", "conv1")
    done = run("compare", "--baseline", "base.json", "--freeze", "conv1", "--training", "adam")
    assert done.output.startswith("1 spec compared with base.json: 1 without a difference\n")
    other = run("compare", "--baseline", "base.json", "--freeze", "conv2")
    assert other.exit_code == 2
    assert "'lenet5' was written with freeze conv1, not freeze conv2" in other.stderr
    assert "not nothing frozen or replaced" in run("compare", "--baseline", "base.json").stderr


def test_the_peak_of_training_nothing_is_unknown() -> None:
    asked = ("compare", "lenet5", "vgg11", "--freeze", "all", "--training", "sgd")
    peak = next(line.split() for line in run(*asked).output.splitlines() if "training peak" in line)
    assert peak[3:] == ["?", "?", "?", "?"]
    done = run(*asked, "--strict")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: vgg11: training_peak_bytes is unknown\n")


def test_what_is_written_holds_its_schema() -> None:
    asked = ("lenet5", "vgg11", "--freeze", "conv1", "--replace-head", "7", "--training", "adam")
    assert run("compare", "--write-baseline", "base.json", *asked[:1], *asked[2:6]).exit_code == 0
    written = json.loads(Path("base.json").read_text("utf-8"))
    assert written["specs"][0]["settings"]["replace_head"] == 7
    jsonschema.validate(written, json.loads(run("schema", "baseline").stdout))
    found = json.loads(run("compare", *asked, "-f", "json").stdout)
    assert found["comparisons"][0]["new"]["settings"]["freeze"] == ["conv1"]
    jsonschema.validate(found, json.loads(run("schema", "compare").stdout))


def test_markdown_has_no_blanks_at_the_end_of_a_cell() -> None:
    lines = run("compare", *TRAINING, "-f", "markdown").output.splitlines()
    assert "| output | 1000 | 102 | 102 |" in lines
    assert "| gradients (MB) | 102.228 | 60.695  -40.6% | 0.836   -99.2% |" in lines
