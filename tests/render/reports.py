"""Reports made by hand, for renderers to format."""

import msgspec

from archstat.report.columns import BY_KEY
from archstat.report.report import Conditions, PublishedLine, Report, Row

TWO_ROWS = Report(
    kind="memory",
    name="Two",
    reference="two.yaml",
    conditions=Conditions(input=(3, 8, 8)),
    columns=(BY_KEY["activations"], BY_KEY["activation_bytes"], BY_KEY["param_bytes"]),
    aside=("param_bytes",),
    labels=("output", "note"),
    rows=(
        Row(path="stem.conv1", op="conv", inputs=((3, 8, 8),), output=(4, 8, 8),
            cells=(3_000_000, 12_000_000, 448), tensors={"weight": (4, 3, 3, 3), "bias": (4,)}),
        Row(path="fc", op="linear", output=(10,), cells=(1_000, 4_000, 0), note="shares x"),
    ),
    totals=(3_001_000, 12_004_000, 448),
    published=(
        PublishedLine(quantity="activations", printed="5M", source="a slide", verdict="slip", computed=3_001_000,
                      derivation="2 * activations()", derived=6_002_000, why="counted twice", inferred=True),
    ),
    notes=("1 layer without memory of its own not shown; --all shows them",),
)  # fmt: skip

UNKNOWN = msgspec.structs.replace(
    TWO_ROWS,
    rows=(
        TWO_ROWS.rows[0],
        msgspec.structs.replace(TWO_ROWS.rows[1], cells=(None, None, 0)),
    ),
    totals=(3_000_000, 12_000_000, 448),
    partial=("activations", "activation_bytes"),
)

NASTY = "=cmd|'/C calc'!A1 <b>`x`</b> [red]\x1b[31m\u202e|\n"
"""What a spec from a stranger's pull request may call itself."""

HOSTILE = Report(
    kind="params",
    name=NASTY,
    reference=NASTY,
    conditions=Conditions(input=(1,), variables={"a": NASTY}),
    columns=(BY_KEY["params"],),
    rows=(Row(path=NASTY, op=NASTY, output=(1,), cells=(1,), note=NASTY),),
    totals=(1,),
    published=(
        PublishedLine(quantity="params", printed=NASTY, read_as=NASTY, source=NASTY, verdict="slip", computed=1,
                      derivation=NASTY, derived=1, why=NASTY),
    ),
    labels=("op", "output", "note"),
)  # fmt: skip
