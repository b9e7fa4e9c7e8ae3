"""``published:`` and ``budget:``: figures that somebody printed, and limits. Read here, evaluated elsewhere."""

from collections.abc import Mapping as Dict

from archstat.errors import ArchstatError, SpecError
from archstat.spec import expressions
from archstat.spec.model import METRICS, Figure
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, expect, printable, refuse_empty
from archstat.spec.words import nearest
from archstat.units import parse as parse_quantity

_WORDS = ("source", "at", "slip", "differs", "why", "quantity", "printed", "computed", "note")
_TABLE_WORDS = ("table", "source", "columns", "rows", "why")
_CELL_WORDS = ("printed", "slip", "differs", "why", "note")


def read_figures(node: YamlNode | None) -> tuple[Figure, ...]:
    """Read ``published:``. Each entry is one figure, or a printed table with a figure in each cell."""
    if node is None:
        return ()
    figures: list[Figure] = []
    for item in expect(node, Sequence, "'published' is a list").items:
        entry = expect(item, Mapping, "a published figure is a mapping")
        for key, value in entry.entries:
            refuse_empty(key, value)
        if entry.get("table") is not None:
            figures += _table(entry)
        else:
            figures.append(_figure(entry))
    return tuple(figures)


def _figure(entry: Mapping) -> Figure:
    metrics = [_metric(key) for key, _ in entry.entries if key.text not in _WORDS]
    source = _text(entry, "source")
    if source is None:
        raise entry.error("a published figure needs its 'source'")
    at = _text(entry, "at")
    if entry.get("quantity") is not None:
        quantity, printed, computed = (_text(entry, w) for w in ("quantity", "printed", "computed"))
        if metrics or quantity is None or printed is None or computed is None:
            raise entry.error(
                "a figure with 'quantity' needs 'printed' and 'computed', and no metric"
            )
        metric, name, expression = "", quantity.text, _expression(computed)
    else:
        if len(metrics) != 1:
            raise entry.error("a published figure names one metric, such as 'params: 138M'")
        metric = name = metrics[0]
        printed = _text(entry, metric)
        assert printed is not None
        expression = f"{metric}({_quoted(at)})" if at else f"{metric}()"
    slip, verdict, why = _verdict(entry)
    return Figure(
        quantity=name + (f" of {at.text}" if at and metric else ""),
        metric=metric,
        printed=_printed(printed),
        computed=expression,
        source=source.text,
        slip=slip,
        verdict=verdict,
        why=why,
        mark=printed.mark,
    )


def _verdict(entry: Mapping) -> tuple[str | None, str, str]:
    """Return the derivation of a slip, the verdict that the author recorded, and the reason."""
    slip, differs = _text(entry, "slip"), _text(entry, "differs")
    if slip is not None and differs is not None:
        raise entry.error("a figure is a slip or differs, not both")
    if slip is not None and entry.get("why") is None:
        raise entry.error("a slip needs its 'why'")
    why = differs or _text(entry, "why") or _text(entry, "note")
    verdict = "slip" if slip else "differs" if differs else "reproduced"
    return _expression(slip) if slip else None, verdict, why.text if why else ""


def _table(entry: Mapping) -> list[Figure]:
    """Read ``{table: title, source, columns: [activations, weights], rows: {conv1.conv1: [3.2M, 1728]}}``.

    A cell that doesn't reproduce says so: ``{printed: 364Ki, differs: reason}``, or ``slip:`` and ``why:``.
    """
    for key, _ in entry.entries:
        if key.text not in _TABLE_WORDS:
            raise key.error(
                f"a table has no '{printable(key.text)}'", hint=nearest(key.text, _TABLE_WORDS)
            )
    title, source = _text(entry, "table"), _text(entry, "source")
    columns, rows = entry.get("columns"), entry.get("rows")
    if title is None or source is None or columns is None or rows is None:
        raise entry.error("a table needs 'table', 'source', 'columns' and 'rows'")
    metrics = [
        _metric(expect(item, Scalar, "a column is a metric"))
        for item in expect(columns, Sequence, "'columns' is a list of metrics").items
    ]
    figures = []
    for path, cells in expect(rows, Mapping, "'rows' maps layers to printed cells").entries:
        values = cells.items if isinstance(cells, Sequence) else (cells,)
        if len(values) != len(metrics):
            raise path.error(f"the row has {len(values)} cells for {len(metrics)} columns")
        for metric, value in zip(metrics, values, strict=True):
            printed, slip, verdict, why = _cell(value)
            if printed.text == "-":
                continue
            figures.append(
                Figure(
                    quantity=metric,
                    metric=metric,
                    printed=_printed(printed),
                    computed=f"{metric}({_quoted(path)})",
                    source=source.text,
                    slip=slip,
                    verdict=verdict,
                    why=why,
                    table=title.text,
                    row=path.text,
                    mark=printed.mark,
                )
            )
    return figures


def _cell(value: YamlNode) -> tuple[Scalar, str | None, str, str]:
    """Return what a cell prints, and its verdict."""
    if not isinstance(value, Mapping):
        printed = expect(value, Scalar, "a cell is a printed figure, or '-'")
        return printed, None, "reproduced", ""
    for key, inner in value.entries:
        refuse_empty(key, inner)
        if key.text not in _CELL_WORDS:
            raise key.error(
                f"a cell has no '{printable(key.text)}'", hint=nearest(key.text, _CELL_WORDS)
            )
    text = _text(value, "printed")
    if text is None:
        raise value.error("a cell needs what is 'printed'")
    return text, *_verdict(value)


def read_budget(node: YamlNode | None) -> Dict[str, str]:
    """Read ``budget:``: metric -> limit, as written (``140M``, ``120MiB``)."""
    limits: dict[str, str] = {}
    for key, value in (
        expect(node, Mapping, "'budget' maps metrics to limits").entries if node else ()
    ):
        refuse_empty(key, value)
        limits[_metric(key)] = _printed(expect(value, Scalar, "a limit is a number, such as 140M"))
    return limits


def _metric(key: Scalar) -> str:
    if key.text not in METRICS:
        raise key.error(
            f"no metric is called '{printable(key.text)}'", hint=nearest(key.text, METRICS)
        )
    return key.text


def _text(entry: Mapping, key: str) -> Scalar | None:
    node = entry.get(key)
    return None if node is None else expect(node, Scalar, f"'{key}' is a text")


def _quoted(node: Scalar) -> str:
    if "'" in node.text or "\\" in node.text or not node.text.isascii():
        raise node.error(f"'{printable(node.text)}' can't name a layer")
    return f"'{node.text}'"


def _expression(node: Scalar) -> str:
    try:
        expressions.parse(node.text, strings=True)
    except SpecError as error:
        raise error.at(node.mark) from None
    return node.text


def _printed(node: Scalar) -> str:
    """Check that the printed text is a number with a unit, or a shape (28x28x480)."""
    parts = node.text.split("x")
    if len(parts) > 1 and all(part.isdecimal() and part.isascii() for part in parts):
        return node.text
    try:
        parse_quantity(node.text)
    except ArchstatError as error:
        raise node.error(error.message, hint=error.hint) from None
    return node.text
