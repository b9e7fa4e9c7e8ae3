"""Other tools' accountings as a list: the addends, then the total."""

from collections.abc import Sequence

from archstat.render.listing import Listing
from archstat.report.accountings import Account


def listing(reference: str, found: Sequence[Account]) -> Listing:
    """Return a row for each addend and one for each total."""
    rows: list[tuple[str | int | None, ...]] = []
    for one in found:
        rows += [
            (reference, one.name, line.amount, line.layers or None, "", line.label)
            for line in one.lines
        ]
        rows.append((reference, one.name, one.total, None, one.said, f"TOTAL: {one.about}"))
    columns = ("spec", "accounting", "amount", "layers", "figure", "line")
    return Listing(kind="against", columns=columns, rows=tuple(rows))
