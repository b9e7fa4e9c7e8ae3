"""Build the PyTorch graph of a network and hold every number against PyTorch and fvcore."""

from collections.abc import Callable

from archstat.graph import Graph
from archstat.pytorch.agreement import Outcome, Verification
from archstat.pytorch.checks import CHECKS, SLOW
from archstat.pytorch.subject import Subject


def verify(
    graph: Graph,
    reference: str = "",
    *,
    fast: bool = False,
    step: Callable[[str], None] = lambda name: None,
) -> Verification:
    """Run the checks; ``step`` is told the name of each before it runs, ``fast`` leaves the slow ones out."""
    subject = Subject(graph)
    outcomes: list[Outcome] = []
    for check in (*CHECKS, *(() if fast else SLOW)):
        step(check.__name__.replace("_", " "))
        found = check(subject)
        outcomes += [found] if isinstance(found, Outcome) else found
    return Verification(name=graph.name, reference=reference, outcomes=tuple(outcomes))
