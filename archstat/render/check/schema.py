"""The JSON Schema of what ``archstat check -f json`` writes."""

from typing import Any, get_args

from archstat.budget.judge import Verdict
from archstat.render.json import FORMAT_VERSION
from archstat.spec.limits import BOUNDS
from archstat.spec.model import METRICS

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_NUMBER = {
    "type": ["integer", "string", "null"],
    "description": "exact; a fraction or a shape is text",
}
_PLACE = {
    "file": {"type": ["string", "null"]},
    "line": {"type": ["integer", "null"]},
    "column": {"type": ["integer", "null"]},
}  # fmt: skip


def json_schema() -> dict[str, Any]:
    """Return the schema (draft-07). Keys are added in minor versions of the format."""
    major = FORMAT_VERSION.partition(".")[0]
    cause = _object({"path": _TEXT, "amount": {"type": "integer"}})
    row = {
        "spec": _TEXT,
        "name": _TEXT,
        "verdict": {"enum": list(get_args(Verdict))},
        "metric": {"enum": list(METRICS)},
        "unit": {"enum": ["elements", "bytes", "MAC", "FLOP", "layers", "positions"]},
        "bound": {"enum": list(BOUNDS)},
        "limit": _TEXT,
        **dict.fromkeys(("value", "allowed", "base", "excess"), _NUMBER),
        **_PLACE,
        "option": {"type": ["string", "null"]},
        "hint": _TEXT,
        "unknown": {"type": "array", "items": _TEXT},
        "causes": {"type": "array", "items": cause},
    }
    counts = dict.fromkeys(("failed", "warned", "new", "passed", "specs", "unreadable"), _COUNT)
    problem = {"spec": _TEXT, **_PLACE, "message": _TEXT, "hint": _TEXT}
    whole = {
        "format_version": {"type": "string", "pattern": rf"^{major}\.[0-9]+$"},
        "kind": {"const": "check"},
        "tool": _object({"name": {"const": "archstat"}, "version": _TEXT}),
        "summary": _object(counts),
        "base": {"type": ["string", "null"]},
        "settings": {"type": "object"},
        "problems": {"type": "array", "items": _object(problem)},
        "without_budget": {"type": "array", "items": _TEXT},
        "rows": {"type": "array", "items": _object(row)},
    }
    return {"$schema": "http://json-schema.org/draft-07/schema#", **_object(whole)}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}
