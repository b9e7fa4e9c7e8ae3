"""What ``archstat memory`` is asked to measure, and which of its options go together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from archstat.cli.options import Given
from archstat.cli.refusals import refuse_beside, refuse_without, was_given

if TYPE_CHECKING:
    from archstat.passes.checkpoint import Checkpoint
    from archstat.passes.optimizers import Implementation, Name
    from archstat.report.peaks import Accumulate


class Measured(NamedTuple):
    """The command's own options, by their names."""

    backward: bool
    peak: bool
    curve: bool
    optimizer: "Name | None"
    implementation: "Implementation | None"
    weight_decay: bool
    gpus: int | None
    split: int | None
    accumulate: "Accumulate | None"
    mode: Literal["train", "eval"] | None
    device: Literal["cpu", "cuda"] | None
    input_grad: bool
    checkpoint: "Checkpoint | None"
    amp: str | None
    fit: str | None

    @property
    def wants_peak(self) -> bool:
        """Whether the peaks are shown; over divided channels there are none."""
        wanted = self.peak or self.curve or self.optimizer or self.fit is not None
        return bool(wanted) and self.split is None


def refuse(asked: Measured, given: Given) -> None:
    """Raise a UsageError for options that don't go together, or would say nothing."""
    run_as = {
        "--mode": asked.mode,
        "--device": asked.device,
        "--input-grad": asked.input_grad,
        "--checkpoint": asked.checkpoint,
    }
    if given.engine != "static":
        _refuse_beside_an_engine(asked, given.engine)
    _refuse_several_devices(asked, run_as)
    if asked.amp:
        _refuse_under_autocast(asked, given)
    tuned = {"--implementation": asked.implementation, "--weight-decay": asked.weight_decay}
    if asked.split is None:
        refuse_without("--peak", {} if asked.wants_peak else {"--accumulate": asked.accumulate})
        refuse_without("--optimizer", {} if asked.optimizer else tuned)
        if not asked.backward and not asked.wants_peak:
            refuse_without("--backward or --peak", run_as)
    else:
        refuse_without("--backward", {} if asked.backward else run_as)
    _refuse_without_gradients(asked, given, run_as)


def _refuse_beside_an_engine(asked: Measured, engine: str) -> None:
    """Refuse what PyTorch isn't asked for: it runs one device's fake tensors, its own way."""
    unmeasured = {
        "--fit": asked.fit,
        "--split": asked.split,
        "--gpus": asked.gpus,
        "--curve": asked.curve,
        "--checkpoint": asked.checkpoint,
        "--accumulate": asked.accumulate,
        "--device cuda": asked.device == "cuda",
    }
    refuse_beside(f"--engine {engine}", unmeasured)


def _refuse_several_devices(asked: Measured, run_as: Mapping[str, object]) -> None:
    if asked.fit is not None:
        refuse_beside("--fit", {"--batch": was_given("batch"), "--split": asked.split})
    if asked.split is not None:
        peaks = {"--peak": asked.peak, "--curve": asked.curve, "--accumulate": asked.accumulate}
        steps = {"--implementation": asked.implementation, "--weight-decay": asked.weight_decay}
        unknown = {name: run_as[name] for name in ("--input-grad", "--checkpoint")}
        others = {"--gpus": asked.gpus, **peaks, **steps, **unknown, "--amp": asked.amp}
        refuse_beside("--split", others)


def _refuse_under_autocast(asked: Measured, given: Given) -> None:
    measured = asked.backward or asked.wants_peak
    refuse_without("--backward or --peak", {} if measured else {"--amp": asked.amp})
    refuse_beside("--amp", {"--dtype": given.dtype != "float32"})


def _refuse_without_gradients(asked: Measured, given: Given, run_as: Mapping[str, object]) -> None:
    """Refuse to train in whole numbers: the first option says so that asks for it."""
    from archstat.cli.gradients import need_gradients

    trains = {
        "--fit": asked.fit,
        "--gpus": asked.gpus,
        "--backward": asked.backward,
        "--optimizer": asked.optimizer,
        "--curve": asked.curve,
        **run_as,
    }
    for name, value in trains.items():
        if value:
            need_gradients(given.dtype, name)
