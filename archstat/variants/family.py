"""A spec and what can be set about it: its variables, and the batch, input, type and resolution of any spec."""

import os
from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from archstat.errors import ArchstatError, SpecError, UsageError, printable
from archstat.graph import Graph
from archstat.report.columns import BY_KEY, READING_BY_KEY
from archstat.report.grouping import total
from archstat.report.report import Conditions
from archstat.report.values import written
from archstat.report.wholes import WHOLE_BY_KEY
from archstat.spec.loader import Plan
from archstat.spec.model import Settings
from archstat.spec.words import nearest
from archstat.tensor import BYTES
from archstat.variants.axes import Axis

METRICS = (*BY_KEY, *WHOLE_BY_KEY, *READING_BY_KEY)
"""The numbers of a variant: the totals of columns, those of the whole network, and what is read off its output."""

OF_ANY_SPEC = ("batch", "input", "dtype", "resolution")
"""What can be set although the spec has no such variable. The resolution is the side of an image, all axes alike."""

_LARGEST_BATCH = 2**24

DEFAULTS = Settings()

Values = Mapping[str, str]
Number = int | Fraction
Numbers = tuple[Number | None, ...]


class Family:
    """One spec, built and measured with one set of values after another.

    ``settings`` hold where the values say nothing else. Raises a UsageError or a SpecError if the spec can't be read.
    """

    def __init__(
        self,
        reference: str | os.PathLike[str],
        settings: Settings | None = None,
        *,
        aux: bool = False,
    ) -> None:
        self.settings = settings or Settings()
        self.aux = aux
        self._plan = Plan(reference, self.settings, many=True)
        self._shape: tuple[int, ...] | None = None

    @property
    def reference(self) -> str:
        return self._plan.reference

    @property
    def name(self) -> str:
        return self._plan.document.name or self._plan.document.chain[0].stem

    @property
    def own(self) -> tuple[str, ...]:
        """The spec's variables."""
        return tuple(self._plan.document.vars)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that can be set: the spec's variables first."""
        return tuple(dict.fromkeys((*self.own, *OF_ANY_SPEC)))

    def check(self, names: Sequence[str], offered: Sequence[str] = ()) -> None:
        """Raise a UsageError for a name that can't be set, or two that set the same.

        The hint names some of ``offered``, by default of all that can be set.
        """
        for name in names:
            if name not in self.variables:
                known = offered or self.variables
                hint = nearest(name, known) or f"it has {', '.join(known[:20])}"
                raise UsageError(
                    f"{self.reference}: no variable '{printable(name[:64])}'", hint=hint
                )
        inputs = "input" in names or self.settings.input is not None
        # Of a spec without such a variable the resolution is the side of whatever input there is.
        fixed = "input" in names or self._owns("resolution")
        if "resolution" in names and inputs and fixed:
            raise UsageError("input and resolution both set the input", hint="give one of them")

    def check_free(self, names: Sequence[str]) -> None:
        """Raise a UsageError for a name that is to have other values, but that the settings set."""
        of_any = {
            "batch": self.settings.batch != DEFAULTS.batch,
            "dtype": self.settings.dtype != DEFAULTS.dtype,
            "input": self.settings.input is not None,
        }
        for name in names:
            taken = name in self.settings.variables if self._owns(name) else of_any.get(name)
            if taken:
                raise UsageError(
                    f"{name} is {self.default(name)}, and has other values too",
                    hint="give it one or the others",
                )

    def graph(self, values: Values) -> Graph:
        """Build the spec with these values. Raises a SpecError or a UsageError where they give no network."""
        return self._plan.build(self._settings(values)).graph.select(aux=self.aux)

    def measure(self, values: Values, metrics: Sequence[str]) -> Numbers:
        """Build the spec with these values and return its numbers; ``None`` is unknown, never zero."""
        return numbers(self.graph(values), metrics)

    def default(self, name: str) -> str:
        """Return what holds where a value isn't set, as text."""
        if name in self.settings.variables:
            return self.settings.variables[name]
        if self._owns(name):
            return str(self._plan.variables(self.settings)[name])
        if name == "batch":
            return str(self.settings.batch)
        if name == "dtype":
            return self.settings.dtype
        if name == "input":
            return "x".join(map(str, self._input()))
        return str(self._input()[-1])

    def conditions(self, axes: Sequence[Axis] = ()) -> Conditions:
        """Return what holds for every value of the axes; an input that they change is left out."""
        names = [axis.name for axis in axes]
        ends = [
            {axis.name: value}
            for axis in axes
            for value in axis.values[:: len(axis.values) - 1 or 1]
        ]
        return Conditions(
            input=() if any(self._moves_input(values) for values in ends) else self._input(),
            batch=self.settings.batch,
            dtype=self.settings.dtype,
            aux=self.aux,
            variables={n: v for n, v in self.settings.variables.items() if n not in names},
            transfer=self.settings.transfer,
        )

    def _moves_input(self, values: Values) -> bool:
        try:
            return self._plan.arriving(self._settings(values)).sample != self._input()
        except ArchstatError:
            return True

    def _owns(self, name: str) -> bool:
        return name in self._plan.document.vars

    def _settings(self, values: Values) -> Settings:
        changed = {name: text for name, text in values.items() if self._owns(name)}
        others = {name: text for name, text in values.items() if name not in changed}
        changed = {**self.settings.variables, **changed}
        if not others:
            return msgspec.structs.replace(self.settings, variables=changed)
        shape = self.settings.input
        if "input" in others:
            shape = read_shape(others["input"])
        if "resolution" in others:
            side = read_count("resolution", others["resolution"])
            channels, *axes = self._input()
            if not axes or self._tokens():
                raise UsageError("resolution: the spec's input is no image")
            shape = (channels, *(side for _ in axes))
        batch, dtype = self.settings.batch, others.get("dtype", self.settings.dtype)
        if "batch" in others:
            batch = read_count("batch", others["batch"])
        if dtype not in BYTES:
            raise UsageError(
                f"no element type '{printable(dtype[:40])}'", hint=nearest(dtype, BYTES)
            )
        return msgspec.structs.replace(
            self.settings, variables=changed, input=shape, batch=batch, dtype=dtype
        )

    def _input(self) -> tuple[int, ...]:
        """Return one sample's input shape where no value changes it."""
        if self._shape is None:
            self._shape = self._plan.arriving(self.settings).sample
        return self._shape

    def _tokens(self) -> bool:
        return not self._plan.arriving(self.settings).channels_first


def numbers(graph: Graph, metrics: Sequence[str]) -> Numbers:
    """Return numbers of a network; ``None`` is unknown, never zero.

    Raises a SpecError for what is read off the output and differs by axis.
    """
    return tuple(_number(graph, key) for key in metrics)


def _number(graph: Graph, key: str) -> Number | None:
    if key in BY_KEY:
        return total(BY_KEY[key].values(graph))
    if key in WHOLE_BY_KEY:
        return WHOLE_BY_KEY[key].measure(graph).value
    value = READING_BY_KEY[key].values(graph)[graph.outputs[0]]
    if isinstance(value, tuple):
        raise SpecError(f"the {key} of the output is {written(value)}: its axes differ")
    return value


def known_metric(key: str) -> str:
    """Return the key of a metric; raise a UsageError if there is none of that name."""
    if key not in METRICS:
        hint = nearest(key, METRICS) or f"there are {', '.join(METRICS)}"
        raise UsageError(f"no metric '{printable(key[:64])}'", hint=hint)
    return key


class Metric(msgspec.Struct, frozen=True):
    """A metric as it is said: its key, its unit and a line about it."""

    key: str
    unit: str
    about: str
    title: str

    @property
    def heading(self) -> str:
        """The title, with the unit where it is bytes."""
        return f"{self.title} (bytes)" if self.unit == "bytes" else self.title


def describe(key: str) -> Metric:
    """Return what is said of a metric."""
    found = BY_KEY.get(key) or WHOLE_BY_KEY.get(key) or READING_BY_KEY[key]
    return Metric(key, found.unit, found.about, found.title)


def unknown(key: str) -> str:
    """Say that a metric is unknown, and why.

    >>> unknown("macs"), unknown("adam_peak_bytes")
    ('macs is unknown', 'adam_peak_bytes is unknown: nothing is trained')
    """
    why = WHOLE_BY_KEY[key].missing if key in WHOLE_BY_KEY else ""
    return f"{key} is unknown: {why}" if why else f"{key} is unknown"


def read_count(what: str, text: str) -> int:
    """Read a whole number from 1 to 2^24."""
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits[:12]) <= _LARGEST_BATCH):
        raise UsageError(
            f"{what}: '{printable(text[:40])}' is not a whole number from 1 to {_LARGEST_BATCH:,}"
        )
    return int(digits)


def read_shape(text: str) -> tuple[int, ...]:
    """Read one sample's shape: ``3x224x224``."""
    parts = text.strip().replace("×", "x").split("x")
    try:
        return tuple(read_count("input", part) for part in parts[:9])
    except UsageError:
        raise UsageError(f"input: '{printable(text[:40])}' is not a shape like 3x224x224") from None
