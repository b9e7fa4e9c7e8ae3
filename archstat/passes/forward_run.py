"""The forward pass of a training step: what it makes and keeps, and what of it runs again in the backward pass."""

from collections.abc import Iterable, Sequence

import msgspec

from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import Checkpoint, Stretch, behind_by_step, stretches
from archstat.passes.ledger import Kind, Ledger
from archstat.passes.liveness import allocated, last_uses, unread
from archstat.passes.trace import Ran, Tracing, Value


class ForwardRun:
    """Writes into a ledger what the steps make and let go.

    ``places`` are the ledger's numbers of the storages, those to begin with that are there already; a stretch that has
    run again has new ones.
    """

    def __init__(
        self,
        ledger: Ledger,
        graph: Graph,
        tracing: Tracing,
        values: Sequence[Value],
        mode: Mode,
        checkpoint: Checkpoint,
        loss: Value,
    ) -> None:
        self.ledger, self.graph, self.tracing, self.values = ledger, graph, tracing, values
        self.steps = steps = tuple(tracing.ran)
        self.places: dict[int, int] = {}
        self._unread = unread(graph, steps, values, loss)
        found = stretches(graph, steps, values, mode, checkpoint)
        self._stretches = tuple(self._as_read(stretch) for stretch in found)
        self._behind = behind_by_step(self._stretches)
        self._forgotten = self._forgetting()
        self._dying: dict[int, tuple[int, ...]] = {}
        self._again: set[int] = set()
        self._cached = {
            ran.y.storage: m for m, ran in enumerate(steps) if ran.y.storage in tracing.cached
        }

    def forward(self, held: set[int]) -> None:
        """Run every step; the storages ``held`` stay alive whoever uses them."""
        ledger, places = self.ledger, self.places
        self._dying = last_uses(
            self.graph, self.steps, self.values, held, self.tracing.cached, self._stretches
        )
        for moment, ran in enumerate(self.steps):
            ledger.at("forward", ran.node)
            stretch = self._behind.get(moment)
            if stretch is not None and moment == stretch.start:
                for storage in stretch.entering:
                    ledger.hold(places[storage])
            for storage in allocated(ran):
                self._make(ran, storage)
            if stretch is None:
                self._hold(ran)
            self._drop((*ran.extras, *self._dying.get(moment, ())))
            self._drop(self._forgotten.get(moment, ()))

    def unpack(self, moment: int) -> None:
        """Have there what autograd has kept of a step: the first of a stretch that asks makes it run again."""
        stretch = self._behind.get(moment)
        if stretch is None or stretch.start in self._again or not self.steps[moment].keeps:
            return
        self._again.add(stretch.start)
        self._run_again(stretch)
        self.ledger.at("backward", self.steps[moment].node)

    def formula_done(self, moment: int) -> None:
        """Let go of what has run again: the formula of a step alone holds it."""
        if moment in self._behind:
            self._drop(storage for _, storage in self.steps[moment].kept)

    def node_done(self, moment: int) -> None:
        """Let go of what autograd has kept of a step, and behind the first of a stretch of what entered that."""
        stretch = self._behind.get(moment)
        if stretch is None:
            self._drop(storage for _, storage in self.steps[moment].kept)
        elif moment == stretch.first:
            self._drop(stretch.entering)

    def _run_again(self, stretch: Stretch) -> None:
        ledger = self.ledger
        local: set[int] = set()
        forgotten = self._forgetting(stretch)
        for moment in range(stretch.start, stretch.last + 1):
            ran = self.steps[moment]
            ledger.at("recompute", ran.node)
            # Autocast's context is a new one, to whose end it holds its own copies, those too that were there before.
            for cast in self._casts_before(stretch, ran):
                if cast.y.storage not in local:
                    self._make(cast, cast.y.storage)
                    local.add(cast.y.storage)
            # It ends as soon as the last tensor is kept, which may be before that step makes its output.
            whole = moment < stretch.last or ran.behind
            for storage in allocated(ran) if whole else ran.ahead:
                self._make(ran, storage)
                local.add(storage)
            self._hold(ran)
            if moment < stretch.last:
                self._drop(forgotten.pop(moment, ()))
                gone = local.intersection((*ran.extras, *self._dying.get(moment, ())))
                local -= gone
                self._drop(gone)
        self._drop(local)
        for storages in forgotten.values():
            self._drop(storages)

    def _casts_before(self, stretch: Stretch, ran: Ran) -> list[Ran]:
        """Return the casts of another stretch whose cached copies a step reads."""
        moments = (self._cached.get(value.storage, stretch.start) for value in ran.inputs)
        return [self.steps[m] for m in moments if m < stretch.start]

    def _as_read(self, stretch: Stretch) -> Stretch:
        """Return the stretch as far as a gradient comes to it; ``first`` is negative where none does."""
        read = (m for m in self._keeping(stretch) if m not in self._unread)
        return msgspec.structs.replace(stretch, first=min(read, default=-1))

    def _keeping(self, stretch: Stretch) -> list[int]:
        return [m for m in range(stretch.start, stretch.stop) if self.steps[m].keeps]

    def _forgetting(self, within: Stretch | None = None) -> dict[int, list[int]]:
        """Return what is kept for gradients that never come, by the step with which that ends: all, or in a stretch."""
        found: dict[int, list[int]] = {}
        for moment, end in self._unread.items():
            if self._behind.get(moment) is within:
                found.setdefault(end, []).extend(s for _, s in self.steps[moment].kept)
        for stretch in () if within else self._stretches:
            if stretch.keeps and stretch.first < 0:
                end = max(self._unread[m] for m in self._keeping(stretch))
                found.setdefault(end, []).extend(stretch.entering)
        return found

    def _hold(self, ran: Ran) -> None:
        for _, storage in ran.kept:
            self.ledger.hold(self.places[storage])

    def _drop(self, storages: Iterable[int]) -> None:
        for storage in storages:
            self.ledger.drop(self.places[storage])

    def _make(self, ran: Ran, storage: int) -> None:
        own = storage == ran.y.storage
        kind: Kind = "activations" if own else "indices/masks/statistics"
        if storage in self.tracing.copies:
            kind = "copies of weights"
        self.places[storage] = self.ledger.make(kind, ran.node, self.tracing.sizes[storage])
