"""The console script, and ``python -m archstat``."""

import gc
from typing import NoReturn


def run() -> NoReturn:
    """Run the command line and leave. A run is too short, its imports among it, for collecting garbage."""
    gc.disable()
    from archstat.cli.main import run_and_leave

    run_and_leave()


if __name__ == "__main__":
    run()
