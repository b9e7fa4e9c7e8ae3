"""All printed figures of a spec, judged: what ``archstat reproduce`` shows."""

from collections.abc import Sequence

import msgspec

from archstat.report.published import Verdict, judge, metrics_of
from archstat.spec import Spec

LECTURE = "CS231n"
"""How the sources of the lecture's figures begin."""

LECTURE_SPECS = (
    "alexnet_lecture", "alexnet", "zfnet_lecture", "zfnet", "conv7x7", "conv3x3_stack", "vgg16", "vgg19",
    "nin", "inception_naive", "inception_bottleneck", "googlenet", "plain34", "resnet18", "resnet34",
    "resnet_bottleneck", "resnet50", "resnet101", "resnet152",
)  # fmt: skip
"""The bundled specs in the order in which the lecture shows them."""


class Table(msgspec.Struct, frozen=True):
    """A printed table: its title, its columns' metrics, and a verdict for each printed cell."""

    title: str
    source: str
    metrics: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Verdict | None, ...]], ...]


class Reproduction(msgspec.Struct, frozen=True, kw_only=True):
    """One spec's printed figures; ``tables`` row by row, ``figures`` by their source."""

    name: str
    reference: str
    tables: tuple[Table, ...]
    figures: tuple[tuple[str, tuple[Verdict, ...]], ...]
    verdicts: tuple[Verdict, ...]

    @property
    def broken(self) -> tuple[Verdict, ...]:
        """The figures whose recorded verdict no longer holds."""
        return tuple(verdict for verdict in self.verdicts if not verdict.holds)


def reproduce(spec: Spec, *, source: str = "") -> Reproduction:
    """Judge the figures of ``spec`` whose source begins with ``source``, in the order of the file."""
    metrics = metrics_of(spec)
    verdicts = tuple(judge(spec, f, metrics) for f in spec.published if f.source.startswith(source))
    titles = dict.fromkeys((v.figure.table, v.figure.source) for v in verdicts if v.figure.table)
    sources = dict.fromkeys(v.figure.source for v in verdicts if not v.figure.table)
    return Reproduction(
        name=spec.name,
        reference=spec.reference,
        tables=tuple(_table(title, source, verdicts) for title, source in titles),
        figures=tuple(
            (s, tuple(v for v in verdicts if not v.figure.table and v.figure.source == s))
            for s in sources
        ),
        verdicts=verdicts,
    )


def tally(found: Sequence[Reproduction]) -> dict[str, int]:
    """Count the verdicts: outcome -> how many, and ``broken``."""
    counts = dict.fromkeys(
        ("reproduced", "truncated", "accounting", "slip", "differs", "broken"), 0
    )
    for reproduction in found:
        for verdict in reproduction.verdicts:
            counts[verdict.outcome] += 1
            counts["broken"] += not verdict.holds
    return counts


def _table(title: str, source: str, verdicts: Sequence[Verdict]) -> Table:
    cells = [v for v in verdicts if v.figure.table == title and v.figure.source == source]
    metrics = tuple(dict.fromkeys(v.figure.metric for v in cells))
    rows = dict.fromkeys(v.figure.row for v in cells)
    at = {(v.figure.row, v.figure.metric): v for v in cells}
    return Table(
        title,
        source,
        metrics,
        tuple((row, tuple(at.get((row, metric)) for metric in metrics)) for row in rows),
    )
