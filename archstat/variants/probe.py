"""A metric asked for at many values of a few settings, each combination once."""

from fractions import Fraction

from archstat.errors import ArchstatError, SpecError, UsageError, printable
from archstat.report.values import written
from archstat.variants.family import Family, numbers, unknown

_BELOW = 64
"""Values below the spec's own that are tried where none above gives a network."""


class Probe:
    """Asks for the metric at values of the variables, each once."""

    def __init__(self, family: Family, metric: str, names: tuple[str, ...]) -> None:
        self.metric, self.names = metric, names
        self._family = family
        self._known: dict[tuple[int, ...], int | ArchstatError] = {}
        self._layers: dict[tuple[int, ...], int] = {}
        self.start = tuple(self._start(name) for name in names)

    def _start(self, name: str) -> int:
        text = self._family.default(name)
        if not (text.isdigit() and int(text[:9]) > 0):
            raise UsageError(
                f"'{name}' is {printable(text[:40])} here, and a formula starts from a whole number",
                hint=f"--set {name}=1",
            )
        return int(text)

    def __call__(self, at: tuple[int, ...]) -> int:
        """Return the metric. Raises an ArchstatError where there is no network."""
        found = self._known.get(at)
        if found is None:
            values = {name: str(x) for name, x in zip(self.names, at, strict=True)}
            found, self._layers[at] = self._measure(values)
            self._known[at] = found
        if isinstance(found, ArchstatError):
            raise found
        return found

    def _measure(self, values: dict[str, str]) -> tuple[int | ArchstatError, int]:
        try:
            graph = self._family.graph(values)
            (number,) = numbers(graph, [self.metric])
        except (SpecError, UsageError) as error:
            return error, 0
        if number is None:
            return UsageError(unknown(self.metric)), len(graph.nodes)
        if isinstance(number, Fraction):
            said = f"{self.metric} is {written(number)}"
            return UsageError(f"{said}, and a formula gives whole numbers"), len(graph.nodes)
        return number, len(graph.nodes)

    def layers(self, i: int, x: int) -> int:
        """Return how many layers the network has that was measured along a variable."""
        return self._layers.get((*self.start[:i], x, *self.start[i + 1 :]), 0)

    def fraction(self, i: int, text: str) -> int | None:
        """Return the metric with one variable a fraction; ``None`` where that gives no network."""
        if self.names[i] not in self._family.own:
            return None
        start = dict(zip(self.names, map(str, self.start), strict=True))
        found, _ = self._measure({**start, self.names[i]: text})
        return None if isinstance(found, ArchstatError) else found

    def only(self, i: int) -> int:
        """Count the values of a variable that gave no network, if the spec's own alone did; else 0."""
        self._try(self.start)
        along = {at: found for at, found in self._known.items()
                 if all(x == self.start[j] for j, x in enumerate(at) if j != i)}  # fmt: skip
        for x in range(max(self.start[i] - _BELOW, 1), self.start[i]):
            at = (*self.start[:i], x, *self.start[i + 1 :])
            along[at] = self._try(at)
        good = [at for at, found in along.items() if not isinstance(found, ArchstatError)]
        return len(along) - 1 if good == [self.start] else 0

    def _try(self, at: tuple[int, ...]) -> int | ArchstatError:
        try:
            return self(at)
        except ArchstatError as error:
            return error

    def along(self, i: int, x: int) -> int:
        """Return the metric with one variable changed."""
        return self((*self.start[:i], x, *self.start[i + 1 :]))

    @property
    def refused(self) -> str:
        """Say why some values gave no network, if any did."""
        for at, found in self._known.items():
            if isinstance(found, ArchstatError):
                said = ", ".join(f"{n}={x}" for n, x in zip(self.names, at, strict=True))
                return f"{said}: {found.message}"
        return ""
