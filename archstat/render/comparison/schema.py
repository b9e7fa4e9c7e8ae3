"""The JSON Schemas (draft-07) of what ``archstat compare`` writes: comparisons, and baseline files."""

from typing import Any

from archstat.comparison import baseline
from archstat.comparison.compare import KNOWN
from archstat.render import json
from archstat.render.comparison.json import KIND
from archstat.report.columns import BY_KEY

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_KNOWN: Schema = {"type": ["integer", "null"]}
_SHAPE: Schema = {"type": "array", "items": {"type": "integer", "minimum": 1}}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_KEYS: Schema = {"enum": list(KNOWN)}


def _object(required: Schema, optional: Schema | None = None) -> Schema:
    """Return the schema of an object; a minor version may add keys, so more are allowed."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_CELL = _object({"old": _KNOWN, "new": _KNOWN, "change": _KNOWN})
_CELLS: Schema = dict.fromkeys(BY_KEY, _CELL)
_TOTALS: Schema = dict.fromkeys(KNOWN, _CELL)
_FIELD = _list(_KNOWN)
_SETTINGS = _object(
    {
        "input": _SHAPE,
        "batch": {"type": "integer", "minimum": 1},
        "dtype": _TEXT,
        "aux": {"type": "boolean"},
        "variables": {"type": "object", "additionalProperties": _TEXT},
    },
    {"freeze": _TEXTS, "unfreeze": _TEXTS, "replace_head": _KNOWN},
)
_SIDE = _object(
    {
        "reference": _TEXT,
        "name": _TEXT,
        "settings": _SETTINGS,
        "output": _SHAPE,
        "receptive_field": _FIELD,
        "depth": _KNOWN,
    }
)
_COLUMN = _object({"key": _KEYS, "unit": _TEXT, "about": _TEXT, "estimate": {"type": "boolean"}})
_MARK: Schema = {"enum": ["+", "-", "~", "="]}
_ROW = _object(
    {
        "mark": _MARK,
        "path": _TEXT,
        "was": _TEXT,
        "op": _TEXT,
        "layers": {"type": "integer", "minimum": 1},
        "differs": _TEXTS,
    },
    _CELLS,
)
_FIGURE = _object(
    {
        "side": {"enum": ["old", "new"]},
        "reference": _TEXT,
        "quantity": _TEXT,
        "printed": _TEXT,
        "source": _TEXT,
        "verdict": _TEXT,
    }
)
_PROBLEM = _object(
    {
        "reference": _TEXT,
        "message": _TEXT,
        "file": {"type": ["string", "null"]},
        "line": _KNOWN,
        "column": _KNOWN,
    }
)
_COMPARISON = _object(
    {
        "mark": _MARK,
        "old": {"oneOf": [_SIDE, {"type": "null"}]},
        "new": {"oneOf": [_SIDE, {"type": "null"}]},
        "columns": _list(_COLUMN),
        "totals": {"type": "object", "properties": _TOTALS, "additionalProperties": False},
        "incomplete": _list(_KEYS),
        "rows": _list(_ROW),
        "published": _list(_FIGURE),
    }
)
_LAYER = _object(
    {
        "path": {"type": "string", "minLength": 1},
        "op": _TEXT,
        "options": {"type": "object", "additionalProperties": _TEXT},
        "inputs": _list(_WHOLE),
        "owner": _WHOLE,
        "output": _SHAPE,
        "cells": _list(_KNOWN),
    },
    {"frozen": {"type": "boolean"}},
)
_KEPT = _object(
    {
        "reference": _TEXT,
        "name": _TEXT,
        "settings": _SETTINGS,
        "output": _SHAPE,
        "columns": _TEXTS,
        "layers": {**_list(_LAYER), "minItems": 1},
    },
    {
        "receptive_field": _FIELD,
        "depth": _KNOWN,
        "wholes": {"type": "object", "additionalProperties": _KNOWN},
    },
)


def comparisons() -> Schema:
    """Return the schema of ``archstat compare -f json``."""
    more = {"base": _TEXT, "problems": _list(_PROBLEM), "comparisons": _list(_COMPARISON)}
    return _envelope("archstat compare", KIND, json.FORMAT_VERSION, more)


def baselines() -> Schema:
    """Return the schema of ``archstat compare --write-baseline``."""
    return _envelope(
        "archstat baseline", baseline.KIND, baseline.FORMAT_VERSION, {"specs": _list(_KEPT)}
    )


def _envelope(title: str, kind: str, version: str, more: Schema) -> Schema:
    major = version.partition(".")[0]
    head = {
        "format_version": {"type": "string", "pattern": f"^{major}\\.[0-9]+$"},
        "kind": {"const": kind},
        "tool": _object({"name": _TEXT, "version": _TEXT}),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title,
        **_object({**head, **more}),
    }
