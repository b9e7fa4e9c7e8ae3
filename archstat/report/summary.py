"""Several networks side by side: one row for each."""

from collections.abc import Sequence

from archstat.report.columns import BY_KEY
from archstat.report.grouping import sample, total
from archstat.report.kinds import SUMMARY
from archstat.report.report import Conditions, Report, Row
from archstat.spec.model import Settings, Spec

DEFAULTS = Settings()

TRAINED = "trainable_params"
COLUMNS = (SUMMARY.shown[0], TRAINED, *SUMMARY.shown[1:])
"""What is trained stands beside the params where something is frozen."""


def summarize(
    specs: Sequence[Spec],
    *,
    aux: bool = False,
    settings: Settings = DEFAULTS,
) -> Report:
    """Return one row for each spec, in the order given; there is no total over different networks."""
    columns = tuple(BY_KEY[key] for key in COLUMNS)
    rows, partly = [], False
    for spec in specs:
        graph = spec.graph.select(aux=aux)
        partly = partly or any(node.frozen and node.params() for node in graph.nodes)
        rows.append(
            Row(
                path=spec.reference,
                cells=tuple(total(column.values(graph)) for column in columns),
                inputs=(sample(graph.input),),
                output=sample(graph.output),
                note=spec.name,
                ids=not graph.input.is_floating,
            )
        )
    return Report(
        kind=SUMMARY.name,
        name="",
        reference="",
        conditions=Conditions(
            batch=settings.batch,
            dtype=settings.dtype,
            aux=aux,
            variables=settings.variables,
            transfer=settings.transfer,
        ),
        columns=columns,
        aside=() if partly else (TRAINED,),
        labels=("inputs", "output", "note"),
        rows=tuple(rows),
    )
