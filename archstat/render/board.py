"""Explanations as text: a heading for each layer, its arithmetic below, the equals signs in one column."""

from collections.abc import Iterator

from archstat.render.escape import clean, shape, shapes
from archstat.render.ink import ink
from archstat.render.listing import Listing
from archstat.render.prose import NARROWEST, wrapped
from archstat.render.style import Style
from archstat.report.columns import BY_KEY
from archstat.report.explain import Explanation, Lesson, Step
from archstat.units import power_for, scaled

WIDEST = 44
"""Arithmetic longer than this doesn't push the other lines' equals signs aside."""

_HELD = "\N{NO-BREAK SPACE}"


def render(explanation: Explanation, style: Style) -> str:
    """Write an explanation."""
    blocks = ["\n".join(_lesson(lesson, style)) for lesson in explanation.lessons]
    title = ink(clean(explanation.name), "bold", color=style.color)
    if len(blocks) > 1:
        blocks.append("\n".join(_together(explanation, style)))
    return "\n\n".join([title, *blocks]) + "\n"


def listing(explanation: Explanation) -> Listing:
    """Return the steps as a list, for the other formats."""
    rows = [
        (
            explanation.reference,
            lesson.path,
            lesson.op,
            s.label,
            s.part,
            s.arithmetic,
            s.value,
            s.unit,
        )
        for lesson in explanation.lessons
        for s in lesson.steps
    ]
    columns = ("spec", "layer", "op", "quantity", "part", "arithmetic", "value", "unit")
    return Listing(kind="explain", columns=columns, rows=tuple(rows))


def _together(explanation: Explanation, style: Style) -> Iterator[str]:
    """Draw the sums behind how many layers they are of, or below where there is no room; none is broken."""
    head = f"these {len(explanation.lessons)} layers together"
    said = ", ".join(f"{n:,}{_HELD}{BY_KEY[key].title}" for key, n in explanation.together.items())
    shown = ink(head, "bold", color=style.color)
    indent = len(head) + 2
    if style.width is not None and indent + NARROWEST > style.width:
        indent = 2
        yield shown
        shown = ""
    for i, line in enumerate(wrapped(said, style, indent)):
        start = f"{shown}  " if i == 0 else " " * indent
        yield start + line.replace(_HELD, " ")


def _lesson(lesson: Lesson, style: Style) -> Iterator[str]:
    arriving = f"{shapes(lesson.inputs)} -> " if lesson.inputs else ""
    color = style.color
    yield (
        f"{ink(clean(lesson.path), 'bold', color=color)}  {clean(lesson.op)}  "
        f"{ink(arriving + shape(lesson.output), 'dim', color=color)}"
    )
    label_width = max((len(step.label) for step in lesson.steps), default=0)
    lengths = [len(step.arithmetic) for step in lesson.steps if step.value is not None]
    equals_at = max((n for n in lengths if n <= WIDEST), default=0)
    last = max((i for i, s in enumerate(lesson.steps) if s.label == "output"), default=None)
    before = ""
    for i, step in enumerate(lesson.steps):
        shown = clean(step.label) if step.label != before else ""
        before = step.label
        label = ink(f"{shown:<{label_width}}", "dim", color=color)
        result = f"  -> {shape(lesson.output)}" if i == last else ""
        part = f"  {ink(clean(step.part), 'dim', color=color)}" if step.part else ""
        yield f"  {label}  {_said(step, equals_at, style)}{part}{result}"


def _said(step: Step, equals_at: int, style: Style) -> str:
    if step.value is None:
        return clean(step.arithmetic)
    number = f"{step.value:,}"
    if step.unit == "bytes":
        number += " bytes"
        if power_for(step.value, "bytes", style.system):
            number += f" = {scaled(step.value, unit='bytes', system=style.system)}"
    if step.arithmetic == f"{step.value:,}":
        return ink(number, "bold", color=style.color)
    return f"{clean(step.arithmetic):<{equals_at}} = {ink(number, 'bold', color=style.color)}"
