"""``published:`` and ``budget:``: figures that somebody printed, and limits. Read here, evaluated elsewhere."""

from collections.abc import Mapping as Dict

from msgspec import Struct
from msgspec.structs import replace

from archstat.errors import ArchstatError, SpecError
from archstat.spec import expressions
from archstat.spec.model import METRICS, Figure
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, expect, printable, refuse_empty
from archstat.spec.words import nearest
from archstat.units import parse as parse_quantity

_VERDICT_WORDS = ("accounting", "slip", "differs", "why", "note", "inferred", "read_as")
_WORDS = ("source", "at", "quantity", "printed", "computed", *_VERDICT_WORDS)
_TABLE_WORDS = ("table", "source", "columns", "rows", "why", "read_as")
_CELL_WORDS = ("printed", *_VERDICT_WORDS)


_OTHER_METRICS = {
    "parameters": "params", "weight": "weights", "multiply_adds": "macs", "madds": "macs",
    "mult_adds": "macs", "multadds": "macs", "memory": "activation_bytes", "layers": "depth",
}  # fmt: skip


class _Judgement(Struct, frozen=True):
    """What an entry says beside its figure: the verdict that its author recorded, the reason and the derivation."""

    verdict: str = "reproduced"
    why: str = ""
    inferred: bool = False
    derivation: Scalar | None = None


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
        metric, name, expression, asked = "", quantity.text, _expression(computed), computed
    else:
        if len(metrics) != 1:
            raise entry.error("a published figure names one metric, such as 'params: 138M'")
        metric = name = metrics[0]
        printed = _text(entry, metric)
        assert printed is not None
        expression, asked = f"{metric}({_quoted(at)})" if at else f"{metric}()", at or printed
    return _judged(
        Figure(
            quantity=name + (f" of {at.text}" if at and metric else ""),
            metric=metric,
            printed=_printed(printed),
            computed=expression,
            source=source.text,
            mark=printed.mark,
            computed_mark=asked.mark,
        ),
        _judgement(entry),
        _text(entry, "read_as"),
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
        derivation=_expression(derivation) if derivation else None,
        derivation_mark=derivation.mark if derivation else None,
    )
    if read_as is not None:
        _check_suffix(figure, read_as)
    return figure


def _judgement(entry: Mapping) -> _Judgement:
    given = [word for word in ("accounting", "slip", "differs") if entry.get(word) is not None]
    if len(given) > 1:
        raise entry.error(f"a figure has one verdict, not '{given[0]}' and '{given[1]}'")
    verdict = given[0] if given else "reproduced"
    reason = _text(entry, "differs") or _text(entry, "why") or _text(entry, "note")
    inferred = _text(entry, "inferred")
    if verdict in ("accounting", "slip") and entry.get("why") is None:
        raise entry.error(f"'{verdict}' needs its 'why'")
    if inferred is not None and (inferred.text not in ("true", "false") or reason is None):
        raise inferred.error("'inferred' is true or false, and stands beside a reason")
    return _Judgement(
        verdict,
        reason.text if reason else "",
        inferred is not None and inferred.text == "true",
        _text(entry, verdict) if verdict in ("accounting", "slip") else None,
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
    title, source = _text(entry, "table"), _text(entry, "source")
    columns, rows = entry.get("columns"), entry.get("rows")
    if title is None or source is None or columns is None or rows is None:
        raise entry.error("a table needs 'table', 'source', 'columns' and 'rows'")
    metrics = [
        _metric(expect(item, Scalar, "a column is a metric"))
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
                printed=_printed(printed),
                computed=f"{metric}({_quoted(path)})",
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
    text = _text(value, "printed")
    if text is None:
        raise value.error("a cell needs what is 'printed'")
    return text, _judgement(value), _text(value, "read_as")


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
        other = _OTHER_METRICS.get(key.text.lower())
        hint = f"did you mean '{other}'?" if other else nearest(key.text, METRICS)
        raise key.error(f"no metric is called '{printable(key.text)}'", hint=hint)
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


def _check_suffix(figure: Figure, read_as: Scalar) -> None:
    """Refuse a suffix that the printed number can't be read with."""
    if not figure.suffix:
        raise read_as.error(f"'{printable(figure.printed)}' has no suffix to read as another")
    try:
        parse_quantity(figure.meant)
    except ArchstatError:
        raise read_as.error(
            f"'{printable(read_as.text)}' is not a suffix", hint="write Ki, MiB or the like"
        ) from None


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
