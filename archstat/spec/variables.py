"""``vars:``: read, merged with an extended spec's, and evaluated with what ``--set`` says."""

from collections import ChainMap
from collections.abc import Collection
from collections.abc import Mapping as Dict

from archstat.errors import ArchstatError, SpecError, UsageError
from archstat.ops.options import Value
from archstat.spec import expressions
from archstat.spec.heading import identifier
from archstat.spec.nodes import Mapping, Scalar, YamlNode, expect, refuse_empty
from archstat.spec.words import nearest

Variables = dict[str, Scalar]


def read_variables(node: YamlNode | None, ops: frozenset[str], inherited: Variables) -> Variables:
    """Read ``vars:``; each may use those before it and the ``inherited`` ones. Return all, in the order to evaluate."""
    own: Variables = {}
    if node is not None:
        entries = expect(node, Mapping, "'vars' is a mapping").entries
        all_names = {key.text for key, _ in entries}
        before = ChainMap(own, inherited)
        for key, value in entries:
            identifier(key, key.text, "a variable", ops)
            refuse_empty(key, value)
            text = expect(value, Scalar, f"'{key.text}' is a number or an expression")
            _check(text, before, all_names)
            own[key.text] = text
    merged = {**inherited, **own}
    return _ordered(merged, own) if inherited and own else merged


def evaluate(variables: Variables, given: Dict[str, str]) -> dict[str, Value]:
    """Evaluate all variables, those ``given`` by ``--set`` from their text there."""
    _refuse_unknown(variables, given)
    values: dict[str, Value] = {}
    for name, node in variables.items():
        text = given.get(name)
        try:
            if text is None:  # checked when it was read
                values[name] = expressions.parse(node.text).value(values)
            else:
                values[name] = expressions.evaluate(text, values)
        except SpecError as error:
            raise error.at(node.mark) if text is None else _wrong(name, text, error) from None
    return values


def _refuse_unknown(variables: Variables, given: Dict[str, str]) -> None:
    for name in given:
        if name not in variables:
            hint = nearest(name, variables)
            if hint is None and variables:
                hint = f"it has {', '.join(list(variables)[:20])}"
            such = "no such variable" if variables else "no variables"
            raise UsageError(f"--set {name[:64]}: the spec has {such}", hint=hint)


def _wrong(name: str, text: str, error: SpecError) -> ArchstatError:
    return UsageError(f"--set {name}={text[:40]}: {error.message}", hint=error.hint)


def _check(node: Scalar, before: ChainMap[str, Scalar], all_names: Collection[str]) -> None:
    try:
        expression = expressions.parse(node.text)
        for name in expression.names:
            if name in all_names and name not in before:
                raise SpecError(
                    f"'{name}' is not known yet", hint="a variable may use those before it"
                )
        expressions.check_names(expression, before)
    except SpecError as error:
        raise error.at(node.mark) from None


def _ordered(variables: Variables, own: Variables) -> Variables:
    """Return the variables so that each comes after those it uses: an override may use a new variable."""
    order: Variables = {}
    for name in variables:
        open_names = {name: None}
        stack = [name]
        while stack:
            uses = expressions.parse(variables[stack[-1]].text).names
            needed = next((u for u in uses if u in variables and u not in order), None)
            if needed is None:
                done = stack.pop()
                order[done] = variables[done]
                open_names.pop(done)
            elif needed in open_names:
                circle = [*stack[stack.index(needed) :], needed]
                mine = next((n for n in circle if n in own), needed)
                raise variables[mine].error(
                    f"variables use one another in a circle: {' -> '.join(circle[:8])}"
                )
            else:
                open_names[needed] = None
                stack.append(needed)
    return order
