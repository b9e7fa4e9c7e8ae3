"""Every two options of ``archstat memory`` together: refused in one line, or both have an effect on what is printed."""

from itertools import combinations
from pathlib import Path

import pytest

from tests.cli.run import run

OPTIONS = (
    "--backward",
    "--peak",
    "--curve",
    "--optimizer adam",
    "--implementation fused",
    "--weight-decay",
    "--accumulate out-of-place",
    "--checkpoint stages",
    "--amp bfloat16",
    "--mode eval",
    "--device cuda",
    "--input-grad",
    "--batch 4",
    "--gpus 1",
    "--split 2",
    "--fit 8MB",
    "--dtype float64",
    "--freeze conv1",
    "--unfreeze conv*",
    "--replace-head 12",
    "--aux",
    "--input 1x40x40",
    "--by op",
    "--depth 1",
    "--sort name",
    "-n 3",
    "--all",
    "--units iec",
)
"""Each with a value that changes what is printed of :data:`SPEC`."""

SPEC = """extends: lenet5
aux:
  head: [{from: conv2}, flatten, linear: 10]
"""

IMPLIED = {
    ("--peak", "--curve"),
    ("--peak", "--optimizer adam"),
    ("--peak", "--fit 8MB"),
    ("--peak", "--implementation fused"),
    ("--peak", "--weight-decay"),
    ("--peak", "--accumulate out-of-place"),
}
"""The first says nothing beside the second, which asks for it."""

SHOWN = {("--all", "--by op"), ("--all", "--depth 1")}
"""The second leaves no row out that the first would show."""

NEEDS = {
    "--implementation fused": "--optimizer adam",
    "--weight-decay": "--optimizer adam",
    "--accumulate out-of-place": "--peak",
    "--checkpoint stages": "--backward",
    "--amp bfloat16": "--backward",
    "--mode eval": "--backward",
    "--device cuda": "--backward",
    "--input-grad": "--peak",
    "--unfreeze conv*": "--freeze conv1",
}
"""What an option says nothing without."""

Done = tuple[int, str, str]


class Printed:
    """What each set of options prints: the exit code, a table and JSON, and what is said of an error."""

    def __init__(self, spec: Path) -> None:
        self.spec = spec
        self.known: dict[tuple[str, ...], Done] = {}

    def of(self, *options: str) -> Done:
        asked = tuple(dict.fromkeys(options))
        if asked not in self.known:
            words = [word for option in asked for word in option.split()]
            done = [run("memory", str(self.spec), *words, "-f", form) for form in ("table", "json")]
            for one in done:
                assert one.exception is None or isinstance(one.exception, SystemExit), asked
            codes = {one.exit_code for one in done}
            assert len(codes) == 1, asked
            text = "".join(one.stdout for one in done)
            self.known[asked] = (codes.pop(), text, done[0].stderr)
        return self.known[asked]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Printed:
    spec = tmp_path_factory.mktemp("pairs") / "net.yaml"
    spec.write_text(SPEC)
    return Printed(spec)


@pytest.mark.parametrize("first", OPTIONS)
def test_beside_another_an_option_has_an_effect_or_is_refused(first: str, printed: Printed) -> None:
    for second in OPTIONS[OPTIONS.index(first) + 1 :]:
        needed = tuple(NEEDS[o] for o in (first, second) if o in NEEDS)
        code, both, error = printed.of(*needed, first, second)
        if code:
            assert code == 2
            assert error.startswith("error: ")
            assert error.count("\n") <= 2, error
            continue
        for left, other in ((first, second), (second, first)):
            if (left, other) in IMPLIED | SHOWN or left in needed:
                continue
            without = printed.of(*(o for o in (*needed, other) if o != left))
            assert without[1] != both, f"{left} has no effect beside {other}"


def test_the_options_are_those_of_the_command() -> None:
    said = run("memory", "--help").output
    for option in OPTIONS:
        assert option.split()[0] in said
    assert len(list(combinations(OPTIONS, 2))) > 300
