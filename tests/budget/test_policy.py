"""``archstat.yaml``: what it may say, which specs a glob means, and hostile ones."""

import time
from fractions import Fraction

import pytest

from archstat.budget.policy import Policy, matches, read_policy
from archstat.errors import SpecError

GOOD = """\
default: {params: 200M, macs: 1T}
specs:
  configs/*.yaml: {macs: 20G}
  configs/mobile*.yaml: {params: 5M, macs: {min: 1M}}
  resnet*: {}
warn_at: 95%
base: origin/main
"""


def policy(text: str) -> Policy:
    return read_policy(text.encode(), "archstat.yaml")


def limits(path: str | None) -> dict[tuple[str, str], str]:
    return {(x.metric, x.bound): x.written for x in policy(GOOD).limits_of(path)}


def test_later_rules_replace_the_same_limit_only() -> None:
    assert limits("configs/mobile1.yaml") == {
        ("params", "max"): "5M", ("macs", "max"): "20G", ("macs", "min"): "1M",
    }  # fmt: skip
    assert limits("configs/net.yaml") == {("params", "max"): "200M", ("macs", "max"): "20G"}
    assert limits("other/net.yaml") == {("params", "max"): "200M", ("macs", "max"): "1T"}
    assert limits(None) == limits("resnet50") == limits("other/net.yaml")


def test_globs_may_be_a_list_without_budgets() -> None:
    found = policy("default: {params: 1M}\nspecs: [nets/*.yaml, resnet*]\n")
    assert [(rule.glob, rule.limits) for rule in found.rules] == [
        ("nets/*.yaml", ()),
        ("resnet*", ()),
    ]
    assert [limit.written for limit in found.limits_of("nets/a.yaml")] == ["1M"]


def test_the_rest_is_read() -> None:
    found = policy(GOOD)
    assert (found.warn_at, found.base) == (Fraction(19, 20), "origin/main")
    assert str(found.limits_of("configs/net.yaml")[1].mark) == "archstat.yaml:3:26"


@pytest.mark.parametrize(
    ("glob", "path", "same"),
    [
        ("configs/*.yaml", "configs/a.yaml", True),
        ("configs/*.yaml", "configs/a/b.yaml", False),
        ("configs/**/*.yaml", "configs/b.yaml", True),
        ("configs/**/*.yaml", "configs/a/c/b.yaml", True),
        ("**", "a/b/c.yaml", True),
        ("**/net.yaml", "net.yaml", True),
        ("**/net.yaml", "a/internet.yaml", False),
        ("net?.yaml", "net1.yaml", True),
        ("net?.yaml", "net/.yaml", False),
        ("net[12].yaml", "net2.yaml", True),
        ("a/**/b/**/c", "a/b/c", True),
        ("a/**/b/**/c", "a/x/b/y/z/c", True),
        ("a/**/b/**/c", "a/x/y/z/c", False),
        ("Net.yaml", "net.yaml", False),
    ],
)
def test_globs(glob: str, path: str, same: bool) -> None:
    assert matches(glob, path) is same


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("budget: {params: 3}", "1:1", "did you mean 'default'"),
        ("defaults: {params: 3}", "1:1", "did you mean 'default'"),
        ("colour: red", "1:1", "there are default, specs, warn_at, base"),
        ("- a", "1:1", "is a mapping with"),
        ("default: {speed: 3}", "1:11", "no metric is called 'speed'"),
        ("default: {params: many}", "1:19", "is not a figure"),
        ("default: [params]", "1:10", "maps metrics to limits"),
        ("specs: a.yaml", "1:8", "maps globs to budgets, or lists globs"),
        ("specs: [[a.yaml]]", "1:9", "maps globs to budgets, or lists globs"),
        ("specs: [{a.yaml: {}}]", "1:9", "maps globs to budgets, or lists globs"),
        ("specs: [a.yaml, ../b.yaml]", "1:17", "can't name specs"),
        ("specs: {}", "1:1", "is empty"),
        ("specs: {/etc/*.yaml: {}}", "1:9", "a path below the folder"),
        ("specs: {../a.yaml: {}}", "1:9", "a path below the folder"),
        ("specs: {a//b.yaml: {}}", "1:9", "a path below the folder"),
        ("specs: {~/b.yaml: {}}", "1:9", "a path below the folder"),
        ("specs: {'a\\b.yaml': {}}", "1:9", "divided by /"),
        ('specs: {"a\\e[31m": {}}', "1:9", "printable text"),
        (f"specs: {{{'a' * 201}: {{}}}}", "1:9", "at most 200"),
        ("specs: {a.yaml: 3}", "1:17", "maps metrics to limits"),
        ("warn_at: 95", "1:10", "is not a percentage"),
        ("warn_at: [95%]", "1:10", "is a percentage"),
        ("base: [main]", "1:7", "is a git revision"),
        ("base:", "1:1", "is empty"),
        ("", "1:1", "is empty"),
        ("base: &a main", "1:7", "anchors"),
        ("base: !!python/name:os.system main", "1:7", "tag"),
        ("base: a\nbase: b", "2:1", "duplicate key"),
        ("base: a\n--- \nbase: b", "2:1", "second"),
        ("\x00", "1:1", "control character"),
    ],
)
def test_what_it_may_not_say(text: str, place: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        policy(text)
    assert f"archstat.yaml:{place}: error:" in str(caught.value)
    assert said in str(caught.value)


def test_a_file_that_is_too_large_or_deep_or_no_text_is_refused() -> None:
    for data in (b"#" * (2**20 + 1), b"default: " + b"[" * 60, b"base: \xff"):
        with pytest.raises(SpecError):
            read_policy(data, "archstat.yaml")


def test_a_hostile_glob_takes_no_time() -> None:
    glob = "/".join(["**", "*a*a*a*a*a*a*b"] * 12)[:200]
    begin = time.perf_counter()
    assert not matches(glob, "/".join(["a" * 60] * 40))
    assert time.perf_counter() - begin < 1
