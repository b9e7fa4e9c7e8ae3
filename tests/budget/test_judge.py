"""A number held to a limit: exactly at its edge, unknown, near it, and against a base."""

from fractions import Fraction

import pytest

from archstat.budget.judge import Outcome, judge
from archstat.budget.meter import Meter, Reading
from archstat.report.architecture import load
from archstat.report.columns import BY_KEY, READING_BY_KEY
from archstat.spec.limits import parse_limit
from archstat.spec.model import METRICS, Bound


def judged(
    bound: Bound, text: str, value: int | None, *, base: int | None = None, warn_at: str = ""
) -> Outcome:
    limit = parse_limit("macs", bound, text)
    then = None if base is None else Reading(base)
    share = Fraction(warn_at) if warn_at else None
    return judge(limit, Reading(value), base=then, warn_at=share)


@pytest.mark.parametrize(
    ("bound", "text", "value", "verdict", "excess"),
    [
        ("max", "1k", 1000, "pass", None),
        ("max", "1k", 1001, "fail", 1),
        ("max", "0", 0, "pass", None),
        ("max", "1.5", 2, "fail", Fraction(1, 2)),
        ("min", "1k", 1000, "pass", None),
        ("min", "1k", 999, "fail", 1),
        ("exact", "1k", 1000, "pass", None),
        ("exact", "1k", 999, "fail", -1),
        ("exact", "1k", 1001, "fail", 1),
    ],
)
def test_the_edge_itself_holds(
    bound: Bound, text: str, value: int, verdict: str, excess: Fraction | None
) -> None:
    outcome = judged(bound, text, value)
    assert (outcome.verdict, outcome.excess) == (verdict, excess)


@pytest.mark.parametrize(
    ("text", "base", "value", "verdict"),
    [
        ("+2%", 1000, 1020, "pass"),
        ("+2%", 1000, 1021, "fail"),
        ("0%", 1000, 1000, "pass"),
        ("0%", 1000, 1001, "fail"),
        ("-5%", 1000, 950, "pass"),
        ("-5%", 1000, 951, "fail"),
        ("+10", 1000, 1010, "pass"),
        ("+10", 1000, 1011, "fail"),
        ("+50%", 0, 0, "pass"),
        ("+50%", 0, 1, "fail"),
        ("0.001%", 10**20, 10**20 + 10**15, "pass"),
        ("0.001%", 10**20, 10**20 + 10**15 + 1, "fail"),
    ],
)
def test_a_change_is_held_exactly(text: str, base: int, value: int, verdict: str) -> None:
    assert judged("max_change", text, value, base=base).verdict == verdict


def test_what_the_base_does_not_have_is_new() -> None:
    assert judged("max_change", "+2%", 5).verdict == "new"


@pytest.mark.parametrize("bound", ["max", "min", "exact"])
def test_the_unknown_fails(bound: Bound) -> None:
    assert judged(bound, "1T", None).verdict == "fail"


def test_the_unknown_fails_on_either_side_of_a_change() -> None:
    limit = parse_limit("macs", "max_change", "+100%")
    assert judge(limit, Reading(None), base=Reading(5)).verdict == "fail"
    assert judge(limit, Reading(5), base=Reading(None)).verdict == "fail"
    assert judge(limit, Reading(None)).verdict == "fail"


@pytest.mark.parametrize(
    ("value", "verdict"), [(949, "pass"), (950, "warn"), (1000, "warn"), (1001, "fail")]
)
def test_a_warning_begins_at_its_share(value: int, verdict: str) -> None:
    assert judged("max", "1k", value, warn_at="19/20").verdict == verdict


def test_nothing_of_nothing_is_no_warning() -> None:
    assert judged("max", "0", 0, warn_at="19/20").verdict == "pass"


def test_an_exact_limit_in_short_form_says_so() -> None:
    assert judged("exact", "25.6M", 25_557_032).hint.endswith("written in full: 25,557,032")
    assert judged("exact", "25.6M", 3).hint == ""


def test_an_output_is_compared_as_a_shape() -> None:
    wanted = parse_limit("output", "exact", "28x28x480")
    outcome = judge(wanted, Reading((480, 28, 28)))
    assert (outcome.verdict, outcome.hint) == ("fail", "channels first: 480x28x28")
    assert (
        judge(parse_limit("output", "exact", "480x28x28"), Reading((480, 28, 28))).verdict == "pass"
    )
    assert judge(parse_limit("output", "exact", "480"), Reading((480, 1, 1))).verdict == "fail"


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_read(metric: str) -> None:
    reading = Meter(load("resnet18").graph).read(metric)
    if (
        metric in READING_BY_KEY
    ):  # the output sees everything, and so does not move; its centre is no whole number
        found = {
            "jump": 0,
            "effective_padding": 0,
            "field_centre": None,
            "smallest_receptive_field": 198,
        }
        assert reading.value == found.get(metric, 224)
        return
    assert reading.value
    if metric in BY_KEY:
        assert sum(n for _, n in reading.parts) == reading.value == load("resnet18").total(metric)


def test_an_unknown_layer_makes_a_number_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def values(graph: object) -> tuple[int | None, ...]:
        return (1, None, *[2] * (len(net.graph.nodes) - 2))

    net = load("lenet5")
    import msgspec

    monkeypatch.setitem(BY_KEY, "macs", msgspec.structs.replace(BY_KEY["macs"], values=values))
    reading = Meter(net.graph).read("macs")
    assert (reading.value, reading.unknown) == (None, (net.graph.nodes[1].path,))
    outcome = judge(parse_limit("macs", "max", "1T"), reading)
    assert (outcome.verdict, outcome.unknown) == ("fail", reading.unknown)
