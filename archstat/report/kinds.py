"""The kinds of report: which columns each shows, and what a row of nothing is called."""

import msgspec

from archstat.errors import UsageError
from archstat.report.report import Label

NOTED: tuple[Label, ...] = ("output", "note")


class Kind(msgspec.Struct, frozen=True):
    """``shown`` are column keys of the table, ``aside`` those whose total stands below it.

    ``nothing`` finishes the sentence "7 layers ... not shown". ``quantity`` names the published figures that
    belong below the table.
    """

    name: str
    shown: tuple[str, ...]
    aside: tuple[str, ...] = ()
    nothing: str = ""
    quantity: str = ""
    with_input: bool = False
    labels: tuple[Label, ...] = ("output",)


def params(*, no_bias: bool = False, trainable: bool = False) -> Kind:
    """Return the parameter table: of all params, of weights alone, or of what is trained."""
    if no_bias and trainable:
        raise UsageError(
            "--no-bias and --trainable can't be combined", hint="run one after the other"
        )
    if no_bias:
        return Kind(
            "params", ("weights",), ("biases", "params"), "without weights", "params", labels=NOTED
        )
    if trainable:
        return Kind(
            "params",
            ("trainable_params",),
            ("params",),
            "with nothing to train",
            "params",
            labels=NOTED,
        )
    aside = ("trainable_params", "buffers")
    return Kind("params", ("params",), aside, "without parameters", "params", labels=NOTED)


def flops(*, count: str = "macs") -> Kind:
    """Return the cost table: of multiply-accumulates or of floating-point operations."""
    if count == "flops":
        return Kind("flops", ("flops",), ("macs",), "without FLOPs", "macs")
    return Kind("flops", ("macs",), ("flops",), "without MACs", "macs")


def memory(*, backward: bool = False) -> Kind:
    """Return the lecture's memory table; ``backward`` adds its doubling, labelled as an estimate."""
    doubled = ("forward_backward_bytes",) if backward else ()
    return Kind(
        "memory",
        ("activations", "activation_bytes"),
        (*doubled, "param_bytes", "buffer_bytes"),
        "without memory of their own",
        "activations",
        with_input=True,
    )


def shapes() -> Kind:
    """Return the table of every tensor's shape."""
    return Kind("shapes", (), with_input=True, labels=("op", "output", "tensors", "note"))


SUMMARY = Kind("summary", ("params", "macs", "activations", "activation_bytes"))
