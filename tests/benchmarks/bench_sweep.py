"""How many variants of a network a sweep builds and measures, for each second of one core.

``python tests/benchmarks/bench_sweep.py`` sweeps over ResNets in one process, with the metrics that ``archstat sweep``
shows, and counts CPU time, so that what else the machine does matters less. Never part of a test run.
"""

import argparse
import statistics
import sys
import time

from archstat.variants.axes import read_axis
from archstat.variants.sweep import sweep

SWEEPS = (
    ("resnet", ("width=32:128:16", "depth=18,34,50")),
    ("resnet", ("width=17:216", "depth=50")),
    ("resnet50", ("batch=1:200",)),
    ("resnet50", ("resolution=33:232",)),
)
"""A spec and what is set. Of each width, batch or resolution all layers are new."""

TARGET = 1_000
"""Variants that one core should do in a second."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-n", "--runs", type=int, default=5, help="runs of each sweep (5)")
    runs = parser.parse_args().runs
    print(
        f"Python {sys.version.split()[0]}, {runs} runs in one process, CPU time, target {TARGET:,}\n"
    )
    print(f"{'sweep':<48} {'variants':>9} {'ms each':>8} {'a second, median':>17} {'best':>6}")
    for name, settings in SWEEPS:
        axes = [read_axis(*setting.split("=")) for setting in settings]
        each = []
        for _ in range(runs):
            start = time.process_time()
            found = sweep(name, axes)
            each.append((time.process_time() - start) / found.tried)
        median = statistics.median(each)
        said = f"{name} {' '.join(settings)}"
        print(
            f"{said:<48} {found.tried:>9} {median * 1e3:>8.2f} {1 / median:>17,.0f} {1 / min(each):>6,.0f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
