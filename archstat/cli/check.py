"""archstat check: budgets, for CI."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, NoReturn

import click

from archstat.cli.command import Command, option
from archstat.cli.options import OUTPUT, Assignment, Given, common
from archstat.cli.specs import FAILED, Reference, settings_of

if TYPE_CHECKING:
    from archstat.budget.check import Checks, Problem
    from archstat.cli.bases import FileBases, GitBases
    from archstat.cli.policy import Found
    from archstat.errors import ArchstatError
    from archstat.spec.model import Bound, Limit

EXAMPLES = """
archstat check net.yaml --max params=26M --max activation_bytes=120MiB
archstat check                                 the specs and budgets of archstat.yaml
archstat check net.yaml --exact output=1000 --min depth=50
archstat check net.yaml --base origin/main --max-change macs=+2%
archstat check --baseline base.json            without git: 'compare --write-baseline' writes it
archstat check -f github --step-summary        annotations and a summary in GitHub Actions
archstat check -o budget.md -o budget.xml      Markdown, and JUnit XML for GitLab and others
"""

OVER = 1
LIMITS = "Limits"
FORMATS = ("table", "csv", "tsv", "json", "markdown", "github", "junit", "sarif")


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("specs", nargs=-1, type=Reference(), metavar="[SPEC...]")
@option("--max", "most", type=Assignment(), multiple=True, metavar="METRIC=LIMIT", section=LIMITS,
        help="The most that params, macs, activation_bytes, ... may be. Repeatable.")  # fmt: skip
@option("--min", "least", type=Assignment(), multiple=True, metavar="METRIC=LIMIT", section=LIMITS,
        help="The least.")  # fmt: skip
@option("--exact", "exactly", type=Assignment(), multiple=True, metavar="METRIC=LIMIT", section=LIMITS,
        help="The number itself, or the shape of the output.")  # fmt: skip
@option("--max-change", "change", type=Assignment(), multiple=True, metavar="METRIC=+2%", section=LIMITS,
        help="The most that may be added to the base's number: +2%, 0%, +100k.")  # fmt: skip
@option("--warn-at", metavar="95%", section=LIMITS, help="Warn from this share of a most on.")
@option("--base", metavar="REF", section=LIMITS,
        help="Hold changes against the specs where the branch left this revision, such as origin/main.")  # fmt: skip
@option("--baseline", metavar="FILE", section=LIMITS,
        help="Hold changes against the numbers in a file.")  # fmt: skip
@option("--config", metavar="FILE", section=LIMITS,
        help="By default archstat.yaml, here or above, up to the top of the repository.")  # fmt: skip
@option(
    "--exit-zero", is_flag=True, section=LIMITS, help="Exit with 0 also when a limit doesn't hold."
)
@option("-f", "--format", type=click.Choice(FORMATS), section=OUTPUT, help="table by default.")
@option("-o", "--output", "outputs", multiple=True, metavar="FILE", section=OUTPUT,
        help="Write to a file; .txt .csv .tsv .json .md .xml .sarif name the format. Repeatable.")  # fmt: skip
@option("--step-summary", is_flag=True, section=OUTPUT,
        help="Append Markdown to the job's summary in GitHub Actions.")  # fmt: skip
@common("spec", "run", "transfer", "screen")
def command(
    given: Given,
    specs: tuple[str, ...],
    most: Sequence[tuple[str, str]],
    least: Sequence[tuple[str, str]],
    exactly: Sequence[tuple[str, str]],
    change: Sequence[tuple[str, str]],
    warn_at: str | None,
    base: str | None,
    baseline: str | None,
    config: str | None,
    exit_zero: bool,
    step_summary: bool,
) -> int:
    """Hold networks to budgets: limits in specs, in archstat.yaml, or given here.

    A limit given here replaces the one of the same metric in the spec's 'budget:', and that one in archstat.yaml.
    A limit on a number that is unknown fails.

    Exit code 1 when a limit doesn't hold, 2 when a spec can't be read, a limit makes no sense or there is none.
    """
    from archstat.cli import step_summary as summary
    from archstat.cli.job import Locate
    from archstat.cli.output import send
    from archstat.cli.policy import find
    from archstat.render.check import EXTENSIONS, render
    from archstat.render.style import Style

    found = find(config)
    options = [
        *_given("max", most),
        *_given("min", least),
        *_given("exact", exactly),
        *_given("max_change", change),
    ]
    problems: list[Problem] = []
    asked = specs or found.specs(partial(_report, problems))
    if not asked:
        return FAILED if problems else _nothing_named()
    ref = _ref(base, baseline) or found.policy.base
    share = _share(warn_at, found.policy.warn_at)
    checks = _check(given, asked, found, tuple(options), share, ref, baseline, problems)
    if not checks.outcomes and not checks.problems:
        _nothing_limited(asked)
    locate = Locate()
    send(given, lambda name, style: render(name, checks, style, locate), extensions=EXTENSIONS)
    if step_summary:
        summary.append(render("markdown", checks, Style(), locate))
    if checks.problems:
        return FAILED
    return OVER if checks.count("fail") and not exit_zero else 0


def _check(
    given: Given,
    references: Sequence[str],
    found: "Found",
    options: "tuple[Limit, ...]",
    warn_at: Fraction | None,
    ref: str | None,
    file: str | None,
    problems: "list[Problem]",
) -> "Checks":
    """Check each spec; one that can't be checked joins the problems, and the others are checked all the same.

    Git is asked once, or the baseline file read, and only where a change is limited.
    """
    from archstat.budget.check import Checks, check_limits
    from archstat.errors import ArchstatError
    from archstat.report.architecture import Architecture
    from archstat.report.asked import asked
    from archstat.spec import load
    from archstat.spec.limits import merged

    settings = settings_of(given)
    nets, checks = [], []
    for reference in references:
        try:
            net = Architecture(load(reference, settings), aux=given.aux, settings=settings)
        except ArchstatError as error:
            _report(problems, reference, error)
        else:
            limits = merged(found.limits_of(reference), net.spec.budget, options)
            nets.append((net, limits))
    changes = [limit for _, limits in nets for limit in limits if limit.bound == "max_change"]
    bases = _bases(ref, file, changes[0], references, given) if changes else None
    for net, limits in nets:
        try:
            changing = any(limit.bound == "max_change" for limit in limits)
            base = bases.of(net) if bases and changing else None
            checks.append(check_limits(net, limits, base=base, warn_at=warn_at))
        except ArchstatError as error:
            _report(problems, net.spec.reference, error)
    return Checks(
        checks=tuple(checks),
        problems=tuple(problems),
        base=(bases and (file or ref)) or "",
        conditions=asked(settings, aux=given.aux),
    )


def _report(problems: "list[Problem]", reference: str, error: "ArchstatError") -> None:
    from archstat.budget.check import Problem
    from archstat.cli.output import complain

    complain(error)
    problems.append(Problem(reference, error))


def _bases(
    ref: str | None, file: str | None, limit: "Limit", references: Sequence[str], given: Given
) -> "GitBases | FileBases":
    from archstat.cli.bases import FileBases, GitBases
    from archstat.errors import SpecError

    if file is not None:
        return FileBases(file, references)
    if ref is None:
        raise SpecError(
            f"{limit.metric}: a limit on a change needs a base",
            hint="add --base origin/main, 'base: origin/main' in archstat.yaml, or --baseline FILE",
            mark=limit.mark,
        )
    return GitBases(ref, settings_of(given), aux=given.aux)


def _ref(base: str | None, baseline: str | None) -> str | None:
    if base is not None and baseline is not None:
        from archstat.errors import UsageError

        raise UsageError("--base and --baseline can't be combined", hint="use one of them")
    return base


def _given(bound: "Bound", pairs: Sequence[tuple[str, str]]) -> "list[Limit]":
    """Read the limits of one option."""
    if not pairs:
        return []
    import msgspec

    from archstat.errors import SpecError, UsageError
    from archstat.spec.limits import parse_limit

    name = f"--{bound.replace('_', '-')}"
    found = []
    for metric, text in pairs:
        try:
            limit = parse_limit(metric, bound, text)
        except SpecError as error:
            raise UsageError(f"{name} {metric}={text}: {error.message}", hint=error.hint) from None
        found.append(msgspec.structs.replace(limit, option=f"{name} {metric}={text}"))
    return found


def _share(option: str | None, configured: Fraction | None) -> Fraction | None:
    if option is None:
        return configured
    from archstat.errors import SpecError, UsageError
    from archstat.spec.limits import parse_percent

    try:
        return parse_percent(option)
    except SpecError as error:
        raise UsageError(f"--warn-at: {error.message}", hint=error.hint) from None


def _nothing_named() -> NoReturn:
    from archstat.errors import UsageError

    raise UsageError(
        "no specs to check", hint="name them, or list them under 'specs:' in archstat.yaml"
    )


def _nothing_limited(asked: Sequence[str]) -> None:
    from archstat.errors import UsageError

    of = (
        f"'{asked[0]}' has no budget"
        if len(asked) == 1
        else f"none of {len(asked)} specs has a budget"
    )
    raise UsageError(
        f"nothing to check: {of}",
        hint="write 'budget: {params: 26M}' into the spec, or say --max params=26M",
    )
