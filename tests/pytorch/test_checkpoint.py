"""Activation checkpointing, held against torch.utils.checkpoint: each rise and fall of memory, what is kept, MACs."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from archstat.errors import UsageError
from archstat.graph import Graph
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import Checkpoint, layers_behind, recompute_macs
from archstat.passes.loss import ends
from archstat.passes.optimizers import Optimizer
from archstat.passes.saved import saved_bytes
from archstat.passes.training_step import TrainingStep
from archstat.spec import load
from archstat.spec.model import Settings

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")

NETWORKS = ("resnet18", "vgg16", "densenet121", "mobilenet_v2", "vit_b_16", "unet", "googlenet")
"""Straight lines, shortcuts, joins, attention, skips from stage to stage, auxiliary heads."""

SLOW = ("densenet121", "googlenet")
QUICK = [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NETWORKS]

CHECKPOINTS = pytest.mark.parametrize(
    "checkpoint",
    [Checkpoint("stages"), Checkpoint("segments", 2), Checkpoint("segments", 3)],
    ids=["stages", "segments=2", "segments=3"],
)


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "vgg16", "mobilenet_v2", "vit_b_16"])
@CHECKPOINTS
@pytest.mark.parametrize("batch", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_memory_rises_and_falls_as_in_pytorch(
    name: str, checkpoint: Checkpoint, batch: int
) -> None:
    graph = load(name, Settings(batch=batch)).graph
    assert ours(graph, checkpoint) == theirs(graph, checkpoint)


@pytest.mark.parametrize("name", ["lenet5", "resnet20"])
@CHECKPOINTS
def test_real_tensors_live_as_fake_ones(name: str, checkpoint: Checkpoint) -> None:
    graph = load(name, Settings(batch=2)).graph
    totals = step(graph, layers_behind(graph, checkpoint), Mode(), real=True)
    assert ours(graph, checkpoint) == maxima(totals)


@pytest.mark.parametrize("name", ["unet", *(pytest.param(n, marks=pytest.mark.slow) for n in SLOW)])
@CHECKPOINTS
@pytest.mark.parametrize("batch", [1, pytest.param(8, marks=pytest.mark.slow)])
def test_peak(name: str, checkpoint: Checkpoint, batch: int) -> None:
    graph = load(name, Settings(batch=batch)).graph
    assert max(ours(graph, checkpoint)) == max(theirs(graph, checkpoint))


@pytest.mark.parametrize("name", ["resnet18", "unet", "convnext_tiny"])
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_peak_in_eval_mode_and_half_precision(name: str, training: bool, dtype: str) -> None:
    graph, mode = load(name, Settings(batch=2, dtype=dtype)).graph, Mode(training=training)
    stages = Checkpoint("stages")
    assert max(ours(graph, stages, mode)) == max(theirs(graph, stages, mode))


FROZEN = """
input: [3, 32, 32]
layers:
  stem: [{conv: 16, kernel: 3, padding: 1}]
  body:
    - {conv: 16, kernel: 3, padding: 1}
    - batch_norm
    - relu6: {inplace: true}
    - dropout
  head:
    - flatten
    - linear: 32
    - relu
    - linear: 10
freeze: [FROZEN]
"""


@pytest.mark.parametrize(
    "frozen", ["stem", "'stem, body'", "body", "head", "'stem, body, head.linear1'"]
)
def test_frozen_layers(frozen: str, tmp_path: Path) -> None:
    graph = written(FROZEN.replace("FROZEN", frozen.strip("'")), tmp_path)
    for checkpoint in (Checkpoint("stages"), Checkpoint("segments", 3)):
        for mode in (Mode(), Mode(training=False)):
            assert ours(graph, checkpoint, mode) == theirs(graph, checkpoint, mode)
        assert sum(saved_bytes(graph, checkpoint=checkpoint)) == kept(graph, checkpoint)


@pytest.mark.parametrize("name", QUICK)
@CHECKPOINTS
def test_what_is_kept(name: str, checkpoint: Checkpoint) -> None:
    graph = load(name, Settings(batch=2)).graph
    assert sum(saved_bytes(graph, checkpoint=checkpoint)) == kept(graph, checkpoint)


@pytest.mark.parametrize(
    "name",
    [
        "lenet5",
        "nin",
        "vit_b_16",
        *(pytest.param(n, marks=pytest.mark.slow) for n in NETWORKS if n != "vit_b_16"),
    ],
)
@CHECKPOINTS
def test_macs_that_run_again(name: str, checkpoint: Checkpoint) -> None:
    macs_that_run_again_agree(load(name).graph, checkpoint, Mode())


def macs_that_run_again_agree(graph: Graph, checkpoint: Checkpoint, mode: Mode) -> None:
    """Hold the MACs that checkpoints add against FlopCounterMode."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    def flops(stretches: Sequence[range]) -> int:
        # The counter knows nothing of the CPU's attention kernel, but knows the products.
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            step(graph, stretches, mode)
        return int(counter.get_total_flops())

    more = flops(layers_behind(graph, checkpoint)) - flops(())
    assert 2 * sum(recompute_macs(graph, checkpoint, mode)) == more


IN_PLACE = """
input: [3, 16, 16]
layers:
  one: [{conv: 8, kernel: 3}]
  two:
    - relu: {inplace: true}
    - conv: 8
  head:
    - flatten
    - linear: 10
"""


def test_a_layer_in_place_at_the_start_is_refused_as_pytorch_does(tmp_path: Path) -> None:
    graph = written(IN_PLACE, tmp_path)
    with pytest.raises(UsageError, match=r"no checkpoint can start at 'two.*'"):
        ours(graph, Checkpoint("stages"))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        theirs(graph, Checkpoint("stages"))
    two = Checkpoint("segments", 3)
    with pytest.raises(UsageError):
        ours(graph, two)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        theirs(graph, two)
    # In the last segment, which isn't behind a checkpoint, it may stand first.
    last = Checkpoint("segments", 2)
    assert ours(graph, last) == theirs(graph, last)


UNREAD = """
input: [3, 16, 16]
layers:
  one:
    - {conv: 8, kernel: 3, padding: 1}
    - {name: here, relu: {inplace: true}}
  two:
    - {name: wide, conv: 64, kernel: 3, padding: 1}
    - BEHIND
    - {name: there, from: one.here, conv: 8, kernel: 3, padding: 1}
  three:
    - {conv: 8, kernel: 3, padding: 1}
    - batch_norm
    - LAST
  head:
    - {from: two.there, max_pool: 2}
    - flatten
    - linear: 10
"""


@pytest.mark.parametrize(
    "behind",
    [
        "silu",
        "{relu: {inplace: true}}",
        "max_pool: 2",
        "flatten",
        "{sigmoid: {}}\n    - {permute: [1, 2, 0]}\n    - {linear: 4, bias: false}",
        "dropout",
        "{add: [identity, [conv: 64]]}",
        "{parameter: [8, 16, 16]}",
    ],
)
@pytest.mark.parametrize("last", ["relu", "tanh", "{parameter: [4, 16, 16]}"])
def test_layers_that_nobody_reads_are_kept_for_as_long_as_they_are_alive(
    behind: str, last: str, tmp_path: Path
) -> None:
    graph = written(UNREAD.replace("BEHIND", behind).replace("LAST", last), tmp_path)
    for checkpoint in (Checkpoint(), Checkpoint("stages"), Checkpoint("segments", 2)):
        assert ours(graph, checkpoint) == theirs(graph, checkpoint)


def ours(graph: Graph, checkpoint: Checkpoint, mode: Mode = Mode()) -> list[int]:  # noqa: B008  # frozen
    run = TrainingStep(graph, mode, Optimizer(), in_place=False, checkpoint=checkpoint).run()
    begins = dict(run.phases())["forward"]
    return maxima(run.curve()[begins - 1 :])


def theirs(graph: Graph, checkpoint: Checkpoint, mode: Mode = Mode()) -> list[int]:  # noqa: B008  # frozen
    return maxima(step(graph, layers_behind(graph, checkpoint), mode))


def maxima(totals: Sequence[int]) -> list[int]:
    """Return each total that is larger than the one before it and the one behind it."""
    moves = [n for i, n in enumerate(totals) if not i or n != totals[i - 1]]
    return [
        n
        for i, n in enumerate(moves)
        if (not i or moves[i - 1] < n) and (i + 1 == len(moves) or moves[i + 1] < n)
    ]


def step(
    graph: Graph,
    stretches: Sequence[range],
    mode: Mode,
    *,
    real: bool = False,
    input_grad: bool = False,
) -> list[int]:
    """Run a step of training, on fake tensors if not ``real``; return the bytes alive before and behind each op."""
    from archstat.pytorch import watch
    from archstat.pytorch.kernels import autocast, tensors

    class Followed(watch.Tracker):
        def __torch_dispatch__(self, *args: Any, **kwargs: Any) -> Any:
            totals.append(self.total)
            y = super().__torch_dispatch__(*args, **kwargs)
            totals.append(self.total)
            return y

    totals: list[int] = []
    module = rewired(graph, stretches, mode)
    with nullcontext() if real else tensors(mode):
        watch.materialise(module)
        x = watch.arriving(graph, input_grad)
        labels = [watch._labels(graph.nodes[i].output) for i in ends(graph)]
        with Followed(x, *labels, *module.parameters(), *module.buffers()):
            with autocast(mode):
                y = module(x)
                loss = watch._loss(y if isinstance(y, tuple) else (y,), labels, graph)
            loss.backward()
    return totals


def kept(graph: Graph, checkpoint: Checkpoint, mode: Mode = Mode()) -> int:  # noqa: B008  # frozen
    """Sum what saved_tensors_hooks are handed, of what runs again what they still keep behind it."""
    from archstat.pytorch.watch import saved_by_node

    return sum(saved_by_node(graph, mode, layers_behind(graph, checkpoint)))


def rewired(graph: Graph, stretches: Sequence[range], mode: Mode) -> Any:
    from archstat.pytorch import watch
    from archstat.pytorch.checkpointed import checkpointed

    return checkpointed(watch.learner(graph), stretches).train(mode.training)


def written(text: str, folder: Path) -> Graph:
    path = folder / "net.yaml"
    path.write_text(text)
    return load(str(path), Settings(batch=2)).graph
