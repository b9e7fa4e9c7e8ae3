"""Writes the parts of the docs that the code knows best: ops.md from the ops, the table of columns in numbers.md.

``python docs/generate.py`` rewrites them; a test fails where they are stale.
"""

from fractions import Fraction
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
import yaml

from archstat.ops import options
from archstat.ops.base import Op
from archstat.ops.catalogue import ACTIVATIONS, CATALOGUE, FAMILIES, NORMS
from archstat.report.columns import COLUMNS, READINGS

DOCS = Path(__file__).parent
CASES = DOCS.parent / "tests" / "ops" / "cases"

LEFT_OUT = {
    "stride": "the kernel",
    "dim": "the channels'",
    "dims": "the channels'",
    "eps": "the element type's",
    "dtype": "the weights'",
    "kv_heads": "`heads`",
    "head_dim": "C / heads",
    "shape": "one of the two",
    "tokens": "one of the two",
    "scale": "one of the two",
    "size": "one of the two",
}
"""What an option means that is left out and has no value of its own."""

INTRODUCTION = f"""\
# Ops

<!-- Written by docs/generate.py from the docstrings under archstat/ops. Change them, then run it. -->

Every word that can be a layer, with its options, and the formulas behind its numbers. Shapes here begin with the
batch N; in a spec the batch never stands. `*S` are the one, two or three spatial axes, `*` any number of axes.

The **main number** is the value that stands beside the word: in `conv: 64` it is `channels`. Options have PyTorch's
names and PyTorch's defaults; an option without a default must be given.

- `act:` takes one of {", ".join(f"`{word}`" for word in ACTIVATIONS)}.
- `norm:` takes one of {", ".join(f"`{word}`" for word in NORMS)}.
- Ops that take `act:`, `norm:` or `share:` say so.

One addition, subtraction, multiplication, division, negation or comparison is 1 FLOP, and so is one elementary
function: exp, log, tanh, erf, a power, a root, an absolute value. FLOPs are those of inference.
"""


def pages() -> dict[Path, str]:
    """Return each generated page and its text."""
    return {DOCS / "ops.md": _ops(), DOCS / "numbers.md": _with_columns(DOCS / "numbers.md")}


def _ops() -> str:
    parts = [INTRODUCTION]
    listed = ["| family | ops |", "|---|---|"]
    for family, words_of in FAMILIES.items():
        words = ", ".join(f"[`{word}`](#{word})" for word in words_of)
        listed.append(f"| {family} | {words} |")
    parts.append("\n".join(listed) + "\n")
    examples = _examples()
    for family, words_of in FAMILIES.items():
        parts.append(f"## {family}\n")
        parts += [_op(CATALOGUE[word], examples.get(word, [])) for word in words_of]
    return "\n".join(parts)


def _op(op: type[Op], example: list[str]) -> str:
    about, _, fields = cleandoc(op.__doc__ or "").partition("\nShape:")
    said = " ".join(about.replace("``", "`").split())
    lines = [f"### {op.word}", "", said, "", _takes(op), ""]
    table = _options(op)
    if table:
        lines += [*table, ""]
    lines += ["```text", *f"Shape:{fields}".replace("``", "").splitlines(), "```", ""]
    if example:
        lines += ["For example:", "", "```text", *example, "```", ""]
    return "\n".join(lines)


def _takes(op: type[Op]) -> str:
    """Say in one sentence how the word is written."""
    if op.roles:
        said = f"A join over the branches {', '.join(f'`{role}`' for role in op.roles)}."
    elif op.arity is None:
        said = "A join over two or more branches."
    elif op.main is None:
        said = "A bare word." if not op.options() else "A bare word, or a mapping of options."
    else:
        said = f"Main number: `{op.main}`."
    also = [
        word
        for word, takes in (
            ("`act:` and `norm:`", op.finishes),
            ("`share:`", op.shareable),
        )
        if takes
    ]
    return f"{said} Takes {' and '.join(also)}." if also else said


def _options(op: type[Op]) -> list[str]:
    kinds = op.options()
    if not kinds:
        return []
    defaults = {field.name: field for field in msgspec.structs.fields(op)}
    rows = [
        f"| `{name}` | {_values(kind)} | {_default(name, defaults[name].default)} |"
        for name, kind in kinds.items()
    ]
    return ["| option | value | default |", "|---|---|---|", *rows]


def _values(kind: options.Kind) -> str:
    """Say what an option takes."""
    match kind:
        case options.Whole(minimum=low):
            return "a whole number" if low is None else f"a whole number, {low} or more"
        case options.Decimal(low=None, high=None):
            return "a number"
        case options.Decimal(low=low, high=None):
            return f"a number, {low} or more"
        case options.Decimal(low=low, high=high):
            return f"a number from {low} to {high}"
        case options.Flag():
            return "`true`, `false` or a condition"
        case options.Word(choices=choices):
            return ", ".join(f"`{word}`" for word in choices)
        case options.Axes(minimum=low):
            return f"a whole number, {low} or more, or a list, one per axis"
        case options.DecimalAxes():
            return "a positive number, or a list, one per axis"
        case options.PaddingAxes():
            return "a whole number; a list, one per axis; pairs `[begin, end]`; `same`; `tf_same`"
        case options.Wholes(single=True):
            return "a whole number, or a list"
        case options.Wholes():
            return "a list of whole numbers"
        case options.DecimalOrWord(choices=choices):
            return f"a number, or {', '.join(f'`{word}`' for word in choices)}"
        case _:
            raise NotImplementedError(f"say what {type(kind).__name__} takes")


def _default(name: str, value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "must be given"
    if value is None:
        return LEFT_OUT.get(name, "none")
    if isinstance(value, Fraction):
        return f"`{float(value):g}`"
    return f"`{options.show(value).strip(chr(39))}`"


def _examples() -> dict[str, list[str]]:
    """Return the first plain case of each op, worked out by hand and tested."""
    found: dict[str, list[str]] = {}
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            if case["op"] not in found and not {"error", "before", "pads"} & set(case):
                found[case["op"]] = _example(case)
    return found


def _example(case: dict[str, Any]) -> list[str]:
    arriving = case.get("inputs") or [case["input"]]
    given = dict(case.get("options", {}))
    word, main = case["op"], CATALOGUE[case["op"]].main
    if main in given:
        entry = {word: given.pop(main), **given}
        written = _flow(entry) if given else f"{word}: {_flow(entry[word])}"
    else:
        written = f"{word}: {_flow(given)}" if given else word
    batch = f", batch {case['batch']}" if "batch" in case else ""
    last = ", channels last" if case.get("layout") == "tokens" else ""
    lines = [
        written,
        f"shape   {' and '.join(map(_flow, arriving))} -> {_flow(case['output'])}{last}{batch}",
    ]
    for key, title in ("params", "params"), ("macs", "MACs"), ("flops", "FLOPs"):
        if key in case:
            lines.append(f"{title:<7} {case[key]}")
    return lines


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_flow(v)}' for k, v in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with_columns(page: Path) -> str:
    """Return the page with the table of columns between its markers."""
    before, start, rest = page.read_text(encoding="utf-8").partition("<!-- columns -->\n")
    _, end, after = rest.partition("<!-- end of columns -->\n")
    rows = [f"| `{c.key}` | {c.title} | {c.unit} | {c.about} |" for c in (*COLUMNS, *READINGS)]
    table = ["| key | heading | unit | what it is |", "|---|---|---|---|", *rows]
    return before + start + "".join(f"{line}\n" for line in table) + end + after


if __name__ == "__main__":
    for written, text in pages().items():
        written.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {written.relative_to(DOCS.parent)}")
