"""--checkpoint: what runs again in the backward pass."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from archstat.passes.checkpoint import Checkpoint

MOST = 1_000_000


class Checkpoints(click.ParamType):  # type: ignore[type-arg]  # generic only in new clicks
    """``none``, ``stages`` or ``segments=N``."""

    name = "none|stages|segments=N"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Checkpoint":
        from archstat.errors import printable
        from archstat.passes.checkpoint import Checkpoint

        if isinstance(value, Checkpoint):
            return value
        if value == "none" or value == "stages":
            return Checkpoint(value)
        word, equals, count = value.partition("=")
        known = word == "segments" and equals and count.isascii() and count.isdigit()
        if not known or len(count) > 7 or not 1 <= int(count) <= MOST:
            self.fail(
                f"'{printable(value[:60])}' is not none, stages or segments=N, such as segments=4",
                param,
                ctx,
            )
        return Checkpoint("segments", int(count))
