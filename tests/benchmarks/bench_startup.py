"""How long archstat takes to start, beside the imports it can't do without.

``python tests/benchmarks/bench_startup.py`` runs each command and its baseline in turn, so that both see the same
machine, and prints the median of the paired ratios. Never part of a test run: a busy machine would fail it.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

RUN = "from archstat.__main__ import run; run()"
"""What the installed ``archstat`` script does."""

COMPARED = (
    ("archstat params alexnet", "import click, yaml, rich.console, rich.table", 1.5),
    ("archstat --help", "import click", 1.2),
    ("archstat params alexnet -f json", "import click, yaml, msgspec", 1.2),
    ("archstat compare resnet50 resnet101", "import click, yaml, rich.console, rich.table", 2.0),
)
"""A command, the imports it is held against, and how much longer it may take."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-n", "--runs", type=int, default=31, help="paired runs (31)")
    runs = parser.parse_args().runs
    print(f"Python {sys.version.split()[0]}, {runs} paired runs, medians\n")
    print(f"{'command':<36} {'imports':<45} {'ms':>7} {'base':>7} {'ratio':>6} {'limit':>6}")
    over = 0
    for command, imports, limit in COMPARED:
        ours, theirs = _pair([RUN, *command.split()[1:]], [imports], runs)
        ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
        over += ratio > limit
        print(
            f"{command:<36} {imports:<45} {statistics.median(ours) * 1e3:>7.1f} "
            f"{statistics.median(theirs) * 1e3:>7.1f} {ratio:>6.2f} {limit:>6.2f}"
            f"{'  over' if ratio > limit else ''}"
        )
    return 1 if over else 0


def _pair(ours: list[str], theirs: list[str], runs: int) -> tuple[list[float], list[float]]:
    """Time two ``python -c`` commands alternately.

    All bytecode is cached in a folder of its own, as it is after an installation; the first pair fills it.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as cache:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment = {**kept, "PYTHONPYCACHEPREFIX": cache}
        for _ in range(runs + 1):
            for arguments, found in zip((ours, theirs), seconds, strict=True):
                command = [sys.executable, "-c", *arguments]
                start = time.perf_counter()
                subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=True)
                found.append(time.perf_counter() - start)
    return seconds[0][1:], seconds[1][1:]


if __name__ == "__main__":
    sys.exit(main())
