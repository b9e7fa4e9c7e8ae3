"""Load a spec: read, merge, parse, build, freeze; the spec package's front door."""

import os
from functools import cached_property
from typing import TYPE_CHECKING

from archstat.errors import SpecError, UsageError
from archstat.graph import Builder, Graph
from archstat.ops import catalogue
from archstat.ops.options import Value
from archstat.spec.arriving import check_settings, read_input
from archstat.spec.build import Expansion
from archstat.spec.document import Document, earlier, read_document
from archstat.spec.files import open_reference
from archstat.spec.grammar import Grammar
from archstat.spec.model import Figure, Limit, Settings, Spec
from archstat.spec.nodes import Mapping, Scalar, Sequence, YamlNode, expect
from archstat.spec.outline import Outline, Unwritten
from archstat.spec.reader import read
from archstat.spec.variables import evaluate
from archstat.tensor import Tensor

if TYPE_CHECKING:
    from archstat.spec.recording import Recording, Recordings

_NO_SETTINGS = Settings()

MOST_BUILDS = 1_000
"""Builds after which a plan lets go of what it has kept of them."""


def load(reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS) -> Spec:
    """Load a spec by path, bundled name, ``REF:path`` at a git revision, or ``-`` for standard input.

    Raises a SpecError with its place for a spec that doesn't hold, a UsageError for one that isn't there.
    """
    return Plan(reference, settings).build(settings)


def load_outlined(
    reference: str | os.PathLike[str], settings: Settings = _NO_SETTINGS
) -> tuple[Spec, Document, Outline, list[tuple[str, Outline]]]:
    """Load a spec and keep what :mod:`archstat.spec.expand` needs: the document, and the outlines of the
    network and of each auxiliary head."""
    plan, outline = Plan(reference, settings), Outline()
    spec, heads = plan.build_outlined(settings, outline)
    return spec, plan.document, outline, heads


def describe(reference: str | os.PathLike[str]) -> tuple[str, str]:
    """Return a spec's name and its ``about`` without building it: what ``archstat list`` shows."""
    origin = open_reference(reference)
    root = expect(read(origin.data, origin.file), Mapping, "a spec is a mapping")
    texts = [root.get(key) for key in ("name", "about")]
    name, about = (node.text if isinstance(node, Scalar) else "" for node in texts)
    return name, about


class Plan:
    """A spec that is read and checked, to be built once or many times.

    What builds have in common is kept from one to the next: the grammar, the ops, and if there are to be ``many`` the
    steps that building takes.
    """

    def __init__(
        self,
        reference: str | os.PathLike[str],
        settings: Settings = _NO_SETTINGS,
        *,
        many: bool = False,
    ) -> None:
        check_settings(settings)
        self.reference = os.fspath(reference)
        self.document = read_document(open_reference(reference), frozenset(catalogue.CATALOGUE))
        self._most = settings.max_layers
        self._transfer = settings.transfer
        self._many = many
        self._parse()

    def _parse(self) -> None:
        """Check the bodies, and begin to keep what they come to."""
        self._builds = 0
        self._recordings: Recordings | None = None
        try:
            self._grammar = Grammar(self.document, self._most)
            self._body = self._grammar.body(self.document.layers)
            self._heads = [(k, self._grammar.body(node)) for k, node in self.document.aux.values()]
        except SpecError as error:
            raise self.document.name_files(error) from None

    def variables(self, settings: Settings) -> dict[str, Value]:
        """Return the value of each variable."""
        return evaluate(self.document.vars, settings.variables)

    def arriving(self, settings: Settings) -> Tensor:
        """Return the input with its batch."""
        return read_input(self.document.input, self.variables(settings), settings)

    def build(self, settings: Settings) -> Spec:
        """Build the graph. Raises a SpecError with its place where the settings give none."""
        return self.build_outlined(settings, Unwritten())[0]

    def build_outlined(
        self, settings: Settings, outline: Outline
    ) -> tuple[Spec, list[tuple[str, Outline]]]:
        """Build the graph, and write each body's items to ``outline`` and to the outlines of the heads."""
        check_settings(settings)
        try:
            return self._built(settings, outline)
        except SpecError as error:
            raise self.document.name_files(error) from None

    def _built(
        self, settings: Settings, outline: Outline
    ) -> tuple[Spec, list[tuple[str, Outline]]]:
        if self._builds == MOST_BUILDS:
            self._parse()
        self._builds += 1
        known = settings.transfer == self._transfer and settings.transfer.replace_head is None
        if self._many and known and isinstance(outline, Unwritten):
            graph = self._again(settings)
            outlines: list[tuple[str, Outline]] = []
        else:
            heads = self._new_heads(settings)
            builder, outputs, outlines = self._expanded(settings, outline, heads)
            graph = builder.build(outputs, frozen=self._frozen(builder, settings, heads))
        spec = Spec(
            name=graph.name,
            reference=self.reference,
            file=self.document.chain[0].file,
            about=self.document.about,
            source=self.document.source,
            graph=graph,
            published=self._published,
            budget=self._budget,
        )
        return spec, outlines

    def _again(self, settings: Settings) -> Graph:
        """Go through the steps of an earlier build, or expand and record them."""
        from archstat.spec.recording import Recording, Recordings
        from archstat.spec.run import Run  # only those who build again need them

        if self._recordings is None:
            self._recordings = Recordings()
        variables = self.variables(settings)
        arriving = read_input(self.document.input, variables, settings)
        graph = self._recordings.graph(self._name, Run(variables, arriving, settings.dtype))
        if graph is None:
            tape = Recording()
            builder, outputs, _ = self._expanded(settings, Unwritten(), {}, tape)
            graph = builder.build(outputs, frozen=self._frozen(builder, settings, {}, tape))
            self._recordings.keep(tape, graph)
        return graph

    @property
    def _name(self) -> str:
        return self.document.name or self.document.chain[0].stem

    def _new_heads(self, settings: Settings) -> dict[str, int]:
        """Return how many outputs each new head has, by the path of the layer."""
        count = settings.transfer.replace_head
        if count is None:
            return {}
        from archstat.spec.new_heads import find_heads

        builder, outputs, _ = self._expanded(settings, Unwritten(), {})
        try:
            found = find_heads(builder.nodes, outputs)
        except UsageError as error:
            raise self._of_this(error) from None
        return {builder.nodes[i].path: count for i in found}

    def _expanded(
        self,
        settings: Settings,
        outline: Outline,
        heads: dict[str, int],
        tape: "Recording | None" = None,
    ) -> tuple[Builder, tuple[int, ...], list[tuple[str, Outline]]]:
        """Expand the bodies; return the layers, the outputs, and the outline of each auxiliary head."""
        document = self.document
        variables = self.variables(settings)
        arriving = read_input(document.input, variables, settings)
        builder = Builder(self._name, arriving, dtype=settings.dtype)
        expansion = Expansion(self._grammar, builder, variables, self._most, heads, tape)
        result = expansion.network(self._body, outline)
        outlines = []
        for key, head in self._heads:
            inner = type(outline)()
            expansion.head(key, head, inner)
            outlines.append((key.text, inner))
        return builder, _outputs(document.outputs, expansion, result), outlines

    def _frozen(
        self,
        builder: Builder,
        settings: Settings,
        heads: dict[str, int],
        tape: "Recording | None" = None,
    ) -> frozenset[int]:
        """Return the nodes that aren't trained; a new head is, whatever freezes it."""
        document, transfer = self.document, settings.transfer
        if not (document.freeze or document.unfreeze or transfer.freeze or transfer.unfreeze):
            return frozenset()
        from archstat.spec.freeze import frozen

        nodes = builder.nodes

        def holds(node: int) -> bool:
            answer = bool(nodes[node].params())
            if tape is not None:
                tape.holds(node, answer)
            return answer

        try:
            held = frozen(document.freeze, document.unfreeze, nodes, transfer, holds)
        except UsageError as error:
            raise self._of_this(error) from None
        return frozenset(i for i in held if nodes[i].path not in heads)

    def _of_this(self, error: UsageError) -> UsageError:
        """Name the spec: an option is about several."""
        return UsageError(f"{self.reference}: {error.message}", hint=error.hint)

    @cached_property
    def _published(self) -> tuple[Figure, ...]:
        if self.document.published is None:
            return ()
        from archstat.spec.figures import read_figures

        return read_figures(self.document.published)

    @cached_property
    def _budget(self) -> tuple[Limit, ...]:
        if self.document.budget is None:
            return ()
        from archstat.spec.limits import read_budget

        return read_budget(self.document.budget)


def _outputs(node: YamlNode | None, expansion: Expansion, result: int) -> tuple[int, ...]:
    if node is None:
        return (result,)
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(expansion.find(earlier(item, "'outputs'")).node for item in items)
