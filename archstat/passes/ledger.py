"""What is alive, event by event: memory that is made, held by one or several, and freed when nobody holds it."""

from typing import Literal

import msgspec

Phase = Literal["forward", "backward", "recompute", "optimizer step"]
"""What runs. Recomputing is part of the backward pass."""

Kind = Literal[
    "parameters", "buffers", "optimizer state", "input", "labels",
    "activations", "indices/masks/statistics", "copies of weights", "gradients", "parameter gradients", "temporary",
]  # fmt: skip
"""What a piece of memory is for; indices, masks and statistics are what an op makes beside its output.

Copies of weights are what autocast multiplies with."""


class Moment(msgspec.Struct, frozen=True):
    """Something happens: ``node`` runs in ``phase``, or nothing in particular where it is negative."""

    phase: Phase
    node: int


class Piece(msgspec.Struct, frozen=True):
    """Memory that is alive: what it is for, which layer's it is (none where negative), and its bytes."""

    kind: Kind
    node: int
    nbytes: int


class Ledger:
    """Counts the bytes that are alive. Each piece of memory is known by the number that :meth:`make` gives it."""

    def __init__(self) -> None:
        self.live = self.peak = 0
        self.now = self.peak_at = Moment("forward", -1)
        self._began: dict[Phase, int] = {}
        self._made: list[Piece] = []
        self._holders: list[int] = []
        self._events: list[int] = []
        self._peak_event = 0

    def make(self, kind: Kind, node: int, nbytes: int) -> int:
        """Make memory that has one holder."""
        number = len(self._made)
        self._made.append(Piece(kind, node, nbytes))
        self._holders.append(1)
        self._events.append(number)
        self.live += nbytes
        if self.live > self.peak:
            self.peak, self.peak_at, self._peak_event = self.live, self.now, len(self._events)
        return number

    def at(self, phase: Phase, node: int) -> None:
        """Say what runs from now on."""
        self.now = Moment(phase, node)
        if phase != "recompute":
            self._began.setdefault(phase, len(self._events))

    def phases(self) -> tuple[tuple[Phase, int], ...]:
        """Return with which event each phase began, recomputing aside."""
        return tuple(self._began.items())

    def hold(self, number: int) -> None:
        self._holders[number] += 1

    def drop(self, number: int) -> None:
        """Let go of memory; without a holder it is freed."""
        self._holders[number] -= 1
        if not self._holders[number]:
            self.live -= self._made[number].nbytes
            self._events.append(~number)

    def holders(self, number: int) -> int:
        return self._holders[number]

    def relabel(self, number: int, kind: Kind) -> None:
        """Say that memory serves another purpose from now on."""
        piece = self._made[number]
        self._made[number] = Piece(kind, piece.node, piece.nbytes)

    def alive_at_peak(self) -> tuple[Piece, ...]:
        """Return what was alive when most was."""
        alive: dict[int, None] = {}
        for event in self._events[: self._peak_event]:
            if event < 0:
                del alive[~event]
            else:
                alive[event] = None
        return tuple(self._made[number] for number in alive)

    def curve(self) -> tuple[int, ...]:
        """Return the bytes alive after each event."""
        total, found = 0, []
        for event in self._events:
            total += -self._made[~event].nbytes if event < 0 else self._made[event].nbytes
            found.append(total)
        return tuple(found)
