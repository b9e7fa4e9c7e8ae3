"""The part of the JSON Schema that is about printed figures and budgets."""

from archstat.ops.options import Json
from archstat.spec.model import METRICS

_TEXT: Json = {"type": "string"}
_PRINTED: Json = {"type": ["number", "string"]}
_EXPRESSION: Json = {"description": "an expression such as macs() - macs('fc*')", **_PRINTED}
_WHY: Json = {"description": "the reason, in one sentence", **_TEXT}


def published() -> Json:
    """Return the schema of ``published:``: a list of figures and of printed tables."""
    said = {
        "accounting": {**_EXPRESSION, "description": "another way of counting that gives the printed figure"},
        "slip": {**_EXPRESSION, "description": "a mistake that gives the printed figure"},
        "differs": {"description": "why the figure does not reproduce", **_TEXT},
        "why": _WHY,
        "note": _WHY,
        "inferred": {"description": "nobody has stated the reason: it is ours", "type": "boolean"},
    }  # fmt: skip
    suffix = {"description": "the suffix that is meant: MiB where MB is printed", **_TEXT}
    cell: Json = {
        "anyOf": [
            _PRINTED,
            {
                "type": "object",
                "properties": {"printed": _PRINTED, **said, "read_as": suffix},
                "required": ["printed"],
                "additionalProperties": False,
            },
        ]
    }
    row = {"anyOf": [cell, {"type": "array", "items": cell}]}
    metrics = {"type": "array", "items": {"enum": list(METRICS)}, "minItems": 1}
    suffixes = {"type": "object", "additionalProperties": _TEXT}
    source = {"description": "who printed it", **_TEXT}
    figure: Json = {
        "type": "object",
        "properties": {
            **dict.fromkeys(METRICS, _PRINTED),
            "at": {"description": "a layer, a stage or a glob", **_TEXT},
            "quantity": {"description": "what was printed, where it is no metric", **_TEXT},
            "printed": _PRINTED,
            "computed": _EXPRESSION,
            "source": source,
            "read_as": suffix,
            **said,
        },
        "required": ["source"],
        "additionalProperties": False,
    }
    table: Json = {
        "type": "object",
        "properties": {
            "table": {"description": "its title", **_TEXT},
            "source": source,
            "columns": metrics,
            "read_as": {"description": "the suffix that a column means: {params: Ki}", **suffixes},
            "rows": {
                "description": "layers, each with its printed cells",
                "type": "object",
                "additionalProperties": row,
            },
            "why": _WHY,
        },
        "required": ["table", "source", "columns", "rows"],
        "additionalProperties": False,
    }
    return {
        "description": "figures that somebody printed, each with its source",
        "type": "array",
        "items": {"if": {"required": ["table"]}, "then": table, "else": figure},
    }


def budget() -> Json:
    """Return the schema of ``budget:``."""
    bounds: Json = {
        "type": "object",
        "properties": {
            "max": {"description": "the most it may be", **_PRINTED},
            "min": {"description": "the least it may be", **_PRINTED},
            "exact": {"description": "what it must be, in full", **_PRINTED},
            "max_change": {"description": "how much more than the base's: +2%, 0%, +100k", **_PRINTED},
        },
        "minProperties": 1,
        "additionalProperties": False,
    }  # fmt: skip
    shape = {"description": "the output's exact shape: 1000, or 480x28x28", **_PRINTED}
    exactly = {**bounds, "properties": {"exact": shape}}
    limits: Json = {key: {"anyOf": [_PRINTED, bounds]} for key in METRICS}
    return {
        "description": "limits: {params: 26M, macs: {max: 4.1G, max_change: +2%}}",
        "type": "object",
        "properties": {**limits, "output": {"anyOf": [shape, exactly]}},
        "additionalProperties": False,
    }
