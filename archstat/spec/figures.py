"""``published:``: figures that somebody printed. Read here, evaluated elsewhere."""

from collections.abc import Mapping as Dict

from msgspec import Struct
from msgspec.structs import replace

from archstat.spec.figure_parts import (
    check_suffix,
    quoted,
    read_expression,
    read_metric,
    read_printed,
    read_text,
)
from archstat.spec.model import Figure
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, expect, printable, refuse_empty
from archstat.spec.words import nearest

MOST_FIGURES = 1_000
"""Figures in one spec: each is asked of every layer, so a file could ask for hours."""

_VERDICT_WORDS = ("accounting", "slip", "differs", "why", "note", "inferred", "read_as")
_WORDS = ("source", "at", "quantity", "printed", "computed", *_VERDICT_WORDS)
_TABLE_WORDS = ("table", "source", "columns", "rows", "why", "read_as")
_CELL_WORDS = ("printed", *_VERDICT_WORDS)


class _Judgement(Struct, frozen=True):
    """What an entry says beside its figure: the verdict that its author recorded, the reason and the derivation."""

    verdict: str = "reproduced"
    why: str = ""
    inferred: bool = False
    derivation: Scalar | None = None


def read_figures(node: YamlNode) -> tuple[Figure, ...]:
    """Read ``published:``. Each entry is one figure, or a printed table with a figure in each cell."""
    figures: list[Figure] = []
    for item in expect(node, Sequence, "'published' is a list").items:
        entry = expect(item, Mapping, "a published figure is a mapping")
        for key, value in entry.entries:
            refuse_empty(key, value)
        if entry.get("table") is not None:
            figures += _table(entry)
        else:
            figures.append(_figure(entry))
        if len(figures) > MOST_FIGURES:
            raise entry.error(f"more than {MOST_FIGURES:,} published figures")
    return tuple(figures)


def _figure(entry: Mapping) -> Figure:
    metrics = [read_metric(key) for key, _ in entry.entries if key.text not in _WORDS]
    source = read_text(entry, "source")
    if source is None:
        raise entry.error("a published figure needs its 'source'")
    at = read_text(entry, "at")
    if entry.get("quantity") is not None:
        quantity, printed, computed = (
            read_text(entry, w) for w in ("quantity", "printed", "computed")
        )
        if metrics or quantity is None or printed is None or computed is None:
            raise entry.error(
                "a figure with 'quantity' needs 'printed' and 'computed', and no metric"
            )
        metric, name, expression, asked = "", quantity.text, read_expression(computed), computed
    else:
        if len(metrics) != 1:
            raise entry.error("a published figure names one metric, such as 'params: 138M'")
        metric = name = metrics[0]
        printed = read_text(entry, metric)
        assert printed is not None
        expression, asked = f"{metric}({quoted(at)})" if at else f"{metric}()", at or printed
    return _judged(
        Figure(
            quantity=name + (f" of {at.text}" if at and metric else ""),
            metric=metric,
            printed=read_printed(printed, metric),
            computed=expression,
            source=source.text,
            mark=printed.mark,
            computed_mark=asked.mark,
        ),
        _judgement(entry),
        read_text(entry, "read_as"),
    )


def _judged(figure: Figure, said: _Judgement, read_as: Scalar | None) -> Figure:
    """Return the figure with what its author says of it."""
    derivation = said.derivation
    figure = replace(
        figure,
        read_as=read_as.text if read_as else "",
        verdict=said.verdict,
        why=said.why,
        inferred=said.inferred,
        derivation=read_expression(derivation) if derivation else None,
        derivation_mark=derivation.mark if derivation else None,
    )
    if read_as is not None:
        check_suffix(figure, read_as)
    return figure


def _judgement(entry: Mapping) -> _Judgement:
    given = [word for word in ("accounting", "slip", "differs") if entry.get(word) is not None]
    if len(given) > 1:
        raise entry.error(f"a figure has one verdict, not '{given[0]}' and '{given[1]}'")
    verdict = given[0] if given else "reproduced"
    reason = read_text(entry, "differs") or read_text(entry, "why") or read_text(entry, "note")
    inferred = read_text(entry, "inferred")
    if verdict in ("accounting", "slip") and entry.get("why") is None:
        raise entry.error(f"'{verdict}' needs its 'why'")
    if inferred is not None and (inferred.text not in ("true", "false") or reason is None):
        raise inferred.error("'inferred' is true or false, and stands beside a reason")
    return _Judgement(
        verdict,
        reason.text if reason else "",
        inferred is not None and inferred.text == "true",
        read_text(entry, verdict) if verdict in ("accounting", "slip") else None,
    )


def _table(entry: Mapping) -> list[Figure]:
    """Read ``{table: title, source, columns: [activations, weights], rows: {conv1.conv1: [3.2M, 1728]}}``.

    A cell that doesn't reproduce says so: ``{printed: 364K, differs: reason}``, or ``slip:`` and ``why:``.
    ``read_as: {params: Ki}`` gives the suffix that a column means.
    """
    for key, _ in entry.entries:
        if key.text not in _TABLE_WORDS:
            raise key.error(
                f"a table has no '{printable(key.text)}'", hint=nearest(key.text, _TABLE_WORDS)
            )
    title, source = read_text(entry, "table"), read_text(entry, "source")
    columns, rows = entry.get("columns"), entry.get("rows")
    if title is None or source is None or columns is None or rows is None:
        raise entry.error("a table needs 'table', 'source', 'columns' and 'rows'")
    metrics = [
        read_metric(expect(item, Scalar, "a column is a metric"))
        for item in expect(columns, Sequence, "'columns' is a list of metrics").items
    ]
    meant = _meant(entry.get("read_as"), metrics)
    figures = []
    for path, cells in expect(rows, Mapping, "'rows' maps layers to printed cells").entries:
        values = cells.items if isinstance(cells, Sequence) else (cells,)
        if len(values) != len(metrics):
            raise path.error(f"the row has {len(values)} cells for {len(metrics)} columns")
        for metric, value in zip(metrics, values, strict=True):
            printed, said, read_as = _cell(value)
            if printed.text == "-":
                continue
            figure = Figure(
                quantity=metric,
                metric=metric,
                printed=read_printed(printed, metric),
                computed=f"{metric}({quoted(path)})",
                source=source.text,
                table=title.text,
                row=path.text,
                mark=printed.mark,
                computed_mark=path.mark,
            )
            column = meant.get(metric) if figure.suffix else None
            figures.append(_judged(figure, said, read_as or column))
    return figures


def _meant(node: YamlNode | None, metrics: list[str]) -> Dict[str, Scalar]:
    """Read a table's ``read_as``: column -> the suffix that it means."""
    if node is None:
        return {}
    meant = {}
    for key, value in expect(node, Mapping, "a table's 'read_as' maps columns to suffixes").entries:
        if key.text not in metrics:
            raise key.error(f"no column is called '{printable(key.text)}'")
        meant[key.text] = expect(value, Scalar, "what a column is read as is a suffix, such as Ki")
    return meant


def _cell(value: YamlNode) -> tuple[Scalar, _Judgement, Scalar | None]:
    """Return what a cell prints, what is said of it, and the suffix that it means."""
    if not isinstance(value, Mapping):
        return expect(value, Scalar, "a cell is a printed figure, or '-'"), _Judgement(), None
    for key, inner in value.entries:
        refuse_empty(key, inner)
        if key.text not in _CELL_WORDS:
            raise key.error(
                f"a cell has no '{printable(key.text)}'", hint=nearest(key.text, _CELL_WORDS)
            )
    text = read_text(value, "printed")
    if text is None:
        raise value.error("a cell needs what is 'printed'")
    return text, _judgement(value), read_text(value, "read_as")
