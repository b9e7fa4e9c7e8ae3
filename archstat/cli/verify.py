"""archstat verify: every number held against PyTorch and fvcore."""

import os
from typing import TYPE_CHECKING

import click

from archstat.cli.checkpoints import Checkpoints
from archstat.cli.command import Command, option
from archstat.cli.options import Count, Given, common
from archstat.cli.specs import FAILED, Reference

if TYPE_CHECKING:
    from archstat.ops.tape import Device
    from archstat.passes.checkpoint import Checkpoint
    from archstat.pytorch.agreement import Verification
    from archstat.spec.model import Spec

EXAMPLES = """
archstat verify resnet50                       layer by layer, against PyTorch and fvcore
archstat verify --fast                         every bundled network, without fvcore and training
archstat verify net.yaml --batch 8 -f json
archstat verify net.yaml --amp bfloat16        saved bytes and peaks under torch.autocast
archstat verify resnet50 --device cuda         saved bytes and peaks on this machine's GPU
archstat verify resnet50 --checkpoint stages   saved bytes, training peak and MACs behind checkpoints
"""

DIFFERS = 1

_TOGETHER = 2
"""Processes that go together into 4 GB."""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("specs", nargs=-1, type=Reference(), metavar="[SPEC...]")
@option(
    "--fast",
    is_flag=True,
    help="Leave out fvcore, which does one batch's arithmetic, receptive fields, training peaks and what runs again.",
)
@option(
    "--amp",
    type=click.Choice(["bfloat16", "float16"]),
    help="Hold saved bytes and peaks under torch.autocast to that type.",
)
@option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    help="Hold saved bytes and peaks with the CPU's kernels, the default, or on this machine's GPU, on real tensors.",
)
@option(
    "--checkpoint",
    type=Checkpoints(),
    metavar="none|stages|segments=N",
    help="Hold saved bytes, training peaks and what runs again with torch.utils.checkpoint, as memory cuts the stages.",
)
@option("--jobs", type=Count(1024), metavar="N",
        help="Processes, each with up to 2.1 GB: two by default, where there are several specs and cores.")  # fmt: skip
@common("spec", "run", "transfer", "format")
def command(
    given: Given,
    specs: tuple[str, ...],
    fast: bool,
    amp: str | None,
    device: "Device | None",
    checkpoint: "Checkpoint | None",
    jobs: int | None,
) -> int:
    """Build the PyTorch graph and hold every number against PyTorch's own.

    Shapes, params, buffers, MACs, memory and saved bytes of each layer, both peaks, and fvcore's counts. Where a
    reference is known to count something else, the difference is shown as explained, if the known rule gives its
    number exactly.
    Anything else that differs fails: exit code 1. Needs PyTorch; weights take memory with --device cuda alone.
    """
    from archstat.cli.output import send
    from archstat.cli.progress import Progress
    from archstat.cli.refusals import refuse_beside
    from archstat.cli.specs import load_each, settings_of
    from archstat.passes.checkpoint import NOTHING, layers_behind
    from archstat.pytorch import require_gpu, require_torch
    from archstat.render.layout import conditions
    from archstat.render.verification import render
    from archstat.report.asked import asked
    from archstat.report.report import Conditions
    from archstat.spec import bundled

    if amp:
        refuse_beside("--amp", {"--dtype": given.dtype != "float32"})
    if device == "cuda":
        refuse_beside("--device cuda", {"--jobs": jobs})
    require_torch()
    if device == "cuda":
        require_gpu()
    from archstat.pytorch.verify import verify
    from archstat.variants.workers import each

    loaded, whole = load_each(specs or bundled(), given)
    if checkpoint and len(loaded) == 1:
        layers_behind(loaded[0].graph, checkpoint)
    processes = min(jobs or _TOGETHER, len(loaded), jobs or os.cpu_count() or 1)
    if device == "cuda":
        processes = 1
    with Progress(len(loaded), given) as progress:

        def one(spec: "Spec") -> "Verification":
            graph = spec.graph.select(aux=given.aux)
            alone = processes == 1
            said = progress.at if alone else lambda said: None
            return verify(
                graph,
                spec.reference,
                fast=fast,
                amp=amp or "",
                device=device or "cpu",
                checkpoint=checkpoint or NOTHING,
                threads=None if alone else 1,
                step=lambda check: said(f"{spec.reference}: {check}"),
            )

        def done(count: int) -> None:
            progress.done = count
            progress.at("")

        found = each(one, loaded, processes, done, portion=1)
    if found:
        held = asked(settings_of(given), aux=given.aux)
        at = conditions(held) if held != Conditions() else ""
        send(given, lambda name, style: render(name, found, style, at))
    if any(one.failed for one in found):
        return DIFFERS
    return 0 if whole else FAILED
