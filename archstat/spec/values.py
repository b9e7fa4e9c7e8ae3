"""Values as written: checked when a spec is read, evaluated where a layer is built."""

from collections.abc import Callable, Collection, Iterator

import msgspec

from archstat.errors import SpecError
from archstat.ops.options import Decimal, DecimalAxes, DecimalOrWord, Kind, Value, Word
from archstat.spec import expressions
from archstat.spec.nodes import Scalar, Sequence, YamlNode, kind_of

LONGEST_LIST = 1024
CHARACTERS_PER_STEP = 32
"""Of expressions; they take as long as a layer, about."""

_OTHER_WORDS = {"valid": "leave it out: 0 is the default"}
_DECIMALS = (Decimal, DecimalAxes, DecimalOrWord)


class Names(dict[str, Value]):
    """The names a body sees: its block's parameters and ``channels``, then the spec's variables."""

    __slots__ = ("variables",)

    def __init__(self, own: dict[str, Value], variables: dict[str, Value]) -> None:
        super().__init__(own)
        self.variables = variables

    def __missing__(self, name: str) -> Value:
        return self.variables[name]

    def outside(self) -> "Names":
        """Return what ``defaults:`` sees at this place: no parameters of a block."""
        return Names({"channels": self["channels"]}, self.variables)


class Known:
    """The names that expressions may use: variables, a block's parameters, and ``channels``."""

    def __init__(self, variables: Collection[str], params: Collection[str] = ()) -> None:
        self.variables = variables
        self.params = params

    def __contains__(self, name: object) -> bool:
        return name == "channels" or name in self.params or name in self.variables

    def __iter__(self) -> Iterator[str]:
        yield from self.params
        yield from self.variables
        yield "channels"


class Written(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One value. ``uses`` are the names it depends on; with none it is a constant. ``length`` is that of its text."""

    node: YamlNode
    code: Callable[[Names], Value]
    uses: tuple[str, ...] = ()
    length: int = 0

    def value(self, names: Names) -> Value:
        try:
            return self.code(names)
        except SpecError as error:
            raise error.at(self.node.mark) from None


def weight(*values: Written) -> int:
    """Return what evaluating values counts in the limit of expansion steps: long expressions take time."""
    return sum([value.length for value in values]) // CHARACTERS_PER_STEP


def written(node: YamlNode, known: Known, kind: Kind | None = None) -> Written:
    """Check a value of an option of this kind, or a number or condition where no kind is given."""
    if isinstance(node, Scalar):
        if kind is not None and (isinstance(kind, Word) or node.text in kind.words):
            text = node.text
            return Written(node, lambda names: text, (), len(text))
        return _expression(node, known, kind)
    if not isinstance(node, Sequence):
        raise node.error(f"a value is expected here, not {kind_of(node)}")
    if len(node.items) > LONGEST_LIST:
        raise node.error(
            f"the list has {len(node.items):,} values, and {LONGEST_LIST:,} are the most"
        )
    items = tuple(written(item, known, kind) for item in node.items)
    uses = tuple(dict.fromkeys(name for item in items for name in item.uses))
    length = sum(item.length for item in items)
    return Written(node, lambda names: tuple(item.value(names) for item in items), uses, length)


def _expression(node: Scalar, known: Known, kind: Kind | None) -> Written:
    try:
        expression = expressions.parse(node.text)
        expressions.check_names(expression, known)
        decimal = expression.exponent is None or isinstance(kind, _DECIMALS)
        if not decimal:
            raise SpecError(
                f"'{expression.exponent}' has an exponent, which only a decimal takes",
                hint="write the digits",
            )
    except SpecError as error:
        if kind is not None and kind.words:
            said = _OTHER_WORDS.get(node.text)
            error.hint = said or error.hint or f"its words are {', '.join(kind.words)}"
        raise error.at(node.mark) from None
    return Written(node, expression.code, expression.names, len(node.text))
