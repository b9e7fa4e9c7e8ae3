"""Sides in a file: what a later comparison is held against where git isn't at hand. Nothing here opens a file.

{"format_version": "1.0", "kind": "baseline", "tool": {...},
 "specs": [{"reference": "net.yaml", "name": "Net", "settings": {"input": [3, 32, 32], ...}, "output": [10],
            "columns": ["params", ...],
            "layers": [{"path": "conv1", "op": "conv", "options": {"channels": "32"}, "inputs": [0], "owner": 1,
                        "output": [32, 32, 32], "cells": [896, ...], "frozen": false}, ...]}]}
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from archstat.comparison.side import Layer, Side
from archstat.errors import UsageError
from archstat.report.report import Conditions
from archstat.spec.model import Transfer
from archstat.tensor import Shape

FORMAT_VERSION = "1.0"
KIND = "baseline"

DEEPEST = 100
"""Parts of a path."""


Count = Annotated[int, msgspec.Meta(ge=0)]
"""A number of which nothing is less than none."""


class _Layer(msgspec.Struct):
    path: str
    op: str
    options: dict[str, str]
    inputs: tuple[int, ...]
    owner: int
    output: tuple[Count, ...]
    cells: tuple[Count | None, ...]
    frozen: bool = False


class _Settings(msgspec.Struct):
    input: Shape
    batch: int
    dtype: str
    aux: bool = False
    variables: dict[str, str] = {}
    freeze: tuple[str, ...] = ()
    unfreeze: tuple[str, ...] = ()
    replace_head: int | None = None


class _Spec(msgspec.Struct):
    reference: str
    name: str
    settings: _Settings
    output: tuple[Count, ...]
    columns: tuple[str, ...]
    layers: tuple[_Layer, ...]
    receptive_field: tuple[Count | None, ...] = ()
    depth: Count | None = None
    wholes: dict[str, int | None] = {}


class _File(msgspec.Struct):
    specs: tuple[_Spec, ...]


class _Head(msgspec.Struct):
    format_version: str
    kind: str


def items(sides: Sequence[Side]) -> list[dict[str, Any]]:
    """Return what a file holds of each side."""
    return [
        {
            "reference": side.reference,
            "name": side.name,
            "settings": _settings(side.conditions),
            "output": side.output,
            "receptive_field": side.field,
            "depth": side.depth,
            "wholes": side.wholes,
            "columns": side.keys,
            "layers": [
                {**msgspec.structs.asdict(layer), "options": dict(layer.options)}
                for layer in side.layers
            ],
        }
        for side in sides
    ]


def _settings(given: Conditions) -> dict[str, Any]:
    """Return the settings; what was frozen and replaced only where something was."""
    found = msgspec.structs.asdict(given)
    del found["transfer"]
    if given.transfer != Transfer():
        found |= msgspec.structs.asdict(given.transfer)
    return found


def read(data: bytes, file: str) -> Mapping[str, Side]:
    """Return the sides of a file by reference. Raises a UsageError, of one line, for a file that isn't one."""
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(file, error) from None
    if head.kind != KIND:
        raise UsageError(
            f"{file}: is of kind '{head.kind[:40]}', not a baseline",
            hint="'archstat compare --write-baseline FILE SPEC...' writes one",
        )
    if head.format_version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
        raise UsageError(
            f"{file}: has format version '{head.format_version[:40]}', and this archstat reads {FORMAT_VERSION}",
            hint="write it again with --write-baseline",
        )
    try:
        specs = msgspec.json.decode(data, type=_File).specs
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(file, error) from None
    return {spec.reference: _side(spec, file) for spec in specs}


def _side(spec: _Spec, file: str) -> Side:
    layers = []
    for at, layer in enumerate(spec.layers):
        whole = len(layer.cells) == len(spec.columns) and 0 <= layer.owner <= at
        whole = whole and layer.path.count(".") < DEEPEST
        if not (whole and layer.path and all(0 <= i < at for i in layer.inputs)):
            raise UsageError(f"{file}: layer {at} of '{spec.reference[:60]}' doesn't hold together")
        options = tuple(layer.options.items())
        layers.append(
            Layer(layer.path, layer.op, options, layer.inputs, layer.owner, layer.output, layer.cells, layer.frozen)
        )  # fmt: skip
    if not layers or len({layer.path for layer in layers}) < len(layers):
        raise UsageError(f"{file}: the layers of '{spec.reference[:60]}' don't hold together")
    given = spec.settings
    return Side(
        reference=spec.reference,
        name=spec.name,
        conditions=Conditions(
            input=given.input, batch=given.batch, dtype=given.dtype, aux=given.aux, variables=given.variables,
            transfer=Transfer(freeze=given.freeze, unfreeze=given.unfreeze, replace_head=given.replace_head),
        ),
        output=spec.output,
        keys=spec.columns,
        layers=tuple(layers),
        field=spec.receptive_field,
        depth=spec.depth,
        wholes=spec.wholes,
    )  # fmt: skip


def _refused(file: str, error: Exception) -> UsageError:
    return UsageError(
        f"{file}: is not a baseline: {str(error).partition(chr(10))[0]}",
        hint="'archstat compare --write-baseline FILE SPEC...' writes one",
    )
