"""A report as Markdown, for a pull request or a README: GitHub's tables, numbers aligned to the right."""

from collections.abc import Iterator, Sequence

from archstat.render.below import amount, below
from archstat.render.escape import markdown
from archstat.render.figures import reasons, verdict
from archstat.render.layout import Field, fields, heading
from archstat.render.style import Style
from archstat.report.columns import BY_KEY
from archstat.report.report import Report


def render(reports: Sequence[Report], style: Style) -> str:
    """Return the reports one under the other, each under a heading of its own."""
    return "\n".join("".join(f"{line}\n" for line in _report(r, style)) for r in reports)


def table(found: Sequence[Field]) -> Iterator[str]:
    """Write a table; the total is its last row, in bold."""
    yield _line([markdown(field.title) for field in found])
    yield _line(["---:" if field.right else "---" for field in found])
    for texts in zip(*(field.cells for field in found), strict=True):
        yield _line([markdown(text.strip()) for text in texts])
    if any(field.footer for field in found):
        yield _line([f"**{markdown(f.footer)}**" if f.footer else "" for f in found])


def _report(report: Report, style: Style) -> Iterator[str]:
    name, holds_for = heading(report)
    yield f"### {markdown(name)}"
    yield ""
    yield markdown(holds_for)
    yield ""
    yield from table(fields(report, style))
    listed = [
        f"{markdown(label)}: **{value}** {markdown(about)}" for label, value, about in below(report)
    ]
    for line in report.published:
        parts = [f"published: **{markdown(line.printed)}**, {markdown(line.source)}"]
        parts.append(markdown(verdict(line)))
        parts += map(markdown, reasons(line))
        listed.append("; ".join(parts))
    if listed:
        yield ""
        yield from (f"- {item}" for item in listed)
    if report.notes:
        yield ""
        yield f"*{markdown('. '.join(report.notes))}*"
    for peak in report.peaks:
        if peak.curve:
            from archstat.render.curve import drawn

            yield from ("", "```text")
            yield from drawn(peak, style, amount(BY_KEY["activation_bytes"], peak.nbytes))
            yield "```"


def _line(texts: Sequence[str]) -> str:
    return f"| {' | '.join(texts)} |"
