"""What a GPU's memory holds, where there is one: every op's rule on CUDA, and networks, on real tensors.

Without a GPU all of it is skipped; docs/gpu.md says where it last ran.
"""

import gc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from archstat.ops.activation import PReLU
from archstat.ops.tape import Mode
from archstat.passes.checkpoint import Checkpoint, layers_behind
from archstat.passes.optimizers import Optimizer
from archstat.passes.peak import inference_peak
from archstat.passes.saved import saved_bytes
from archstat.passes.training import training_peak
from archstat.passes.training_step import TrainingStep
from archstat.spec import bundled, load
from archstat.spec.model import Settings
from tests.ops.case import Case, all_cases
from tests.pytorch.alone import alone, trained_and_frozen, with_loss
from tests.pytorch.test_autocast import alone_in_single_precision, differences
from tests.pytorch.test_checkpoint import maxima, step
from tests.pytorch.test_saved_cases import reference as saved
from tests.pytorch.test_training_cases import reference as peak_of

torch = pytest.importorskip("torch", reason="torch is not installed: pip install torch fvcore")
if not torch.cuda.is_available():
    pytest.skip("there is no GPU", allow_module_level=True)

watch: Any = pytest.importorskip("archstat.pytorch.watch")
running: Any = pytest.importorskip("archstat.pytorch.release").running

MODES = pytest.mark.parametrize(
    "mode",
    [running(device="cuda", autocast=low, watched=True) for low in ("", "float16", "bfloat16")],
    ids=["float32", "amp-float16", "amp-bfloat16"],
)
LARGE = (
    "gpt2_medium",
    "gpt2_large",
    "gpt2_xl",
    "resnet1202",
    "retinanet_resnet50_fpn",
    "smollm_135m",
)
EXACT = (
    "lenet5", "alexnet", "vgg16_torchvision", "resnet50", "mobilenet_v2", "seresnet50", "vit_b_16", "gpt2_small",
    "densenet121", "unet",
)  # fmt: skip


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    """Give the GPU's memory back to the tests beside this one."""
    yield
    gc.collect()
    torch.cuda.empty_cache()


@pytest.mark.parametrize(("case", "frozen"), trained_and_frozen(all_cases()))
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("input_grad", [True, False], ids=["inner", "first"])
def test_saved(case: Case, frozen: bool, training: bool, input_grad: bool) -> None:
    graph, mode = alone(case, frozen=frozen), running(training=training, device="cuda")
    assert sum(saved_bytes(graph, mode, input_grad=input_grad)) == saved(graph, mode, input_grad)


@pytest.mark.parametrize(("case", "frozen"), trained_and_frozen(alone_in_single_precision()))
@pytest.mark.parametrize("lowered", [False, True], ids=["single", "half"])
@pytest.mark.parametrize("low", ["float16", "bfloat16"])
def test_saved_under_autocast(case: Case, frozen: bool, lowered: bool, low: str) -> None:
    graph = alone(case, scaled=True, frozen=frozen, before=PReLU() if lowered else None)
    assert differences(graph, running(device="cuda", autocast=low), input_grad=True) == []


@MODES
@pytest.mark.parametrize(("case", "frozen"), trained_and_frozen(with_loss(all_cases())))
@pytest.mark.parametrize("lowered", [False, True], ids=["single", "half"])
def test_training_peak_of_an_op(case: Case, frozen: bool, lowered: bool, mode: Mode) -> None:
    single = all(x.dtype == "float32" for x in case.arriving())
    if mode.autocast and not single:
        pytest.skip("autocast is known of networks in float32 alone")
    before = PReLU() if lowered and single and len(case.arriving()) == 1 else None
    if lowered and before is None:
        pytest.skip("as it is")
    graph = alone(case, scaled=True, frozen=frozen, before=before)
    ran = TrainingStep(graph, mode, Optimizer(), in_place=False, input_grad=True)
    if not ran.loss.needs_grad:
        pytest.skip("nothing is trained")
    assert ran.run().peak == peak_of(graph, mode)


@MODES
@pytest.mark.parametrize("batch", [2, 8])
@pytest.mark.parametrize("name", bundled())
def test_network(name: str, batch: int, mode: Mode) -> None:
    if name in LARGE and batch > 2:
        pytest.skip("it takes too much memory beside others")
    graph = load(name, Settings(batch=batch)).graph
    evaluating = msgspec.structs.replace(mode, training=False)
    assert saved_bytes(graph, mode) == watch.saved_by_node(graph, mode)
    assert saved_bytes(graph, evaluating) == watch.saved_by_node(graph, evaluating)
    assert inference_peak(graph, mode).nbytes == watch.inference_peak(graph, mode)
    trained = training_peak(graph, mode, in_place=False)
    assert trained is not None
    assert trained.nbytes == watch.training_peak(graph, mode=mode)


@MODES
@pytest.mark.parametrize("name", ["lenet5", "resnet20", "vgg16_torchvision"])
def test_checkpoints(name: str, mode: Mode) -> None:
    graph, checkpoint = load(name, Settings(batch=2)).graph, Checkpoint("stages")
    ran = TrainingStep(graph, mode, Optimizer(), in_place=False, checkpoint=checkpoint).run()
    totals = step(graph, layers_behind(graph, checkpoint), mode)
    begins = dict(ran.phases())["forward"]
    assert maxima(ran.curve()[begins - 1 :]) == maxima(totals)


@MODES
@pytest.mark.parametrize("name", EXACT)
def test_memory_rises_and_falls_as_in_pytorch(name: str, mode: Mode) -> None:
    graph = load(name, Settings(batch=2)).graph
    ran = TrainingStep(graph, mode, Optimizer(), in_place=False).run()
    begins = dict(ran.phases())["forward"]
    assert maxima(ran.curve()[begins - 1 :]) == maxima(step(graph, (), mode))
