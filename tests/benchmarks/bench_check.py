"""How long ``archstat check`` takes over every bundled spec, in one process: it has to be under a second.

``python tests/benchmarks/bench_check.py`` prints the median of some runs. Never part of a test run: a busy machine
would fail it.
"""

import statistics
import subprocess
import sys
import time

from archstat.spec import bundled

RUNS = 11
LIMIT = 1.0
RUN = "from archstat.__main__ import run; run()"


def main() -> int:
    names = bundled()
    command = [
        sys.executable,
        "-c",
        RUN,
        "check",
        *names,
        "--max",
        "params=3G",
        "--max",
        "macs=10T",
    ]
    seconds = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[1:])
    print(
        f"archstat check, {len(names)} specs, median of {RUNS} runs: {median:.2f} s (limit {LIMIT} s)"
    )
    return 1 if median > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
