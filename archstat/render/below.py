"""What stands below a table, for people: totals aside, bytes in both systems, peaks, and the batch that fits."""

from archstat.render.escape import clean
from archstat.render.layout import UNKNOWN
from archstat.report.columns import BY_KEY, Column, Reading
from archstat.report.devices import Devices
from archstat.report.fit import Fit
from archstat.report.report import PeakLine, Report
from archstat.units import System, exact, fixed, power_for, prefixes


def below(report: Report) -> list[tuple[str, str, str]]:
    """Return the lines under the total: what it is, how much, and a word about it."""
    lines = []
    first = report.totals[0] if report.totals else 0
    for column, total in zip(report.columns, report.totals, strict=False):
        if isinstance(column, Reading) or not isinstance(total, int):
            continue
        aside = column.key in report.aside
        same = column.unit == report.columns[0].unit and total == first
        if (aside and total and not same) or (not aside and column.unit == "bytes"):
            least = "at least " if column.key in report.partial else ""
            lines.append((column.title, least + amount(column, total), column.about))
    lines += [
        (one.title, amount(BY_KEY["activation_bytes"], one.nbytes), one.about)
        for one in report.lines
    ]
    lines += [
        (TITLES[peak.key], amount(BY_KEY["activation_bytes"], peak.nbytes), _moment(peak))
        for peak in report.peaks
    ]
    if report.peaks and not any(peak.key == "training_peak_bytes" for peak in report.peaks):
        lines.append((TITLES["training_peak_bytes"], "none", "nothing is trained"))
    if report.fit:
        lines.append(_fit(report.fit, report.devices))
    if report.peaks:
        lines.append(UNCOUNTED)
    return lines


UNCOUNTED = (
    "not counted",
    UNKNOWN,
    "the CUDA context, workspaces of cuDNN, cuBLAS and oneDNN, what the allocator rounds up",
)


def _fit(found: Fit, shared: Devices | None) -> tuple[str, str, str]:
    """Say that the batch is the largest that fits, and how much is left."""
    column = BY_KEY["activation_bytes"]
    after = (
        ""
        if found.next is None
        else f"; one of {found.next:,} takes {amount(column, found.next_peak or 0)}"
    )
    every = f"on each GPU, {shared.batch:,} together; " if shared else ""
    beside = " with DDP's buckets," if found.buckets else ""
    return (
        "largest batch",
        exact(found.batch),
        f"{every}fits {clean(found.written)}{beside} with {amount(column, found.spare)} to spare{after}",
    )


def _moment(peak: PeakLine) -> str:
    """Say when a peak is and what is alive: ``when fc1 runs: input, fc1; params and buffers on top``."""
    if peak.measured:
        inference = peak.key == "inference_peak_bytes"
        return "by torch; params and buffers on top" if inference else "by torch, with everything"
    by_size = sorted(peak.alive, key=lambda pair: -pair[1])
    named = ", ".join(clean(path) for path, _ in by_size[:4])
    more = f" and {len(by_size) - 4} more" if len(by_size) > 4 else ""
    if not peak.phase:
        return f"when {clean(peak.path)} runs: {named}{more}; params and buffers on top"
    parts = ", ".join(f"{what} {_short(nbytes)}" for what, nbytes in peak.parts)
    in_loss = not peak.path and peak.phase in ("forward", "backward")
    where = f" of {clean(peak.path)}" if peak.path else " of the loss" if in_loss else ""
    return f"in {peak.phase}{where}: {parts}"


TITLES = {"inference_peak_bytes": "inference peak", "training_peak_bytes": "training peak"}


def _short(nbytes: int) -> str:
    power = power_for(nbytes, "bytes", "si")
    number = exact(nbytes) if power == 0 else fixed(nbytes, power, 2, "bytes", "si")
    return f"{number} {prefixes('bytes', 'si')[power]}"


def amount(column: Column, n: int) -> str:
    """Write a total: bytes in both systems, so that MB and MiB can't be taken for each other."""
    if column.unit != "bytes":
        return exact(n)
    both = []
    systems: tuple[System, ...] = ("si", "iec")
    for system in systems:
        power = power_for(n, "bytes", system)
        number = exact(n) if power == 0 else fixed(n, power, 2, "bytes", system)
        both.append(f"{number} {prefixes('bytes', system)[power]}")
    return both[0] if both[0] == both[1] else f"{both[0]} ({both[1]})"
