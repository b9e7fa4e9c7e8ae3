"""Build the PyTorch graph of a network and hold every number against PyTorch and fvcore."""

from collections.abc import Callable

import torch

from archstat.graph import Graph
from archstat.ops.tape import Device
from archstat.passes.checkpoint import NOTHING, Checkpoint
from archstat.pytorch.agreement import Comparison, Outcome, Verification
from archstat.pytorch.checks import CHECKS, SLOW
from archstat.pytorch.release import running
from archstat.pytorch.subject import Subject


def verify(
    graph: Graph,
    reference: str = "",
    *,
    fast: bool = False,
    amp: str = "",
    device: Device = "cpu",
    checkpoint: Checkpoint = NOTHING,
    threads: int | None = None,
    step: Callable[[str], None] = lambda name: None,
) -> Verification:
    """Run the checks; ``step`` is told the name of each before it runs, ``fast`` leaves the slow ones out.

    Saved bytes and peaks are held under autocast to the type ``amp``, if any, and on ``device``: of the CPU on fake
    tensors, on a GPU on real ones. In training they are held with the checkpoints of ``checkpoint``. ``threads`` are
    PyTorch's from now on, as many as it likes if none is given.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    subject = Subject(graph, running(autocast=amp, device=device), checkpoint)
    outcomes: list[Outcome] = []
    for check in (*CHECKS, *(() if fast else SLOW)):
        name = check.__name__.replace("_", " ")
        step(name)
        try:
            found = check(subject)
            outcomes += [found] if isinstance(found, Outcome) else found
        except torch.OutOfMemoryError:
            skipped = "this GPU has too little memory for it"
            outcomes.append(Outcome(check=name, reference="PyTorch", skipped=skipped))
        except RuntimeError as error:
            # PyTorch refuses what archstat has shaped.
            said = str(error).partition("\n")[0]
            refused = Comparison(path="", ours="it runs", theirs=f"refuses: {said}")
            outcomes.append(Outcome(check=name, reference="PyTorch", compared=(refused,)))
    return Verification(name=graph.name, reference=reference, outcomes=tuple(outcomes))
