"""archstat sweep: every combination of some settings, one row each."""

from typing import TYPE_CHECKING

import click

from archstat.cli.command import Command, option
from archstat.cli.options import NETWORK, TABLE, Assignment, Count, Given, Keys, common
from archstat.cli.specs import FAILED, Reference, settings_of

if TYPE_CHECKING:
    from archstat.variants.sweep import Sweep

EXAMPLES = """
archstat sweep resnet --set width=32:128:16 --set depth=18,34,50
archstat sweep resnet50 --set batch=1:64:*2 --metric inference_peak_bytes
archstat sweep mobilenet_v1 --set width=0.25:1:0.25 --set resolution=128:224:32
archstat sweep resnet --set width=16:128:8 --set depth=18,34,50 --where 'macs < 4G'
archstat sweep resnet --set width=16:128:8 --set depth=18,34,50 --pareto +params,macs -o front.csv
"""

_FEW = 100


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("spec", type=Reference(), metavar="SPEC")
@option("--set", "axes", type=Assignment(), multiple=True, metavar="NAME=VALUES", section=NETWORK,
        help="A variable, batch, input, dtype or resolution, and its values: 18,34,50, first:last:step with both "
             "ends, first:last:*factor; each once. Repeatable: all combinations.")  # fmt: skip
@option("--metric", "metrics", type=Keys(), metavar="KEY[,KEY]", multiple=True, section=TABLE,
        help="The numbers to show: params, macs, activations and activation_bytes by default.")  # fmt: skip
@option("--where", multiple=True, metavar="CONDITION", section=TABLE,
        help="Only variants for which this holds: 'macs < 4G and width >= 64'.")  # fmt: skip
@option("--pareto", type=Keys(), metavar="KEY,KEY", section=TABLE,
        help="Only variants that no other beats in all of these: the least macs, the most +params.")  # fmt: skip
@option("--sort", metavar="KEY", section=TABLE,
        help="By a metric, the largest first, or a setting. By default the last setting varies fastest.")  # fmt: skip
@option("--jobs", type=Count(1024), metavar="N",
        help="Processes: by default one per core, fewer for few variants.")  # fmt: skip
@common("build", "run", "transfer", "format")
def command(
    given: Given,
    spec: str,
    axes: tuple[tuple[str, str], ...],
    metrics: tuple[tuple[str, ...], ...],
    where: tuple[str, ...],
    pareto: tuple[str, ...] | None,
    jobs: int | None,
) -> int:
    """Measure a network under every combination of some settings: one row each, in the order of the settings.

    A combination that gives no network is a row with its error.

    Exit code 2 where none gives a network, or --where leaves none.
    """
    from itertools import chain
    from math import prod

    from archstat.cli.output import complain, send
    from archstat.cli.progress import Progress
    from archstat.errors import UsageError
    from archstat.render.sweep import render
    from archstat.variants.axes import read_axis
    from archstat.variants.sweep import DEFAULT_METRICS, Request, sweep

    read = [read_axis(name, text) for name, text in axes]
    request = Request(
        metrics=tuple(dict.fromkeys(chain(*metrics))) or DEFAULT_METRICS,
        where=where,
        pareto=pareto or (),
        sort=given.sort,
    )
    count = prod(len(axis.values) for axis in read)
    with Progress(count, given) as progress:

        def step(done: int) -> None:
            progress.done = done
            progress.at(spec)

        found = sweep(
            spec,
            read,
            request,
            settings=settings_of(given),
            aux=given.aux,
            jobs=jobs or _cores(count),
            step=step,
        )
    send(given, lambda name, style: render(name, found, style))
    if any(variant.numbers for variant in found.variants):
        return 0
    complain(UsageError(_nothing(found)))
    return FAILED


def _nothing(found: "Sweep") -> str:
    """Say why there is no row with numbers."""
    all_of = f"none of {found.tried:,} variants" if found.tried > 1 else "the one variant"
    left_out = found.tried - found.unbuilt > len(found.variants)
    verdicts = ("is left by", "gives a") if found.tried > 1 else ("isn't left by", "gives no")
    return f"{all_of} {verdicts[0]} --where" if left_out else f"{all_of} {verdicts[1]} network"


def _cores(variants: int) -> int:
    """Return how many processes are worth starting."""
    import os

    return min(os.cpu_count() or 1, variants // _FEW + 1)
