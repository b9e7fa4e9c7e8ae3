"""Each command: what it prints, what it answers to mistakes, and its exit code."""

import csv
import io
import json
from pathlib import Path

import pytest

from archstat.cli.main import COMMANDS
from archstat.report.report import Report
from archstat.spec import bundled
from tests.cli.run import run

NAMES = [name for section in COMMANDS.values() for name in section]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_says_what_it_does_and_shows_examples_first(name: str, flag: str) -> None:
    done = run(name, flag)
    assert done.exit_code == 0
    assert f"archstat {name}" in done.output
    assert (
        done.output.index("Examples:")
        < done.output.index("Usage:")
        < done.output.index("  -h, --help")
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--count", "flops"), "--backward counts MACs, not FLOPs"),
        (("--engine", "torch"), "--engine torch has no backward MACs"),
        (("--dtype", "int8"), "PyTorch takes no gradients of int8"),
    ],
)
def test_flops_of_gradients_go_with_few_options(options: tuple[str, ...], said: str) -> None:
    done = run("flops", "lenet5", "--backward", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr


def test_flops_of_gradients_in_machine_formats() -> None:
    done = run("flops", "lenet5", "--backward", "-f", "json")
    (report,) = json.loads(done.stdout)["reports"]
    assert report["totals"]["backward_macs"] == 715_440
    assert report["totals"]["training_macs"] == 416_520 + 715_440
    lines = list(
        csv.DictReader(io.StringIO(run("flops", "lenet5", "--backward", "-f", "csv").stdout))
    )
    assert lines[-1]["training_macs"] == "1131960"
    assert lines[-2]["backward_macs"] == "1680"


@pytest.mark.parametrize("args", [(), ("-h",), ("--help",)])
def test_help_of_the_program_lists_every_command(args: tuple[str, ...]) -> None:
    done = run(*args)
    assert done.exit_code == 0
    assert all(f"  {name} " in done.output for name in NAMES)


def test_version() -> None:
    done = run("--version")
    assert (done.exit_code, done.output) == (0, "archstat 0.1.0\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("params", "alexnet"), "TOTAL                   60,965,224  100.0%"),
        (("params", "alexnet", "--no-bias"), "60,954,656"),
        (("params", "vgg16"), "138,357,544"),
        (("flops", "vgg16"), "15,470,264,320"),
        (("flops", "inception_bottleneck"), "271,351,808"),
        (("flops", "inception_naive"), "854,196,224"),
        (("flops", "vgg16", "--backward"), "15,470,264,320  30,853,824,512  100.0%"),
        (("flops", "vgg16", "--backward"), "training step  46,324,088,832"),
        (("memory", "vgg16"), "15,237,608"),
        (("memory", "vgg16"), "60.95 MB (58.13 MiB)"),
        (("memory", "vgg16", "--backward"), "121.90 MB (116.25 MiB)"),
        (("memory", "vgg16", "--backward"), "an estimate: activations x 2, as the lecture does"),
        (("memory", "vgg16", "--units", "iec"), "memory (MiB)"),
        (("memory", "vgg16", "--batch", "2"), "30,475,216"),
        (("memory", "vgg16", "--dtype", "float16"), "30.48 MB"),
        (("params", "googlenet", "--aux"), "13,378,280"),
        (("params", "vgg16", "--set", "classes=10"), "134,301,514"),
        (("params", "alexnet", "-n", "3"), "[5 others]"),
        (("params", "resnet50"), "by stage; --by layer shows all 107 rows"),
        (("params", "alexnet", "--by", "op"), "linear"),
        (("flops", "alexnet", "--count", "flops"), "FLOPs"),
        (("flops", "alexnet", "--input", "3x224x224"), "input 3x224x224"),
        (("shapes", "inception_naive"), "672x28x28"),
        (("shapes", "inception_naive", "--layout", "hwc"), "28x28x672"),
        (("summary", "alexnet", "vgg16"), "138.4 M"),
        (("summary", "vgg16"), "--by op and --by stage show"),
        (("summary", "vgg16", "--by", "op"), "123.6 M      89.4%  123.6 M     0.8%"),
        (("summary", "vgg16", "--depth", "1", "-n", "1"), "[8 others]"),
        (("explain", "alexnet", "conv1"), "11*11*3*96               = 34,848"),
        (("explain", "alexnet", "conv1"), "(227 - 11)/4 + 1         = 55  -> 96x55x55"),
        (("list",), "vgg16"),
        (("schema",), "http://json-schema.org/draft-07/schema#"),
        (("expand", "alexnet"), "- {conv: 96, kernel: 11, stride: 4, act: relu}"),
        (("lint", "alexnet"), "1 spec, nothing to remark"),
    ],
)  # fmt: skip
def test_answers(args: tuple[str, ...], said: str) -> None:
    done = run(*args)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    assert said in done.stdout


def test_no_bundled_spec_breaks_a_command() -> None:
    for command in (("summary",), ("memory", "-f", "json"), ("shapes", "-f", "csv")):
        done = run(*command, *bundled())
        assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("parms", "vgg16"), "error: no command 'parms'\n  hint: did you mean 'params'?"),
        (("vgg16",), "hint: 'vgg16' is a spec: archstat summary vgg16"),
        (("xyzzy",), "hint: archstat --help lists the commands"),
        (("params",), "error: missing argument 'SPEC...'\n  hint: archstat params --help"),
        (("params", "alexnett"), "error: no spec 'alexnett': neither a file nor a bundled name\n  hint: did you mean"),
        (("params", "qqqqqq"), "'archstat list' shows the bundled specs"),
        (("params", "alexnet", "--bye", "op"), "error: no option '--bye'\n  hint: did you mean '--by'"),
        (("params", "alexnet", "--form", "csv"), "error: no option '--form'\n  hint: did you mean '--format'?"),
        (("params", "alexnet", "--foo"), "error: no option '--foo'\n  hint: archstat params --help"),
        (("reproduce", "--set", "a=1"), "error: no option '--set'\n  hint: archstat reproduce --help"),
        (("graph", "alexnet", "-f", "svg"), "not one of 'torch', 'mermaid', 'dot', 'table', 'csv', 'tsv', 'json'"),
        (("params", "alexnet", "-z"), "error: no option '-z'"),
        (("params", "alexnet", "--by", "row"), "'row' is not one of 'layer', 'stage', 'op'"),
        (("params", "alexnet", "--sort", "size"), "hint: this table has network, name, params"),
        (("params", "alexnet", "--set", "klasses=3"), "error: --set klasses: the spec has no such variable"),
        (("params", "alexnet", "--set", "classes"), "'classes' is not NAME=VALUE"),
        (("params", "alexnet", "--input", "3x"), "'3x' is not a shape like 3x224x224"),
        (("params", "alexnet", "--input", "3x0x9"), "must be from 1 to 16,777,216"),
        (("params", "alexnet", "--batch", "0"), "'0' is not a whole number from 1 to 16,777,216"),
        (("params", "alexnet", "--dtype", "float23"), "no element type 'float23': did you mean 'float32'"),
        (("params", "alexnet", "--no-bias", "--trainable"), "can't be combined"),
        (("params", "alexnet", "--by", "op", "--depth", "2"), "can't go with --by op"),
        (("params", "alexnet", "-o", "x.docx"), "hint: use one of .txt .csv .tsv .json .md, or say -f"),
        (("params", "alexnet", "-o", "/nonexistent/x.json"), "can't write '/nonexistent/x.json': No such file"),
        (("explain", "alexnet", "conv11"), "did you mean 'conv1'"),
        (("explain", "alexnet", "fc9"), "error: 'AlexNet' has no layer 'fc9'"),
        (("list", "transmogrifier"), "no bundled network has 'transmogrifier'"),
    ],
)  # fmt: skip
def test_mistakes_are_answered_with_the_likely_word(args: tuple[str, ...], said: str) -> None:
    done = run(*args)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text("input: [3, 8, 8]\nlayers:\n  - {conv: 4, kernal: 3}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("command", ["summary", "params", "flops", "memory", "shapes"])
def test_a_broken_spec_does_not_hide_the_others(command: str, broken: Path) -> None:
    done = run(command, "alexnet", str(broken), "lenet5")
    assert done.exit_code == 2
    assert "alexnet" in done.stdout.lower()
    assert "lenet" in done.stdout.lower()
    assert f"{broken}:3:" in done.stderr
    assert "error: 'conv' has no option 'kernal'" in done.stderr
    assert "^" in done.stderr
    assert "hint: did you mean 'kernel'?" in done.stderr


def test_only_broken_specs_print_nothing(broken: Path) -> None:
    done = run("params", str(broken), "-f", "json")
    assert (done.exit_code, done.stdout) == (2, "")


def test_standard_input() -> None:
    done = run("params", "-", "-f", "json", stdin="input: [3]\nlayers: [linear: 2]\n")
    assert done.exit_code == 0
    (report,) = json.loads(done.stdout)["reports"]
    assert (report["reference"], report["totals"]["params"]) == ("-", 8)


def test_json_of_several_specs_is_one_envelope() -> None:
    got = json.loads(run("params", "alexnet", "vgg16", "-f", "json").stdout)
    assert [r["totals"]["params"] for r in got["reports"]] == [60_965_224, 138_357_544]
    assert all(r["notes"] == [] for r in got["reports"])


def test_machine_formats_have_every_layer_unless_asked_otherwise() -> None:
    rows = list(csv.DictReader(io.StringIO(run("params", "resnet50", "-f", "csv").stdout)))
    assert len([r for r in rows if r["row"] == "layer"]) > 150
    staged = list(
        csv.DictReader(io.StringIO(run("params", "resnet50", "-f", "csv", "--by", "stage").stdout))
    )
    assert [r["path"] for r in staged if r["row"] == "stage"] == [
        "stem", "conv2", "conv3", "conv4", "conv5", "head",
    ]  # fmt: skip


def test_all_shows_every_layer_to_people_too() -> None:
    shown = run("params", "resnet50", "--all").stdout
    assert "conv5.bottleneck3.relu" in shown
    assert "not shown" not in shown


def test_one_number_in_every_format() -> None:
    for name, written in (("table", "60,965,224"), ("markdown", "60,965,224"), ("csv", "60965224"),
                          ("tsv", "60965224"), ("json", "60965224")):  # fmt: skip
        assert written in run("params", "alexnet", "-f", name).stdout


def test_strict_refuses_an_unknown_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    import msgspec

    from archstat.report.columns import BY_KEY

    column = msgspec.structs.replace(BY_KEY["macs"], values=lambda g: tuple(None for _ in g.nodes))
    monkeypatch.setitem(BY_KEY, "macs", column)
    assert run("flops", "lenet5").exit_code == 0
    done = run("flops", "lenet5", "--strict")
    assert done.exit_code == 2
    assert "LeNet-5: macs of conv1, conv1.act, avg_pool1 is unknown" in done.stderr


def test_explain_as_a_list() -> None:
    rows = list(
        csv.DictReader(io.StringIO(run("explain", "alexnet", "conv1.conv1", "-f", "csv").stdout))
    )
    assert {r["quantity"]: r["value"] for r in rows}["MACs"] == "105415200"
    got = json.loads(run("explain", "alexnet", "conv1.conv1", "-f", "json").stdout)
    assert got["rows"][1]["arithmetic"] == "11*11*3*96"


def test_heads_are_named_where_there_are_some() -> None:
    assert "auxiliary heads included" in run("params", "googlenet", "--aux").output
    assert "auxiliary heads" not in run("params", "lenet5", "--aux").output


def test_lint_finds_what_pytorch_refuses_to_train(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: [16]\nlayers: [{linear: 8, act: relu}, {dropout: {p: 0.5, inplace: true}}, {linear: 4}]\n"
    )
    done = run("lint", str(spec))
    assert "net.yaml:2:35: warning: PyTorch refuses to train it: 'dropout1' changes" in done.output
    spec.write_text(spec.read_text().replace("true", "false"))
    assert "nothing to remark" in run("lint", str(spec)).output


def test_lint(tmp_path: Path, broken: Path) -> None:
    unused = tmp_path / "unused.yaml"
    unused.write_text("input: [3]\nvars: {n: 2}\nlayers: [linear: 2]\n", encoding="utf-8")
    done = run("lint", str(unused))
    assert done.exit_code == 0
    assert f"{unused}:2:" in done.stdout
    assert "1 spec: 0 errors, 1 warning" in done.stdout
    assert run("lint", str(unused), "--strict").exit_code == 1
    both = run("lint", str(unused), str(broken), "nonesuch", "-f", "json")
    assert both.exit_code == 2
    rows = json.loads(both.stdout)["rows"]
    assert [row["severity"] for row in rows] == ["warning", "error", "error"]
    assert rows[1]["line"] == 3
    assert rows[2]["line"] is None


def test_new_writes_a_spec_that_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("new", "mynet")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "next: archstat summary mynet.yaml" in done.stderr
    first = Path("mynet.yaml").read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./archstat.schema.json"
    assert json.loads(Path("archstat.schema.json").read_text(encoding="utf-8"))["type"] == "object"
    assert run("lint", "mynet.yaml", "--strict").exit_code == 0
    again = run("new", "mynet")
    assert again.exit_code == 2
    assert "--force overwrites it" in again.stderr
    assert run("new", "mynet", "--force", "-q").stderr == ""


def test_expand_is_a_spec_with_the_same_numbers(tmp_path: Path) -> None:
    written = tmp_path / "out.yaml"
    assert run("expand", "resnet18", "-o", str(written), "-q").exit_code == 0
    totals = [
        json.loads(run("params", spec, "-f", "json").stdout)["reports"][0]["totals"]
        for spec in ("resnet18", str(written))
    ]
    assert totals[0] == totals[1]


def test_a_bug_is_one_line_and_70(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> Report:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("archstat.report.tabulate.tabulate", fails)
    done = run("params", "alexnet")
    assert done.exit_code == 70
    assert done.stderr.splitlines() == [
        "a bug in archstat 0.1.0: ZeroDivisionError: a b",
        "  please report it, with the spec and what the same command prints with -v",
    ]
    verbose = run("params", "alexnet", "-v")
    assert verbose.exit_code == 70
    assert "Traceback" in verbose.stderr


def test_control_c_is_one_line_and_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr("archstat.report.tabulate.tabulate", interrupted)
    done = run("params", "alexnet")
    assert (done.exit_code, done.stderr) == (130, "interrupted\n")


def test_a_summary_says_that_ids_are_no_vector() -> None:
    shown = run("summary", "gpt2_small", "mixer_b_16").stdout
    assert "gpt2_small  1024 tokens  1024x50257" in shown
    assert "mixer_b_16  3x224x224    1000" in shown
    assert "tokens" not in run("summary", "gpt2_small", "-f", "json").stdout


@pytest.mark.parametrize(
    "command", ["params", "memory", "receptive-field", "summary", "graph", "shapes"]
)
def test_rows_are_asked_for_in_one_way(command: str) -> None:
    assert "conv2.basic1" in run(command, "resnet18", "--depth", "2").output
    done = run(command, "resnet18", "--by", "layer", "--depth", "2")
    assert done.exit_code == 2
    assert "--by layer and --depth both say what a row is" in done.stderr
