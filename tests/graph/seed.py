"""The seed of the tests that draw networks at random, and how many they draw.

``ARCHSTAT_GRAPHS_SEED`` sets another seed; ``-m slow`` draws ``ARCHSTAT_GRAPHS_COUNT`` networks, 10,000 by default.
"""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, note, seed, settings

SEED = int(os.environ.get("ARCHSTAT_GRAPHS_SEED", "231"))
COUNT = int(os.environ.get("ARCHSTAT_GRAPHS_COUNT", "10000"))


def seeded(count: int) -> Callable[[Any], Any]:
    """Let a test draw ``count`` examples from SEED, which a failure says."""

    def wrap(test: Any) -> Any:
        chosen = settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        return seed(SEED)(chosen(test))

    return wrap


def say_seed() -> None:
    """Put the seed into what a failure prints."""
    note(f"ARCHSTAT_GRAPHS_SEED={SEED}")
