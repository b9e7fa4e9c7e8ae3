"""Calls of blocks: arguments matched as Python matches them, and no block that calls itself."""

import re

from archstat.errors import SpecError
from archstat.spec.heading import Block
from archstat.spec.nodes import (
    Mapping,
    Scalar,
    Sequence,
    YamlNode,
    expect,
    printable,
    refuse_empty,
)
from archstat.spec.syntax import Body, CallEntry, Given, GroupEntry, JoinEntry, MapBody
from archstat.spec.values import Known, Names, Written, written
from archstat.spec.words import BESIDE, nearest

_NAME = r"[A-Za-z_]\w*([./+-]\w+)*"

DEEPEST_BLOCK = 60
"""Blocks that may call one another, one inside the other."""


def arguments(
    block: Block, key: Scalar, main: YamlNode, beside: Given, known: Known
) -> dict[str, Written]:
    """Match a call's values to the block's parameters."""
    given: Given = {}
    positional: tuple[YamlNode, ...] = ()
    named = list(beside.values())
    if isinstance(main, Mapping):
        named = [*main.entries, *named]
    elif isinstance(main, Sequence):
        positional = main.items
    elif isinstance(main, Scalar) and not main.empty:
        positional = (main,)
    if len(positional) > len(block.params):
        raise key.error(
            f"{block.signature} takes {_values(len(block.params))}, not {len(positional)}"
        )
    for param, value in zip(block.params, positional, strict=False):
        given[param] = (key, value)
    for option, value in named:
        if option.text not in block.params:
            raise option.error(
                f"{block.signature} has no parameter '{printable(option.text)}'",
                hint=_meant(option.text, block),
            )
        refuse_empty(option, value)
        if option.text in given:
            raise option.error(f"{block.signature} gets '{option.text}' twice")
        given[option.text] = (option, value)
    for param in block.params:
        if param not in given and param not in block.defaults:
            raise key.error(f"{block.signature} needs '{param}'")
    return {param: _argument(value, known) for param, (_, value) in given.items()}


def names_inside(entry: CallEntry, caller: Names) -> Names:
    """Return what the body of a called block sees: its parameters and, from the caller, ``channels``."""
    block = entry.block
    names = Names({"channels": caller["channels"]}, caller.variables)
    given = None
    try:
        for param in block.params:
            given = entry.arguments.get(param)
            if given is not None:
                names[param] = given.code(caller)
            else:
                names[param] = block.defaults[param].code(names)
    except SpecError as error:
        raise error.at(given.node.mark if given is not None else block.key.mark) from None
    return names


def _argument(value: YamlNode, known: Known) -> Written:
    """Check an argument; a name that no variable has is probably meant to be a layer's."""
    node = expect(value, Scalar, "an argument is a number or an expression")
    try:
        return written(node, known)
    except SpecError as error:
        if error.hint is None and re.fullmatch(_NAME, node.text):
            error.hint = (
                "a block sees only its own layers: write the concat where the block is called"
            )
        raise


def _meant(option: str, block: Block) -> str | None:
    if option in BESIDE:
        return f"write it beside '{block.name}', not inside"
    if option in ("act", "norm"):
        return "write it on a layer in the block's body"
    return nearest(option, block.params)


def _values(count: int) -> str:
    return f"{count} value{'' if count == 1 else 's'}" if count else "no values"


def refuse_recursion(blocks: dict[str, Block], bodies: dict[str, Body]) -> None:
    """Raise if blocks call one another in a circle, or too deeply."""
    calls = {name: sorted(called(body)) for name, body in bodies.items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            circle = " -> ".join((*above[above.index(name) :], name))
            raise blocks[name].key.error(f"blocks call one another in a circle: {circle}")
        if len(above) >= DEEPEST_BLOCK:
            raise blocks[name].key.error(f"blocks nest deeper than {DEEPEST_BLOCK}")
        if name not in done:
            for inner in calls[name]:
                visit(inner, (*above, name))
            done.add(name)

    for name in blocks:
        visit(name, ())


def called(body: Body) -> set[str]:
    """Return the names of the blocks that a body calls, directly or in its branches."""
    if isinstance(body, MapBody):
        return {name for _, inner in body.stages for name in called(inner)}
    found: set[str] = set()
    for entry in body.entries:
        if isinstance(entry, CallEntry):
            found.add(entry.block.name)
        elif isinstance(entry, GroupEntry):
            found |= called(entry.body)
        elif isinstance(entry, JoinEntry):
            for branch in entry.branches:
                found |= called(branch.body) if branch.body is not None else set()
    return found
