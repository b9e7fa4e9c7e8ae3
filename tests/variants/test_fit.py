"""The largest batch that fits, held against trying every one."""

import pytest

from archstat.errors import UsageError
from archstat.passes.checkpoint import Checkpoint
from archstat.passes.optimizers import Optimizer
from archstat.report.peaks import Training
from archstat.spec import load
from archstat.spec.model import Settings
from archstat.variants.fit import largest_batch, read_size

TRAINED = [
    Training(),
    Training(optimizer=Optimizer("adam"), checkpoint=Checkpoint("stages")),
    Training(
        optimizer=Optimizer("momentum", "foreach", weight_decay=True), accumulate="out-of-place"
    ),
]


@pytest.mark.parametrize(
    ("text", "nbytes"),
    [("24GiB", 24 * 2**30), ("1kB", 1000), ("25769803776", 24 * 2**30), ("131072", 2**17)],
)
def test_a_size(text: str, nbytes: int) -> None:
    assert read_size(text).amount == nbytes


@pytest.mark.parametrize(
    ("text", "meant"),
    [("24", "24GiB"), (" 24.5 ", "24.5GiB"), ("24576", "24576MiB"), ("131071", "131071MiB")],
)
def test_a_small_number_lacks_its_unit(text: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_size(text)
    number = text.strip()
    assert caught.value.message == f"--fit {number} has no unit, and would be bytes"
    assert caught.value.hint == f"write {meant}"


@pytest.mark.parametrize("name", ["lenet5", "resnet20", "nin_cifar10"])
@pytest.mark.parametrize("training", TRAINED)
def test_every_batch(name: str, training: Training) -> None:
    peaks = {}
    for batch in range(1, 13):
        found = training.peak(load(name, Settings(batch=batch)).graph)
        assert found is not None
        peaks[batch] = found.nbytes
    for batch in (1, 2, 7, 11):
        for memory in (peaks[batch], peaks[batch + 1] - 1):
            fit = largest_batch(name, read_size(str(memory)), training)
            expected = max(b for b, n in peaks.items() if n <= memory)
            assert (fit.batch, fit.spare) == (expected, memory - peaks[expected])
            assert (fit.next, fit.next_peak) == (expected + 1, peaks[expected + 1])
    nothing = largest_batch(name, read_size(str(peaks[1] - 1)), training)
    assert (nothing.batch, nothing.next, nothing.next_peak) == (0, 1, peaks[1])
