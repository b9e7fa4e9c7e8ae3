"""The Python API: load a spec, ask for numbers. Prints nothing, imports no torch."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from archstat import passes
from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.report import kinds
from archstat.report.added import beside
from archstat.report.arrange import Arrangement
from archstat.report.columns import BY_KEY
from archstat.report.kinds import Kind
from archstat.report.report import Grouping, Report
from archstat.report.tabulate import DEFAULTS, tabulate
from archstat.spec.model import MAX_LAYERS, Settings, Spec, Transfer
from archstat.tensor import Shape


class Architecture:
    """A loaded architecture and its exact numbers, for the whole batch.

    ``aux`` counts the auxiliary heads too; ``settings`` are those that the spec was loaded with.
    """

    def __init__(self, spec: Spec, *, aux: bool = False, settings: Settings = DEFAULTS) -> None:
        self.spec = spec
        self.graph: Graph = spec.graph.select(aux=aux)
        self.aux = aux
        self.settings = settings

    def __repr__(self) -> str:
        return f"<Architecture {self.name}: {self.params:,} params, {self.macs:,} MACs>"

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def input(self) -> Shape:
        """One sample's input shape, without the batch."""
        return self.graph.input.sample

    @property
    def output(self) -> Shape:
        """One sample's output shape, without the batch."""
        return self.graph.output.sample

    @cached_property
    def params(self) -> int:
        """Learnable numbers; shared tensors once."""
        return self.total("params")

    @cached_property
    def trainable_params(self) -> int:
        """Params that ``freeze:`` leaves alone."""
        return self.total("trainable_params")

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass."""
        return self.total("macs")

    @cached_property
    def flops(self) -> int:
        """Floating-point operations of one forward pass, 2 per MAC."""
        return self.total("flops")

    @cached_property
    def depth(self) -> int:
        """Layers with weights on the longest path, as the papers count them."""
        return max(passes.depth(self.graph))

    @cached_property
    def activations(self) -> int:
        """Elements of the outputs that own their memory, the input included."""
        return self.total("activations")

    @cached_property
    def activation_bytes(self) -> int:
        """Bytes of the activations."""
        return self.total("activation_bytes")

    def total(self, key: str) -> int:
        """Return the total of any column of :data:`archstat.report.columns.COLUMNS`.

        Raises a UsageError on an unknown column, and where a layer's value is unknown.
        """
        if key not in BY_KEY:
            raise UsageError(f"no column '{key}'", hint=f"there are {', '.join(BY_KEY)}")
        known = 0
        for node, n in zip(self.graph.nodes, BY_KEY[key].values(self.graph), strict=True):
            if n is None:
                raise UsageError(
                    f"{key} of '{self.name}' is unknown", hint=f"'{node.path}' has no number"
                )
            known += n
        return known

    def report(
        self,
        kind: str = "params",
        *,
        by: Grouping = "layer",
        depth: int | None = None,
        sort: str | None = None,
        top: int | None = None,
        add: Sequence[str] = (),
    ) -> Report:
        """Return the table that ``archstat params``, or ``flops``, ``memory``, ... prints, every row of it.

        ``shares`` is that of ``archstat summary --by``; ``add`` are the keys of further columns.
        """
        known: dict[str, Callable[[], Kind]] = {
            "params": kinds.params,
            "flops": kinds.flops,
            "memory": kinds.memory,
            "shapes": kinds.shapes,
            "receptive-field": kinds.receptive_field,
            "shares": lambda: kinds.SHARES,
        }
        if kind not in known:
            raise UsageError(f"no report '{kind}'", hint=f"there are {', '.join(known)}")
        arrangement = Arrangement(by=by, depth=depth, sort=sort, top=top)
        table = beside(known[kind](), add)
        return tabulate(self.spec, table, arrangement, aux=self.aux, settings=self.settings)


def transfer(
    freeze: str | Sequence[str], unfreeze: str | Sequence[str], replace_head: int | None
) -> Transfer:
    """Return what is frozen and replaced on top of what a spec says; one glob may be a text."""
    globs = [(one,) if isinstance(one, str) else tuple(one) for one in (freeze, unfreeze)]
    return Transfer(freeze=globs[0], unfreeze=globs[1], replace_head=replace_head)


def load(
    reference: str | os.PathLike[str],
    *,
    variables: Mapping[str, object] | None = None,
    input: tuple[int, ...] | None = None,
    batch: int = 1,
    dtype: str = "float32",
    aux: bool = False,
    freeze: str | Sequence[str] = (),
    unfreeze: str | Sequence[str] = (),
    replace_head: int | None = None,
    max_layers: int = MAX_LAYERS,
) -> Architecture:
    """Load a bundled spec by name, or a file by path. Raises a SpecError that says where it doesn't hold.

    ``variables`` change the spec's ``vars``; ``input`` is one sample's shape. ``freeze`` and ``unfreeze`` are globs as
    in a spec, and come after its own; ``replace_head`` puts a last layer with so many outputs, which is trained.
    """
    from archstat import spec

    given = {name: str(value) for name, value in (variables or {}).items()}
    settings = Settings(
        variables=given,
        input=input,
        batch=batch,
        dtype=dtype,
        max_layers=max_layers,
        transfer=transfer(freeze, unfreeze, replace_head),
    )
    return Architecture(spec.load(reference, settings), aux=aux, settings=settings)
