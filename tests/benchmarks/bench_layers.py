"""How long a large spec takes, and whether that grows with its layers and no faster.

``python tests/benchmarks/bench_layers.py`` writes specs of residual blocks that unfold to the given numbers of
layers, and runs the command line over each. The last column is the time of one layer: flat means linear.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPEC = """\
name: {layers} layers
input: [16, 32, 32]
defaults:
  conv: {{kernel: 3, padding: same, bias: false, norm: batch, act: relu}}
blocks:
  residual(width):
    - add:
        main: [conv: width, {{conv: width, act: none}}]
        shortcut: identity
    - relu
layers:
  body: [{{residual: 16, repeat: {blocks}}}]
"""

IN_A_BLOCK = 7
"""conv, norm, relu, conv, norm, add, relu."""

RUN = "from archstat.__main__ import run; run()"

COMMANDS = ("params", "flops", "memory", "params -f json", "shapes")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("layers", nargs="*", type=int, default=[10_000, 30_000, 100_000])
    sizes = parser.parse_args().layers
    print(f"{'command':<16} {'layers':>8} {'seconds':>8} {'us a layer':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            for size in sizes:
                blocks = size // IN_A_BLOCK
                path = Path(folder) / "spec.yaml"
                path.write_text(SPEC.format(layers=size, blocks=blocks), encoding="utf-8")
                name, *options = command.split()
                arguments = [name, str(path), "--max-layers", str(2 * size), *options]
                seconds = _time(arguments)
                each = seconds / size * 1e6
                print(f"{command:<16} {blocks * IN_A_BLOCK:>8,} {seconds:>8.2f} {each:>11.1f}")
    return 0


def _time(arguments: list[str]) -> float:
    start = time.perf_counter()
    command = [sys.executable, "-c", RUN, *arguments]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
