"""The JSON Schema (draft-07) of the spec format, generated from the op classes.

Editors complete and check with it while a spec is written. It can't evaluate, so where a number is expected it
takes any expression; ``archstat lint`` is the last word.
"""

from typing import Any

from archstat.ops.base import Op
from archstat.ops.catalogue import ACTIVATIONS, CATALOGUE, NORMS
from archstat.ops.options import Json
from archstat.spec.figure_schema import budget, published
from archstat.tensor import BYTES

_NAME = r"^[A-Za-z0-9_/+-]{1,64}$"
_IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"
_HEADING = r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*(\(.*\))?\s*$"
_TEXT: Json = {"type": "string"}
_EXPRESSION: Json = {
    "description": "a number, or an expression over the variables and 'channels'",
    "type": ["number", "boolean", "string"],
}


def json_schema() -> Json:
    """Return the schema of a spec file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "archstat spec",
        "description": "A neural-network architecture, as archstat reads it",
        "type": "object",
        "properties": _top(),
        "additionalProperties": False,
        "anyOf": [{"required": ["input", "layers"]}, {"required": ["extends"]}],
        "definitions": {
            "expression": _EXPRESSION,
            "body": {
                "description": "layers one after another: a list, a mapping of names to bodies, or identity",
                "anyOf": [
                    {"const": "identity"},
                    {"type": "array", "items": _ref("entry"), "minItems": 1},
                    _ref("stages"),
                ],
            },
            "stages": {
                "type": "object",
                "patternProperties": {_NAME: _ref("body")},
                "additionalProperties": False,
                "minProperties": 1,
            },
            "branches": {
                "description": "branches that all start from the same input",
                "anyOf": [
                    {"type": "array", "items": _ref("branch"), "minItems": 2},
                    {
                        "type": "object",
                        "patternProperties": {_NAME: _ref("branch")},
                        "additionalProperties": False,
                        "minProperties": 2,
                    },
                ],
            },
            "branch": {
                "anyOf": [{"type": ["string", "integer"]}, _ref("body")],
            },
            "entry": {
                "anyOf": [
                    {"type": "string", "examples": [*CATALOGUE, "identity"]},
                    {"type": "array", "items": _ref("entry"), "minItems": 1},
                    _ref("layer"),
                ]
            },
            "layer": _layer(),
            "act": _insert({word: word for word in ACTIVATIONS}),
            "norm": _insert(NORMS),
            "names": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]},
        },
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/definitions/{name}"}


def _top() -> Json:
    sizes = {"type": "array", "items": _ref("expression"), "minItems": 1, "maxItems": 4}
    tokens = {
        "type": "object",
        "properties": {"tokens": sizes, "shape": sizes, "dtype": {"enum": list(BYTES)}},
        "additionalProperties": False,
    }
    stages = _ref("stages")
    named = {"type": "object", "patternProperties": {_NAME: stages}, "additionalProperties": False}
    return {
        "archstat": {"description": "the version of the format", "enum": [1, "1"]},
        "name": {"description": "the network's name", "type": ["string", "number"]},
        "about": {"description": "one sentence", **_TEXT},
        "source": {"description": "the paper or page it follows", **_TEXT},
        "input": {
            "description": "one sample's shape, channels first: [3, 224, 224]; a sequence: {tokens: [196, 768]}",
            "anyOf": [sizes, tokens],
        },
        "vars": {
            "description": "numbers that --set may change",
            "type": "object",
            "patternProperties": {_IDENTIFIER: _ref("expression")},
            "additionalProperties": False,
        },
        "defaults": _defaults(),
        "blocks": {
            "description": "bodies with parameters: 'bottleneck(width, stride=1):'",
            "type": "object",
            "patternProperties": {_HEADING: _ref("body")},
            "additionalProperties": False,
        },
        "layers": {"description": "the network", **_ref("body")},
        "aux": {
            "description": "auxiliary heads; each begins with 'from:'",
            "type": "object",
            "patternProperties": {_NAME: _ref("body")},
            "additionalProperties": False,
        },
        "outputs": {"description": "stages, where it isn't the last one", **_ref("names")},
        "extends": {"description": "a bundled name, or a .yaml file beside this one", **_TEXT},
        "replace": {"description": "stages and their new bodies", **stages},
        "remove": {"description": "stages to leave out", **_ref("names")},
        "before": {"description": "a stage, and the new stages before it", **named},
        "after": {"description": "a stage, and the new stages behind it", **named},
        "append": {"description": "new stages at the end", **stages},
        "freeze": {"description": "all, or names and globs of layers not trained", **_ref("names")},
        "unfreeze": {"description": "exceptions to freeze", **_ref("names")},
        "published": published(),
        "budget": budget(),
    }


def _defaults() -> Json:
    inserts = {"act": _ref("act"), "norm": _ref("norm")}
    return {
        "description": "options for every op of a kind: {conv: {act: relu}}",
        "type": "object",
        "properties": {
            word: {
                "type": "object",
                "properties": {**_options(op), **(inserts if op.finishes else {})},
                "additionalProperties": False,
            }
            for word, op in CATALOGUE.items()
        },
        "additionalProperties": False,
    }


def _layer() -> Json:
    """Return the schema of ``{conv: 64, kernel: 3}``: each op's own options, or a call of a block."""
    everywhere: Json = {
        "repeat": {"description": "this many times", **_ref("expression")},
        "when": {"description": "only if this holds", **_ref("expression")},
        "name": {"description": "instead of its word and number", "type": ["string", "integer"]},
        "from": {"description": "an earlier layer or stage, instead of what arrives", **_TEXT},
    }
    takes = {name for op in CATALOGUE.values() for name in op.options() if name in CATALOGUE}
    cases = [_case(word, op, everywhere, takes) for word, op in CATALOGUE.items()]
    share = {"description": "an earlier call whose layers' weights it uses", **_TEXT}
    call = {
        "properties": {**everywhere, "share": share},
        "patternProperties": {_IDENTIFIER: {}},
        "additionalProperties": False,
    }
    no_op = {"not": {"anyOf": [{"required": [word]} for word in CATALOGUE]}}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {word: {"description": _about(op)} for word, op in CATALOGUE.items()},
        "allOf": [*cases, {"if": no_op, "then": call}],
    }


def _case(word: str, op: type[Op], everywhere: Json, takes: set[str]) -> Json:
    condition: Json = {"required": [word]}
    if word in takes:
        # An option of another op has this name too: interpolate's scale.
        owners = [w for w, other in CATALOGUE.items() if word in other.options()]
        condition["not"] = {"anyOf": [{"required": [w]} for w in owners]}
    properties: Json = {
        word: {"description": _about(op), **_main(op)},
        **_options(op),
        **everywhere,
    }
    if op.finishes:
        properties |= {"act": _ref("act"), "norm": _ref("norm")}
    if op.shareable:
        properties["share"] = {"description": "an earlier layer whose weights it uses", **_TEXT}
    return {"if": condition, "then": {"properties": properties, "additionalProperties": False}}


def _main(op: type[Op]) -> Json:
    if op.arity is None:
        return _ref("branches")
    options: Json = {"type": "object", "properties": _options(op), "additionalProperties": False}
    forms: list[Any] = [{"type": "null"}, options]
    if op.main is not None:
        forms.insert(0, _value(op.options()[op.main].schema()))
    return {"anyOf": forms}


def _options(op: type[Op]) -> Json:
    defaults = op.defaults()
    found: Json = {}
    for name, kind in op.options().items():
        schema = _value(kind.schema())
        default = defaults.get(name)
        if isinstance(default, bool | int | str):
            schema = {**schema, "default": default}
        found[name] = schema
    return found


def _value(schema: Json) -> Json:
    """Return a schema that takes the literal value or an expression in its place."""
    if "enum" in schema and len(schema) == 1:
        return schema
    if schema.get("type") == "array":
        return {"anyOf": [schema, {"type": "array", "items": _ref("expression")}]}
    many = [s for s in schema.get("anyOf", []) if s.get("type") == "array"]
    lists = [{"type": "array", "items": {"anyOf": [_ref("expression"), {"type": "array"}]}}]
    return {"anyOf": [schema, _TEXT, *(lists if many else [])]}


def _insert(known: dict[str, str]) -> Json:
    options = {
        word: {"anyOf": [{"type": "null"}, *_main(CATALOGUE[op])["anyOf"]]}
        for word, op in known.items()
    }
    return {"anyOf": [{"enum": [*known, "none"]}, {"type": "object", "properties": options}]}


def _about(op: type[Op]) -> str:
    """Return the op's first docstring line and its shape."""
    lines = (op.__doc__ or op.word).strip().splitlines()
    shape = next((line.strip() for line in lines if line.strip().startswith("Shape:")), "")
    return f"{lines[0]}\n{shape}".strip()
