"""How long a network's whole memory analysis takes, beside PyTorch finding the same numbers on fake tensors.

``python tests/benchmarks/bench_memory.py`` needs torch. Both begin with the spec, run in turn in one process, and must
give equal numbers: archstat reads it, shapes it and asks its rules; PyTorch gets the modules built, and runs them under
FlopCounterMode and saved_tensors_hooks, then under a dispatch mode that follows every storage, in a forward pass and in
a step of training. Never part of a test run: a busy machine would fail it.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from archstat import passes
from archstat.graph import Graph
from archstat.passes.peak import inference_peak
from archstat.passes.saved import saved_bytes
from archstat.passes.training import training_peak
from archstat.pytorch import watch
from archstat.pytorch.lowering import lower
from archstat.spec import load

MOST_MS = 150.0
"""The most that the whole analysis may take."""

LEAST_RATIO = 50.0
"""How many times faster than PyTorch it is at least."""

Numbers = tuple[int, ...]


def rules(name: str, *, peaks: bool) -> Numbers:
    """Return MACs and saved bytes, and the peaks, by rule."""
    graph = _graph(name)
    found = (sum(passes.macs(graph)), sum(saved_bytes(graph)))
    if not peaks:
        return found
    trained = training_peak(graph, in_place=False)
    assert trained is not None
    return (*found, inference_peak(graph).nbytes, trained.nbytes)


def measured(name: str, *, peaks: bool) -> Numbers:
    """Return the same as PyTorch's run gives them."""
    graph = _graph(name)
    module = lower(graph).train()
    with FakeTensorMode():
        watch.materialise(module)
        with FlopCounterMode(display=False) as counter:
            saved = watch.saved(module, (watch.arriving(graph),))
    found = (counter.get_total_flops() // 2, saved)
    if not peaks:
        return found
    return (*found, watch.inference_peak(graph), watch.training_peak(graph))


def _graph(name: str) -> Graph:
    return load(name).graph.select(aux=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("specs", nargs="*", default=["resnet152"])
    parser.add_argument("-n", "--runs", type=int, default=7, help="runs of each (7)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"Python {sys.version.split()[0]}, torch {torch.__version__}, {given.runs} runs, medians")
    print(f"\n{'spec':<16} {'numbers':<24} {'archstat, ms':>13} {'PyTorch, ms':>12} {'ratio':>7}")
    failed = 0
    for name in given.specs:
        for peaks, what in (False, "MACs, saved bytes"), (True, "and both peaks"):
            ours, theirs = _compared(name, peaks, given.runs)
            slow = theirs / ours < LEAST_RATIO or (peaks and ours * 1e3 > MOST_MS)
            failed += slow
            print(
                f"{name:<16} {what:<24} {ours * 1e3:>13.1f} {theirs * 1e3:>12.0f} "
                f"{theirs / ours:>7.0f}{'  too slow' if slow else ''}"
            )
    print(f"\nlimits: {MOST_MS:.0f} ms for all numbers, {LEAST_RATIO:.0f} times faster")
    return 1 if failed else 0


def _compared(name: str, peaks: bool, runs: int) -> tuple[float, float]:
    """Return the seconds of each, in turn; the first run of both only fills caches."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs + 1):
        answers = []
        for run, found in zip((rules, measured), seconds, strict=True):
            took, answer = _timed(lambda run=run: run(name, peaks=peaks))  # type: ignore[misc]  # bound as it is here
            found.append(took)
            answers.append(answer)
        if answers[0] != answers[1]:
            raise SystemExit(f"{name}: {answers[0]} by rule, {answers[1]} by PyTorch")
    return statistics.median(seconds[0][1:]), statistics.median(seconds[1][1:])


def _timed(run: Callable[[], Numbers]) -> tuple[float, Numbers]:
    start = time.perf_counter()
    answer = run()
    return time.perf_counter() - start, answer


if __name__ == "__main__":
    sys.exit(main())
