"""Verifications as text and as a list: a line for each check, then what differs and what is explained."""

from collections.abc import Iterator, Sequence

from archstat.pytorch.agreement import Outcome, Verification
from archstat.render import listing, markdown
from archstat.render.escape import clean
from archstat.render.escape import markdown as escaped
from archstat.render.formats import MACHINE
from archstat.render.grid import draw
from archstat.render.ink import ink
from archstat.render.layout import Field
from archstat.render.prose import wrapped
from archstat.render.style import Style
from archstat.render.table import fit

FEW = 3
"""More networks than this have a line each, and no table of checks."""

MOST = 10
"""Differences shown of one check; the machine formats hold all."""


def render(name: str, found: Sequence[Verification], style: Style, at: str = "") -> str:
    """Write the verifications in the format ``name``; ``at`` is what was asked of the specs, if anything was."""
    if name in MACHINE:
        return listing.render(name, _listing(found), style)
    closing = f"{_closing(found)}{at and f', at {at}'}"
    lines = _markdown(found, closing) if name == "markdown" else _text(found, style, closing)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _listing(found: Sequence[Verification]) -> listing.Listing:
    """Return a row for each check and verdict, and one for each layer that differs."""
    rows: list[tuple[str | int | None, ...]] = []
    for one in found:
        for outcome in one.outcomes:
            base = (one.reference, outcome.check, outcome.reference)
            if outcome.skipped or not outcome.compared:
                word = "skipped" if outcome.skipped else "differs"
                rows.append((*base, "", word, 0, None, None, outcome.skipped or NOTHING_SEEN))
            counts = outcome.counts
            if counts["agrees"]:
                rows.append((*base, "", "agrees", counts["agrees"], None, None, ""))
            for reason, n in _reasons([outcome]).items():
                rows.append((*base, "", "explained", n, None, None, reason))
            rows += [
                (*base, c.path, "differs", 1, str(c.ours), str(c.theirs), "")
                for c in outcome.compared
                if c.verdict == "differs"
            ]
    columns = (
        "spec", "check", "reference", "layer", "verdict", "compared", "archstat", "theirs", "reason",
    )  # fmt: skip
    return listing.Listing(kind="verify", columns=columns, rows=tuple(rows))


NOTHING_SEEN = "the reference saw nothing"


def _text(found: Sequence[Verification], style: Style, closing: str) -> Iterator[str]:
    if len(found) > FEW:
        yield from draw(fit(_summary(found), style.width)[0], style)
        for one in found:
            if one.failed:
                yield from ("", ink(clean(one.reference), "bold", color=style.color))
                yield from _differences(one, style)
        yield ""
        yield from _explained([o for one in found for o in one.outcomes], style)
        yield ""
        yield ink(closing, "bold", color=style.color)
        return
    for one in found:
        title = f"{clean(one.name)}  {clean(one.reference)}"
        yield ink(title, "bold", color=style.color)
        yield from draw(fit(_fields(one), style.width)[0], style)
        yield from _differences(one, style)
        yield from _explained(one.outcomes, style)
        yield ""
    yield ink(closing, "bold", color=style.color)


def _explained(outcomes: Sequence[Outcome], style: Style) -> Iterator[str]:
    for reason, n in _reasons(outcomes).items():
        for line in wrapped(f"{n:,} explained: {reason}", style):
            yield ink(line, "dim", color=style.color)


def _summary(found: Sequence[Verification]) -> list[Field]:
    def counted(verdict: str) -> tuple[str, ...]:
        sums = [
            sum(o.counts[k] for o in one.outcomes for k in o.counts if k == verdict)
            for one in found
        ]
        return tuple(f"{n:,}" if n else "" for n in sums)

    return [
        Field("spec", tuple(clean(one.reference) for one in found)),
        Field("verdict", tuple("FAIL" if one.failed else "pass" for one in found)),
        Field("agree", counted("agrees"), right=True, rank=5),
        Field("explained", counted("explained"), right=True, rank=6),
        Field("differ", counted("differs"), right=True, rank=4),
    ]


def _markdown(found: Sequence[Verification], closing: str) -> Iterator[str]:
    for one in found:
        yield from (f"### {escaped(one.name)}", "")
        yield from markdown.table(_fields(one))
        yield ""
        for line in _differences(one, Style()):
            yield f"- {escaped(line.strip())}"
        for reason, n in _reasons(one.outcomes).items():
            yield f"- {n} explained: {escaped(reason)}"
        yield ""
    yield f"**{escaped(closing)}**"


def _fields(one: Verification) -> list[Field]:
    outcomes = one.outcomes
    return [
        Field("check", tuple(o.check for o in outcomes)),
        Field("against", tuple(o.reference for o in outcomes), rank=20),
        Field("verdict", tuple(map(_word, outcomes))),
        Field("agree", tuple(_count(o, "agrees") for o in outcomes), right=True, rank=5),
        Field("explained", tuple(_count(o, "explained") for o in outcomes), right=True, rank=6),
        Field("differ", tuple(_count(o, "differs") for o in outcomes), right=True, rank=4),
    ]


def _count(outcome: Outcome, verdict: str) -> str:
    return next((f"{n:,}" for key, n in outcome.counts.items() if key == verdict), "")


def _word(outcome: Outcome) -> str:
    return "skipped" if outcome.skipped else "FAIL" if outcome.failed else "pass"


def _differences(one: Verification, style: Style) -> Iterator[str]:
    for outcome in one.outcomes:
        if outcome.skipped:
            yield from wrapped(f"{outcome.check} skipped: {outcome.skipped}", style)
        elif not outcome.compared:
            yield ink(f"{outcome.check}: {NOTHING_SEEN}", "red", color=style.color)
        differing = [c for c in outcome.compared if c.verdict == "differs"]
        for c in differing[:MOST]:
            where = clean(c.path) or "the whole network"
            said = f"{outcome.check} of {where}: archstat {_amount(c.ours)}, {outcome.reference} {_amount(c.theirs)}"
            yield ink(said, "red", color=style.color)
        if len(differing) > MOST:
            yield ink(f"... and {len(differing) - MOST} more", "red", color=style.color)


def _amount(n: int | str) -> str:
    return f"{n:,}" if isinstance(n, int) else n


def _reasons(outcomes: Sequence[Outcome]) -> dict[str, int]:
    found: dict[str, int] = {}
    for outcome in outcomes:
        for c in outcome.compared:
            if c.verdict == "explained":
                found[c.reason] = found.get(c.reason, 0) + 1
    return found


def _closing(found: Sequence[Verification]) -> str:
    numbers = sum(len(o.compared) for one in found for o in one.outcomes)
    explained = sum(o.counts["explained"] for one in found for o in one.outcomes)
    differing = sum(o.counts["differs"] for one in found for o in one.outcomes)
    failed = sum(one.failed for one in found)
    skipped = sum(bool(o.skipped) for one in found for o in one.outcomes)
    word = "FAIL" if failed else "PASS"
    of = f", {failed} failed" if failed else ""
    return (
        f"{word}  {len(found)} network{'s' * (len(found) != 1)}{of}: {numbers:,} comparisons, "
        f"{explained:,} explained, {differing:,} differ"
        + (f"; {skipped} check{'s' * (skipped != 1)} skipped" if skipped else "")
    )
