"""An op as a spec writes it: the options of the entry over those of ``defaults:``, ready to be made."""

from functools import cached_property, lru_cache

import msgspec

from archstat.errors import SpecError
from archstat.ops.base import Op
from archstat.ops.options import Kind
from archstat.spec.nodes import Scalar, Sequence
from archstat.spec.values import Names, Written, weight

_VALUES_PER_STEP = 16


class Part(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One option: its name, the key as written, its kind and its value."""

    name: str
    key: Scalar
    kind: Kind
    value: Written
    default: bool = False
    """Whether it stands under ``defaults:``, which sees no parameters of a block."""

    def read(self, names: Names) -> object:
        """Evaluate and check. Raises a SpecError that names the option."""
        try:
            value = self.value.code(names.outside() if self.default else names)
            return self.kind.read(self.name, value)
        except SpecError as error:
            raise error.at(self.value.node.mark) from None


Parts = dict[str, Part]


class Recipe:
    """Makes the op wherever its entry is built, once for each set of values of the names it uses."""

    def __init__(
        self, op: type[Op], key: Scalar, parts: Parts, made: dict[Op, Op], **fixed: object
    ) -> None:
        self.op = op
        self._fixed = dict(fixed)
        self._moving: list[Part] = []
        self._made: dict[tuple[object, ...], Op] = {}
        self._known = made
        values = 0
        for part in parts.values():
            if part.value.uses:
                self._moving.append(part)
            else:
                self._fixed[part.name] = part.read(_NONE)
            if isinstance(part.value.node, Sequence):
                values += len(part.value.node.items)
        self.weight = values // _VALUES_PER_STEP + weight(*(part.value for part in self._moving))
        """What it counts beside 1 in the limit of expansion steps: long lists and expressions take time."""
        self.uses = tuple(dict.fromkeys(n for part in self._moving for n in part.value.uses))
        """The names on which the op depends; with none it is the same everywhere."""
        for name in required(op):
            if name not in parts and name not in fixed:
                main = name == op.main
                example = f"{op.word}: 64" if main else f"{{{op.word}: ..., {name}: ...}}"
                raise key.error(f"'{op.word}' needs '{name}'", hint=f"write {example}")

    def make(self, names: Names) -> Op:
        """Return the op where these names hold."""
        if not self.uses:
            return self._constant
        values = tuple(map(names.__getitem__, self.uses))
        # True and 1 are equal, and not the same value of an option.
        key = (values, tuple(map(type, values)))
        op = self._made.get(key)
        if op is None:
            options = dict(self._fixed)
            for part in self._moving:
                options[part.name] = part.read(names)
            op = self.op(**options)
            # One object for equal ops, whichever entry makes them.
            op = self._made[key] = self._known.setdefault(op, op)
        return op

    @cached_property
    def _constant(self) -> Op:
        """The op that needs no names."""
        op = self.op(**self._fixed)
        return self._known.setdefault(op, op)


_NONE = Names({"channels": 0}, {})


@lru_cache(maxsize=256)
def required(op: type[Op]) -> tuple[str, ...]:
    """Return the options without a default."""
    defaults = op.defaults()
    return tuple(name for name in op.__struct_fields__ if name not in defaults)
