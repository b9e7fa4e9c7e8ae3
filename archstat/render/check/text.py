"""Checked budgets for a terminal: one line for each limit, the worst first, and what a failure comes from below it."""

from collections.abc import Iterator, Sequence

from archstat.budget.check import Check, Checks
from archstat.budget.judge import Outcome
from archstat.render.check import Locate, words
from archstat.render.escape import clean
from archstat.render.grid import draw
from archstat.render.ink import ink
from archstat.render.layout import Field
from archstat.render.prose import wrapped
from archstat.render.style import Style
from archstat.render.table import fit

MOST_PASSES = 20
"""More limits than this that hold are counted, not shown."""

_INDENT = 6


def render(name: str, checks: Checks, style: Style, locate: Locate) -> str:
    return "".join(f"{line.rstrip()}\n" for line in _lines(checks, style))


def _lines(checks: Checks, style: Style) -> Iterator[str]:
    pairs = list(words.worst_first(checks))
    passes = checks.count("pass")
    if passes > MOST_PASSES:
        pairs = [pair for pair in pairs if pair[1].verdict != "pass"]
    if pairs:
        yield from _table(pairs, style)
    if passes > MOST_PASSES:
        yield ink(f"[{passes:,} that pass]", "dim", color=style.color)
    if pairs or passes > MOST_PASSES:
        yield ""
    if (said := words.without(checks)) and len(checks.checks) > 1:
        yield from (ink(line, "dim", color=style.color) for line in wrapped(said, style))
    word = words.headline(checks)
    colour = "red" if word == "FAIL" else "green"
    yield f"{ink(word, colour, color=style.color)}  {words.closing(checks)}"
    if advice := words.advice(checks):
        yield f"  see where it goes: {advice}"


def _table(pairs: Sequence[tuple[Check, Outcome]], style: Style) -> Iterator[str]:
    drawn = list(draw(fit(fields(pairs), style.width)[0], style))
    head = len(drawn) - len(pairs)
    yield from drawn[:head]
    for (_, outcome), line in zip(pairs, drawn[head:], strict=True):
        word = words.WORDS[outcome.verdict]
        colour = words.COLOURS[outcome.verdict]
        yield ink(word, colour, color=style.color) + line.removeprefix(word)
        if outcome.verdict == "fail" and (said := words.causes(outcome)):
            for part in wrapped(said, style, _INDENT):
                yield " " * _INDENT + ink(part, "dim", color=style.color)


def fields(pairs: Sequence[tuple[Check, Outcome]]) -> list[Field]:
    """Return the columns of the table of limits."""
    outcomes = [outcome for _, outcome in pairs]
    return [
        Field("", tuple(words.WORDS[o.verdict] for o in outcomes)),
        Field("spec", tuple(clean(check.reference) for check, _ in pairs)),
        Field("metric", tuple(o.limit.metric for o in outcomes)),
        Field("value", tuple(map(words.value, outcomes)), right=True),
        Field("limit", tuple(map(words.limit, outcomes))),
        Field("", tuple(map(words.room, outcomes)), rank=10),
        Field("set at", tuple(clean(o.limit.where) for o in outcomes), rank=20),
    ]
