"""What ``archstat compare`` compares: two specs or more, a branch with its base, specs with a baseline file."""

from collections.abc import Sequence

import msgspec

from archstat.cli.baselines import key, read_baseline, same_settings, write_baseline
from archstat.cli.options import Given
from archstat.cli.output import complain, say
from archstat.cli.specs import settings_of
from archstat.comparison.compare import Comparison, compare_sides
from archstat.comparison.outcome import Outcome, Problem
from archstat.comparison.side import Side, side_of
from archstat.errors import ArchstatError, UsageError
from archstat.report.columns import BY_KEY
from archstat.spec import bundled, load
from archstat.spec.model import METRICS


def find(
    specs: Sequence[str],
    given: Given,
    keys: Sequence[str],
    *,
    base: str | None,
    baseline: str | None,
    config: str | None,
) -> Outcome:
    """Compare what is asked for. A spec that can't be read is a problem of the outcome, and hides no other.

    Without any argument the base is that of ``archstat.yaml``. Raises an ArchstatError where nothing can be compared.
    """
    if base is not None and baseline is not None:
        raise UsageError("--base and --baseline can't be combined", hint="compare with one of them")
    if base is None and baseline is None and not specs:
        from archstat.cli import policy

        base = policy.find(config).policy.base
    compared = _Compared(given, keys)
    if base is not None:
        return compared.with_base(base, specs, config)
    if baseline is not None:
        return compared.with_file(baseline, specs)
    return compared.with_first(specs)


def keep(file: str, specs: Sequence[str], given: Given) -> int:
    """Write the numbers of specs to a file; return how many can't be read. A file is written only if all can."""
    if not specs:
        raise UsageError(
            "no spec to write to the baseline",
            hint="archstat compare --write-baseline FILE SPEC...",
        )
    sides, missing = [], 0
    for reference in specs:
        try:
            sides.append(_whole_side(reference, given))
        except ArchstatError as error:
            complain(error)
            missing += 1
    if missing:
        return missing
    write_baseline(file, sides)
    say(f"wrote {file}", given)
    return 0


class _Compared:
    def __init__(self, given: Given, keys: Sequence[str]) -> None:
        self._given, self._keys = given, tuple(keys)
        self._found: list[Comparison] = []
        self._problems: list[Problem] = []

    def with_first(self, specs: Sequence[str]) -> Outcome:
        """Compare specs with the first of them."""
        if len(specs) < 2:
            raise _too_few(specs)
        old, *news = (self._side(reference) for reference in specs)
        if old is not None:
            self._found = [compare_sides(old, new) for new in news if new is not None]
        return Outcome(
            comparisons=tuple(self._found),
            problems=tuple(self._problems),
            side_by_side=len(self._found) > 1,
        )

    def with_base(self, ref: str, named: Sequence[str], config: str | None) -> Outcome:
        """Compare specs with those where the branch began: what is named, or what ``archstat.yaml`` names."""
        from archstat.cli.selection import select
        from archstat.spec.revisions import base_of

        base = base_of(ref)
        for one in select(base, named, config):
            new = None if one.new is None else self._side(one.new)
            if new is None and one.new is not None:
                continue  # broken now: what it was doesn't matter
            old = None if one.old is None else self._side(one.old)
            if old is None and one.old is not None:
                continue
            if old is not None and one.was is not None:
                # The revision is the same for all, and said once.
                old = msgspec.structs.replace(old, reference=one.was)
            self._found.append(compare_sides(old, new))
        return self._outcome(f"{ref} ({base.short})")

    def with_file(self, file: str, specs: Sequence[str]) -> Outcome:
        """Compare specs, or all that the file has, with the numbers in it."""
        kept = read_baseline(file)
        for reference in specs or kept:
            old, gone = kept.get(key(reference)), _is_gone(reference)
            if not specs and gone and old is not None:
                self._found.append(compare_sides(old.only(self._known(old, file)), None))
                continue
            new = self._side(reference)
            if new is None:
                continue
            new = msgspec.structs.replace(new, reference=key(reference))
            if old is not None:
                same_settings(old, new, file)
                old = old.only(self._known(old, file))
            self._found.append(compare_sides(old, new))
        return self._outcome(file)

    def _known(self, old: Side, file: str) -> tuple[str, ...]:
        for wanted in self._keys:
            if not old.has(wanted):
                raise UsageError(
                    f"{file}: has no '{wanted}'", hint="write it again with --write-baseline"
                )
        return self._keys

    def _side(self, reference: str) -> Side | None:
        try:
            return _side(reference, self._given, self._keys)
        except ArchstatError as error:
            self._problems.append(Problem(reference, error))
            return None

    def _outcome(self, base: str) -> Outcome:
        return Outcome(comparisons=tuple(self._found), problems=tuple(self._problems), base=base)


def _side(reference: str, given: Given, keys: Sequence[str]) -> Side:
    settings = settings_of(given)
    return side_of(load(reference, settings), keys, aux=given.aux, settings=settings)


def _whole_side(reference: str, given: Given) -> Side:
    """Return all that budgets may ask of a spec later."""
    from archstat.budget.meter import Meter

    settings = settings_of(given)
    spec = load(reference, settings)
    side = side_of(spec, tuple(BY_KEY), aux=given.aux, settings=settings)
    meter = Meter(spec.graph.select(aux=given.aux))
    read = {metric: meter.read(metric).value for metric in METRICS if metric not in BY_KEY}
    wholes = {metric: n for metric, n in read.items() if not isinstance(n, tuple)}
    return msgspec.structs.replace(side, reference=key(reference), wholes=wholes)


def _too_few(specs: Sequence[str]) -> UsageError:
    hint = "archstat compare OLD NEW, or archstat compare --base origin/main"
    if specs:
        (one,) = specs
        is_spec = one in bundled() or one.lower().endswith((".yaml", ".yml"))
        hint = (
            f"archstat compare --base origin/main {one}"
            if is_spec
            else f"archstat compare --base {one}"
        )
    return UsageError("two specs are needed, the old one and the new one", hint=hint)


def _is_gone(reference: str) -> bool:
    """Say whether a file of the baseline isn't there any more."""
    from pathlib import Path

    try:
        return reference not in bundled() and not Path(reference).exists()
    except (OSError, ValueError):
        return True
