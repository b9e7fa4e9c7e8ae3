"""archstat compare: what differs between networks, and what it costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command, option
from archstat.cli.options import OUTPUT, TABLE, Given, Keys, common
from archstat.cli.refusals import refuse_beside, refuse_without
from archstat.cli.specs import FAILED, Reference, arrangement_of

if TYPE_CHECKING:
    from archstat.comparison.outcome import Outcome
    from archstat.passes.optimizers import Name
    from archstat.render.style import Style

EXAMPLES = """
archstat compare inception_naive inception_bottleneck
archstat compare HEAD~1:net.yaml net.yaml      since the last commit
archstat compare --base origin/main            the specs that a branch changes
archstat compare                               the same, with 'base: origin/main' in archstat.yaml
archstat compare --base origin/main configs/   those in a folder
archstat compare vgg16 vgg19 --metric macs
archstat compare resnet18 resnet34 resnet50    a column each
archstat compare resnet50 resnet50_finetune resnet50_head_only --training momentum
archstat compare --base origin/main -o comment.md
archstat compare --write-baseline base.json configs/*.yaml
archstat compare --baseline base.json
"""

DIFFERS = 1
AGAINST = "Against"


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("specs", nargs=-1, type=Reference(), metavar="[OLD NEW...]")
@option("--base", metavar="REF", section=AGAINST,
        help="Specs where the branch left this revision: all that differ, or files, folders and globs.")  # fmt: skip
@option("--baseline", metavar="FILE", section=AGAINST,
        help="The numbers in a file: of all specs in it, or those named.")  # fmt: skip
@option("--write-baseline", metavar="FILE", section=AGAINST,
        help="Write all numbers of specs to a file, and compare nothing.")  # fmt: skip
@option("--config", metavar="FILE", section=AGAINST,
        help="Says which specs --base is about where none is named; archstat.yaml by default.")  # fmt: skip
@option("--metric", "metrics", type=Keys(), multiple=True, metavar="KEYS", section=TABLE,
        help="Which numbers: params,macs,activations,activation_bytes by default. Repeatable.")  # fmt: skip
@option("--training", type=click.Choice(["sgd", "momentum", "adam", "adamw"]), section=TABLE,
        help="What training takes with this optimizer: trained params, backward MACs, memory, the peak.")  # fmt: skip
@option(
    "--exit-code", is_flag=True, section=OUTPUT, help="Exit with 1 where there is a difference."
)
@option("--step-summary", is_flag=True, section=OUTPUT,
        help="Append Markdown to the job's summary in GitHub Actions.")  # fmt: skip
@common("spec", "run", "transfer", "grouping", "order", "format", "units")
def command(
    given: Given,
    specs: tuple[str, ...],
    base: str | None,
    baseline: str | None,
    write_baseline: str | None,
    config: str | None,
    metrics: tuple[tuple[str, ...], ...],
    training: "Name | None",
    exit_code: bool,
    step_summary: bool,
) -> int:
    """Say what differs between two networks, layer by layer, and what it costs.

    Layers correspond by their path where it agrees, else by their order, ops and options, as lines in a diff: what was
    renamed, inserted or repeated more often comes out as that. The rows' changes add up to the total's. The biggest
    change of the first column comes first. A third network or more: the totals, a column each.

    Exit code 2 where a spec or a base can't be read; 1 with --exit-code where there is a difference.
    """
    from archstat.cli.comparing import find, keep
    from archstat.cli.output import complain, send
    from archstat.render.comparison import render
    from archstat.render.formats import MACHINE

    if write_baseline is not None:
        arranged = {
            "--by": given.by,
            "--depth": given.depth,
            "--sort": given.sort,
            "--top": given.top,
        }
        shown = {"--all": given.everything, "--strict": given.strict, "--exit-code": exit_code}
        written = {
            "--format": given.format,
            "--output": given.outputs,
            "--step-summary": step_summary,
        }
        numbers = {"--metric": metrics, "--training": training}
        against = {"--base": base, "--baseline": baseline, "--config": config}
        others = {**against, **numbers, **arranged, **shown, **written}
        refuse_beside("--write-baseline", others)
        return FAILED if keep(write_baseline, specs, given) else 0
    if specs and base is None:
        refuse_without("--base", {"--config": config})
    outcome = find(
        specs, given, _keys(metrics, training), base=base, baseline=baseline, config=config
    )
    for problem in outcome.problems:
        complain(problem.error)

    def write(name: str, style: "Style") -> str:
        everything = name in MACHINE or given.everything
        arrangement = arrangement_of(given, "everything" if everything else "people")
        return render(name, outcome, arrangement, style)

    if given.strict:
        _refuse_unknown(outcome)
    if outcome.comparisons or outcome.base:
        send(given, write)
    if step_summary:
        from archstat.cli import step_summary as summary
        from archstat.render.style import Style

        summary.append(write("markdown", Style(system=given.units)))
    if outcome.problems:
        return FAILED
    return DIFFERS if exit_code and outcome.differing else 0


def _keys(given: Sequence[Sequence[str]], training: "Name | None") -> tuple[str, ...]:
    """Return the metrics that are asked for: ``--metric params,macs`` or one by one, then those of training."""
    from archstat.comparison.compare import METRICS, known_metrics, of_training

    asked = [key for keys in given for key in keys]
    asked += of_training(training) if training else ()
    return known_metrics(asked) if asked else METRICS


def _refuse_unknown(outcome: "Outcome") -> None:
    from archstat.errors import UsageError

    for one in outcome.comparisons:
        for total in one.totals:
            if total.least:
                whose = "a layer's " if total.column.adds else ""
                raise UsageError(
                    f"{one.side.reference}: {whose}{total.column.key} is unknown",
                    hint="without --strict the total reads 'at least'",
                )
