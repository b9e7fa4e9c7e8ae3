"""archstat verify: every number held against PyTorch and fvcore."""

import click

from archstat.cli.command import Command, option
from archstat.cli.options import Given, common
from archstat.cli.specs import FAILED, Reference

EXAMPLES = """
archstat verify resnet50                       layer by layer, against PyTorch and fvcore
archstat verify --fast                         every bundled network, without fvcore and training
archstat verify net.yaml --batch 8 -f json
"""

DIFFERS = 1


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("specs", nargs=-1, type=Reference(), metavar="[SPEC...]")
@option(
    "--fast",
    is_flag=True,
    help="Leave out fvcore, which does one batch's arithmetic, receptive fields and training peaks.",
)
@common("spec", "run", "transfer", "format")
def command(given: Given, specs: tuple[str, ...], fast: bool) -> int:
    """Build the PyTorch graph and hold every number against PyTorch's own.

    Shapes, params, buffers, MACs, memory and saved bytes of each layer, both peaks, and fvcore's counts. Where a
    reference is known to count something else, the difference is shown as explained, if the known rule gives its
    number exactly.
    Anything else that differs fails: exit code 1. Needs PyTorch; weights take no memory.
    """
    from archstat.cli.output import send
    from archstat.cli.progress import Progress
    from archstat.cli.specs import load_each
    from archstat.pytorch import require_torch
    from archstat.render.verification import render
    from archstat.spec import bundled

    require_torch()
    from archstat.pytorch.verify import verify

    loaded, whole = load_each(specs or bundled(), given)
    found = []
    with Progress(len(loaded), given) as progress:
        for spec in loaded:

            def step(check: str, name: str = spec.reference) -> None:
                progress.at(f"{name}: {check}")

            graph = spec.graph.select(aux=given.aux)
            found.append(verify(graph, spec.reference, fast=fast, step=step))
            progress.one_done()
    if found:
        send(given, lambda name, style: render(name, found, style))
    if any(one.failed for one in found):
        return DIFFERS
    return 0 if whole else FAILED
