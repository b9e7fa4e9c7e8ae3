"""Several networks side by side: one row for each."""

from collections.abc import Mapping, Sequence

from archstat.report.columns import BY_KEY
from archstat.report.grouping import sample, total
from archstat.report.kinds import SUMMARY
from archstat.report.report import Conditions, Report, Row
from archstat.spec.model import Spec


def summarize(
    specs: Sequence[Spec],
    *,
    aux: bool = False,
    variables: Mapping[str, str] = {},
) -> Report:
    """Return one row for each spec, in the order given; there is no total over different networks."""
    columns = tuple(BY_KEY[key] for key in SUMMARY.shown)
    rows = []
    for spec in specs:
        graph = spec.graph.select(aux=aux)
        rows.append(
            Row(
                path=spec.reference,
                cells=tuple(total(column.values(graph)) for column in columns),
                inputs=(sample(graph.input),),
                output=sample(graph.output),
                note=spec.name,
            )
        )
    first = specs[0].graph if specs else None
    return Report(
        kind=SUMMARY.name,
        name="",
        reference="",
        conditions=Conditions(
            batch=first.input.batch if first else 1,
            dtype=first.dtype if first else "float32",
            aux=aux,
            variables=variables,
        ),
        columns=columns,
        labels=("inputs", "output", "note"),
        rows=tuple(rows),
    )
