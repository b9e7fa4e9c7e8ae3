"""Damaged specs: whatever a file holds, archstat computes its numbers or says in one error what is wrong.

Every bundled spec is mutated again and again from a seed. ``ARCHSTAT_FUZZ_SEED`` sets another; a failure
says which seed, mutant and file it was. ``-m slow`` runs ``ARCHSTAT_FUZZ_COUNT`` mutants, 20,000 by default.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

import pytest

from archstat import passes
from archstat.errors import ArchstatError, SpecError
from archstat.ops.tape import Mode
from archstat.passes.peak import inference_peak
from archstat.passes.receptive_field import field_kept, field_notes
from archstat.passes.saved import saved_bytes, saved_what
from archstat.passes.views import axes
from archstat.render import formats, reproduction
from archstat.render.style import Style
from archstat.report import kinds
from archstat.report.arrange import Arrangement
from archstat.report.columns import COLUMNS, READINGS
from archstat.report.peaks import peaks
from archstat.report.reproduce import reproduce
from archstat.report.tabulate import tabulate
from archstat.spec import Spec, bundled, load
from archstat.spec.expand import expand
from archstat.spec.files import bundled_folder
from archstat.spec.lint import lint
from tests.spec.mutate import mutate

SEED = int(os.environ.get("ARCHSTAT_FUZZ_SEED", "231"))
COUNT = int(os.environ.get("ARCHSTAT_FUZZ_COUNT", "20000"))
FEW = 500
SECONDS = 2
"""Processor time that any one step may take."""

LARGE = 4_000
"""Nodes; of a larger graph, the passes alone are run."""

PEOPLE = Arrangement(detail="people")
TEXTS = {name: (Path(bundled_folder()) / f"{name}.yaml").read_text("utf-8") for name in bundled()}


class TooSlow(BaseException):
    """Not an Exception, so that nothing takes it for an error of the spec."""


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt what takes longer than SECONDS of processor time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def exercise(path: str) -> bool:
    """Ask everything of a spec; return whether it loads. Raises what isn't an ArchstatError, and TooSlow."""
    spec: Spec | None = None
    try:
        with limited():
            spec = load(path)
    except ArchstatError as error:
        check_error(error, path)
    with limited():
        said = remarks(path)
    assert (said is None) == (spec is None), "lint and load don't agree"
    if spec is None:
        return False
    run_passes(spec)
    if len(spec.graph.nodes) <= LARGE:
        show(spec)
        written_out(spec, path)
    return True


def check_error(error: ArchstatError, path: str) -> None:
    """Hold what every error of a file must be: placed, and safe to print."""
    assert isinstance(error, SpecError), f"not a SpecError: {error!r}"
    assert error.mark is not None, f"no place: {error}"
    assert error.mark.line >= 1, str(error.mark)
    assert error.mark.column >= 1, str(error.mark)
    for line in str(error).split("\n"):
        assert line.isprintable(), f"not printable: {line!r}"
    assert len(str(error)) < 8_000, "a long message"


def remarks(path: str) -> list[str] | None:
    try:
        return [str(finding) for finding in lint(path)]
    except SpecError:
        return None


def run_passes(spec: Spec) -> None:
    graph = spec.graph
    for column in (*COLUMNS, *READINGS):
        with limited():
            column.values(graph)
    for one in (passes.depth, axes, field_kept, field_notes, inference_peak, saved_what):
        with limited():
            one(graph)
    with limited():
        saved_bytes(graph, Mode(training=False, device="cuda"), input_grad=True)


def show(spec: Spec) -> None:
    """Print the tables for people, and what ``archstat reproduce`` says."""
    for kind in (kinds.params(), kinds.memory(backward=True, peaks=peaks())):
        with suppress_and_check(), limited():
            formats.render("table", [tabulate(spec, kind, PEOPLE)], Style(width=80))
    with suppress_and_check(), limited():
        reproduction.render("table", [reproduce(spec)], Style(width=80))


@contextmanager
def suppress_and_check() -> Iterator[None]:
    """Let an error of the spec pass, such as a printed figure of a layer that isn't there."""
    try:
        yield
    except ArchstatError as error:
        check_error(error, "")


def written_out(spec: Spec, path: str) -> None:
    """Expand, and load the result: it has the same numbers."""
    with limited():
        text = expand(path)
    whole = Path("expanded.yaml")
    whole.write_text(text, encoding="utf-8")
    with limited():
        again = load(whole)
    for count in (passes.params, passes.macs, passes.activations):
        assert sum(count(again.graph)) == sum(count(spec.graph)), f"expand changes {count.__name__}"


def run(seed: int, count: int) -> int:
    """Run mutants 0 to ``count``; return how many loaded. The first that fails is kept as ``failed.yaml``."""
    loaded = 0
    names = list(TEXTS)
    path = Path("mutant.yaml")
    for number in range(count):
        random = Random(f"{seed} {number}")
        name = random.choice(names)
        data = mutate(random, TEXTS[name])
        path.write_bytes(data)
        try:
            loaded += exercise(str(path))
        except (Exception, TooSlow) as error:
            kept = Path("failed.yaml").resolve()
            kept.write_bytes(data)
            pytest.fail(
                f"ARCHSTAT_FUZZ_SEED={seed}, mutant {number} (of {name}), kept as {kept}: "
                f"{type(error).__name__}: {error}"
            )
    return loaded


def test_damaged_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = run(SEED, FEW)
    # Neither all nor none of them hold, or the mutations are too gentle or too rough.
    assert FEW // 20 < loaded < FEW * 19 // 20


@pytest.mark.slow
def test_many_damaged_specs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run(SEED + 1, COUNT)
