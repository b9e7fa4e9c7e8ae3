"""When each field of a table is left out on a narrow screen: the highest rank first, rank 0 never."""

import msgspec

from archstat.report.columns import Reading
from archstat.report.report import Report


def number_ranks(report: Report, numbers: list[int]) -> list[int]:
    """Say when each number is left out: in a summary parts before what is read off, else from the right to the left.

    Where each number has its share beside it, the shares stay longer.
    """
    if report.added and report.kind != "summary":
        # What was asked for stays longer than all but the table's own.
        own = [i for i in numbers if report.columns[i].key not in report.added]
        asked = [min(31 + place, 39) for place in range(len(numbers) - len(own))]
        return number_ranks(msgspec.structs.replace(report, added=()), own) + asked
    if report.kind == "shares":
        return [52 + place for place in range(len(numbers))]
    if channels_divided(report):
        return [_CHANNELS_RANKS[report.columns[i].key] for i in numbers]
    if report.kind != "summary":
        return [10 * place for place in range(len(numbers))]
    found: list[int] = []
    for i in numbers:
        column = report.columns[i]
        if isinstance(column, Reading):
            found.append(35)
        else:
            found.append(44 if column.part_of else 10 * sum(rank < 30 for rank in found))
    return found


def note_rank(report: Report) -> int:
    """Say when notes are left out: without them a receptive field would be read wrongly, so they stay longer.

    Behind output (40) where the field was asked for beside a table, last where it is what the table is about.
    """
    if channels_divided(report):
        return 30
    if not any(row.seen for row in report.rows):
        return 45
    readings = {column.key for column in report.columns if isinstance(column, Reading)}
    return 40 if readings <= set(report.added) else 5


def channels_divided(report: Report) -> bool:
    """Say whether several devices divide the channels."""
    return report.devices is not None and report.devices.divide == "channels"


_CHANNELS_RANKS = {
    "crossing_back_bytes": 44,
    "params": 43,
    "saved_bytes": 3,
    "activation_bytes": 2,
    "crossing_bytes": 0,
}
"""Output (40) and what a layer reads (30) go in between; what each device holds, and what crosses, stays longest."""
