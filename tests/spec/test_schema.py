"""The JSON Schema takes every bundled spec and refuses what no spec may hold."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archstat.ops.catalogue import CATALOGUE
from archstat.spec import bundled
from archstat.spec.files import bundled_folder
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode
from archstat.spec.reader import read
from archstat.spec.schema import json_schema
from archstat.spec.template import template

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def plain(node: YamlNode) -> Any:
    """Read a node as an editor's YAML 1.2 parser would."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.entries}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    if node.quoted:
        return node.text
    if node.empty:
        return None
    if node.text in ("true", "false"):
        return node.text == "true"
    if re.fullmatch(r"-?[0-9]+", node.text):
        return int(node.text)
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", node.text):
        return float(node.text)
    return node.text


def errors(text: str) -> list[str]:
    return [e.message for e in VALIDATOR.iter_errors(plain(read(text.encode(), "test.yaml")))]


def test_the_schema_is_a_draft_7_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize("name", bundled())
def test_every_bundled_spec_conforms(name: str) -> None:
    assert errors((Path(bundled_folder()) / f"{name}.yaml").read_text(encoding="utf-8")) == []


def test_the_starting_spec_conforms() -> None:
    assert errors(template("mine", "schema.json")) == []


def test_every_op_is_offered_with_its_options() -> None:
    layer = SCHEMA["definitions"]["layer"]
    assert set(CATALOGUE) <= set(layer["properties"])
    for word, op in CATALOGUE.items():
        assert set(op.options()) <= set(
            SCHEMA["properties"]["defaults"]["properties"][word]["properties"]
        )


@pytest.mark.parametrize(
    "layer",
    [
        "{conv: 64, kernel_size: 3}",
        "{conv: 0}",
        "{conv: 64, bias: 3}",
        "{relu: , kernel: 3}",
        "{avg_pool: 2, norm: batch}",
        "{conv: 64, act: relux}",
        "{concat: [identity]}",
        "{interpolate: 2, mode: sinc}",
    ],
)
def test_a_wrong_layer_is_refused(layer: str) -> None:
    assert errors(f"input: [3, 8, 8]\nlayers:\n  - {layer}\n")


@pytest.mark.parametrize("top", ["layer: [relu]", "budget: {speed: 3}", "name: [a]"])
def test_a_wrong_key_is_refused(top: str) -> None:
    assert errors(f"input: [3, 8, 8]\nlayers: [relu]\n{top}\n")
