"""Expansions that were recorded, to be gone through again with other values.

Whatever asks about values is a fork: each condition, each number of repeats, whether a call is like an earlier one,
whether a padding needs a layer of its own, whether a layer has weights to share or to freeze. Between forks nothing
depends on values but the ops and their shapes. So where all answers are the same, the names and places of the layers
are, and which of them are frozen, and the steps of a :class:`archstat.spec.run.Run` are all that is left to do.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from archstat.errors import Mark, SpecError
from archstat.graph import Graph, Node
from archstat.ops.base import Op
from archstat.ops.window import pads_alike
from archstat.spec.copies import Copy
from archstat.spec.recipe import Recipe
from archstat.spec.run import Run
from archstat.spec.syntax import CallEntry
from archstat.spec.values import Names, Written

MOST_STEPS = 100_000
"""Steps that are kept; with more, all recordings are let go of."""

Answer = int | None
Step = tuple[Callable[..., Any], tuple[Any, ...]]
"""A method of a run, and what it is called with."""

_NO_NAMES = Names({}, {})


class Recording:
    """Takes down what one expansion does, and each answer that it gets."""

    def __init__(self) -> None:
        self.stretches: list[list[Step]] = [[]]
        self.forks: list[tuple[Step, Answer]] = []
        self._frames = 1

    def enter(self, entry: CallEntry, frame: int, arriving: int) -> int:
        """A block is called; return the frame of its names."""
        self._step(Run.enter, entry, frame, arriving)
        self._frames += 1
        return self._frames - 1

    def layer(self, recipe: Recipe, frame: int, arriving: int, owner: int | None) -> None:
        """A layer is added, with the weights of the node ``owner`` if one is given."""
        if recipe.uses:
            self._step(Run.make, recipe, frame, arriving, owner)
        else:
            self._step(Run.put, recipe.make(_NO_NAMES), arriving, owner)

    def split(
        self, op: Op, recipe: Recipe, frame: int, arriving: int, split: tuple[Op, Op] | None
    ) -> None:
        """It was asked whether a layer needs an explicit pad, which then is added."""
        if pads_alike(getattr(op, "padding", 0)):
            return  # it never does
        self._fork(split is not None, Run.splits, recipe, frame, arriving)
        if split is not None:
            self._step(Run.put_part, 0, arriving, None)

    def behind_pad(self, pad: int, owner: int | None) -> None:
        """The rest of a layer is added, behind its pad."""
        self._step(Run.put_part, 1, pad, owner)

    def join(
        self,
        recipe: Recipe,
        frame: int,
        arriving: int,
        inputs: tuple[int, ...],
        laid: tuple[int, ...],
    ) -> None:
        """Branches are joined; the channels of ``laid`` must be in the same place."""
        self._step(Run.join, recipe, frame, arriving, inputs, laid)

    def holds(self, node: int, answer: bool) -> None:
        """It was asked whether a node has weights."""
        self._fork(answer, Run.holds, node)

    def asked(
        self, written: Written, names: Names, frame: int, arriving: int, answer: bool | int
    ) -> None:
        """A ``when`` or a ``repeat`` was evaluated."""
        if any(name in names for name in written.uses):
            self._fork(answer, Run.value, written, frame, arriving, type(answer))
        else:
            self._fork(answer, Run.settled, written, type(answer))

    def alike(
        self,
        frame: int,
        params: Sequence[str],
        arriving: int,
        place: tuple[object, ...],
        copy: Copy | None,
    ) -> None:
        """It was asked which earlier call a call is like; a copy of its layers is added."""
        answer = None if copy is None else copy.frame
        self._fork(answer, Run.like, frame, params, arriving, place)
        if copy is not None:
            self._step(Run.again, copy.first, copy.first + len(copy.nodes))

    def _step(self, do: Callable[..., None], *values: Any) -> None:
        self.stretches[-1].append((do, values))

    def _fork(self, answer: Answer, ask: Callable[..., Answer], *values: Any) -> None:
        self.forks.append(((ask, values), answer))
        self.stretches.append([])


class Ending(msgspec.Struct, frozen=True, eq=False):
    """What the nodes of all graphs have in common that come of the same answers, node by node."""

    paths: tuple[str, ...]
    inputs: tuple[tuple[int, ...], ...]
    owners: tuple[int, ...]
    sections: tuple[str, ...]
    frozen: tuple[bool, ...]
    marks: tuple[Mark | None, ...]
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, graph: Graph) -> "Ending":
        nodes = graph.nodes
        return cls(
            tuple([node.path for node in nodes]),
            tuple([node.inputs for node in nodes]),
            tuple([node.owner for node in nodes]),
            tuple([node.section for node in nodes]),
            tuple([node.frozen for node in nodes]),
            tuple([node.mark for node in nodes]),
            graph.outputs,
        )

    def graph(self, name: str, run: Run) -> Graph:
        shapes, kinds = run.shapes, run.kinds
        ops, ios = map(shapes.ops.__getitem__, kinds), map(shapes.ios.__getitem__, kinds)
        columns = (self.paths, ops, self.inputs, ios, self.owners, self.sections)
        nodes = tuple(map(Node, *columns, self.frozen, self.marks))
        graph = Graph(name, nodes, self.outputs, shapes.dtype)
        return graph.with_kinds((shapes.ops, shapes.ios, kinds))


class Stretch:
    """Steps without a question among them, and where they lead: to one, or to the end."""

    __slots__ = ("ending", "fork", "steps", "ways")

    def __init__(self, steps: list[Step]) -> None:
        self.steps = tuple(steps)
        self.fork: Step | None = None
        self.ways: dict[Answer, Stretch] = {}
        self.ending: Ending | None = None


class Recordings:
    """The recorded expansions of one spec: a tree that forks where something was asked."""

    def __init__(self) -> None:
        self._start: Stretch | None = None
        self.steps = 0

    def keep(self, recording: Recording, graph: Graph) -> None:
        """Keep what was recorded, and that this graph came of it."""
        many = sum(map(len, recording.stretches)) + len(recording.forks) + len(graph.nodes)
        if many > MOST_STEPS:
            return
        if self._start is None or self.steps + many > MOST_STEPS:
            self._start, self.steps = Stretch(recording.stretches[0]), 0
        self.steps += many
        at = self._start
        for (fork, answer), steps in zip(recording.forks, recording.stretches[1:], strict=True):
            at.fork = at.fork or fork
            if answer not in at.ways:
                at.ways[answer] = Stretch(steps)
            at = at.ways[answer]
        at.ending = at.ending or Ending.of(graph)

    def graph(self, name: str, run: Run) -> Graph | None:
        """Go through the steps and return the graph; ``None`` where no recording has these answers, or on an error,
        of which the expansion knows the place."""
        at = self._start
        try:
            while at is not None:
                for do, values in at.steps:
                    do(run, *values)
                if at.fork is None:
                    break
                ask, values = at.fork
                at = at.ways.get(ask(run, *values))
        except SpecError:
            return None
        return None if at is None or at.ending is None else at.ending.graph(name, run)
