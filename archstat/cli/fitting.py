"""--fit: the table of the largest batch whose step of training fits a memory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archstat.cli.options import Given
from archstat.cli.specs import FAILED, arrangement_of, settings_of, with_added

if TYPE_CHECKING:
    from archstat.report.fit import Fit
    from archstat.report.kinds import Kind
    from archstat.report.peaks import Training
    from archstat.report.report import Report
    from archstat.spec.model import Settings, Spec


def print_fitting(
    references: Sequence[str],
    given: Given,
    kind: "Kind",
    training: "Training",
    memory: str,
    gpus: int | None,
) -> int:
    """Print the table of each spec at the largest batch that fits, and return the exit code.

    Each of several ``gpus`` has such a batch, and holds DDP's buckets beside it.
    """
    from msgspec.structs import replace

    from archstat.cli.output import Detail, complain, emit
    from archstat.errors import ArchstatError, NothingFits
    from archstat.report.kinds import on_gpus
    from archstat.report.tabulate import tabulate
    from archstat.spec import load
    from archstat.variants.fit import largest_batch, read_size

    kind = with_added(kind, given)
    limit, code = read_size(memory), 0
    fitting: list[tuple[Spec, Settings, Fit]] = []
    for reference in references:
        settings = settings_of(given)
        try:
            fit = largest_batch(
                reference, limit, training, settings=settings, aux=given.aux, buckets=bool(gpus)
            )
            if fit.batch:
                settings = replace(settings, batch=fit.batch)
                fitting.append((load(reference, settings), settings, fit))
            else:
                complain(NothingFits(too_large(reference, fit)))
                code = code or NothingFits.exit_code
        except ArchstatError as error:
            complain(error)
            code = FAILED

    def build(detail: Detail) -> "list[Report]":
        arrangement = arrangement_of(given, detail)
        reports = []
        for spec, settings, fit in fitting:
            shown = kind if gpus is None else on_gpus(kind, gpus, gpus * fit.batch)
            report = tabulate(spec, shown, arrangement, aux=given.aux, settings=settings)
            reports.append(replace(report, fit=fit))
        return reports

    if fitting:
        emit(given, build)
    return code


def too_large(reference: str, fit: "Fit") -> str:
    """Say that not even the smallest batch fits, and what it takes: to the byte, and as memory is written."""
    from archstat.render.below import amount
    from archstat.report.columns import BY_KEY

    beside = " with DDP's buckets" if fit.buckets else ""
    peak = fit.next_peak or 0
    takes = f"{peak:,} bytes, {amount(BY_KEY['activation_bytes'], peak)}"
    return f"{reference} doesn't fit {fit.written}: at batch {fit.next} a step of training{beside} takes {takes}"
