"""A diagram as Mermaid, as Graphviz DOT, or as a list of its boxes. Nothing in a name may act."""

from collections.abc import Iterator

from archstat.render.escape import clean, shape
from archstat.render.listing import Listing
from archstat.report.diagram import Box, Diagram

_MERMAID = str.maketrans({c: f"#{ord(c)};" for c in '"#<>&`\\|[]{}()'})
_DOT = str.maketrans({'"': '\\"', "\\": "\\\\"})


def mermaid(diagram: Diagram) -> str:
    """Write a Mermaid flowchart, as GitHub shows it in a ```mermaid block."""
    return "".join(f"{line}\n" for line in _mermaid(diagram))


def dot(diagram: Diagram) -> str:
    """Write a Graphviz graph, for ``dot -Tsvg``."""
    return "".join(f"{line}\n" for line in _dot(diagram))


def listing(diagram: Diagram) -> Listing:
    """Return a row for each box: what it is, what it reads and what it gives."""
    rows = []
    for at, box in enumerate(diagram.boxes):
        reads = [
            f"{diagram.boxes[arrow.source].path} {shape(arrow.shape)}"
            for arrow in diagram.arrows
            if arrow.target == at
        ]
        rows.append(
            (diagram.reference, box.path, box.op, box.count, ", ".join(reads), shape(box.output))
        )
    columns = ("spec", "path", "op", "layers", "reads", "output")
    return Listing(kind="graph", columns=columns, rows=tuple(rows))


def _mermaid(diagram: Diagram) -> Iterator[str]:
    # A quoted string of YAML: Mermaid reads a title from front matter.
    title = clean(diagram.name).replace("\\", "\\\\").replace('"', '\\"')
    yield from ("---", f'title: "{title}"', "---", "flowchart TD")
    for at, box in enumerate(diagram.boxes):
        lines = [clean(text).translate(_MERMAID) for text in _lines(box)]
        opening, closing = ("([", "])") if box.op in ("input", "output") else ("[", "]")
        yield f'    n{at}{opening}"{"<br>".join(lines)}"{closing}'
    for arrow in diagram.arrows:
        yield f'    n{arrow.source} -->|"{shape(arrow.shape)}"| n{arrow.target}'


def _dot(diagram: Diagram) -> Iterator[str]:
    yield f'digraph "{_dotted(diagram.name)}" {{'
    yield '    node [shape=box, fontname="sans-serif"];'
    yield '    edge [fontname="sans-serif"];'
    for at, box in enumerate(diagram.boxes):
        label = "\\n".join(map(_dotted, _lines(box)))
        style = ", shape=oval" if box.op in ("input", "output") else ""
        yield f'    n{at} [label="{label}"{style}];'
    for arrow in diagram.arrows:
        yield f'    n{arrow.source} -> n{arrow.target} [label="{shape(arrow.shape)}"];'
    yield "}"


def _lines(box: Box) -> list[str]:
    if box.op in ("input", "output"):
        return [box.path]
    return [box.path, box.op or f"{box.count} layers"]


def _dotted(text: str) -> str:
    return clean(text).translate(_DOT)
