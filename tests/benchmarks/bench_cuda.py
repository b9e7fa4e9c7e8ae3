"""What PyTorch's allocator on a GPU hands out at most, beside the peaks that archstat computes.

``python -m tests.benchmarks.bench_cuda`` runs each network's forward pass and steps of training on this machine's GPU
and prints the rows of docs/gpu.md. ``requested`` is what was asked of the allocator, ``cuBLAS`` its workspaces of it,
``other kernels`` the rest: workspaces of cuDNN and other kernels, while they run; ``rounded up`` what is added.
Never part of a test run.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch

from archstat.graph import Graph
from archstat.passes.optimizers import Optimizer
from archstat.passes.params import buffer_bytes, param_bytes
from archstat.passes.peak import inference_peak
from archstat.passes.training import training_peak
from archstat.pytorch import watch
from archstat.pytorch.release import running
from archstat.spec import Settings, load

NETWORKS = {
    "alexnet_torchvision": 128, "vgg16_torchvision": 32, "googlenet": 64, "resnet50": 64, "mobilenet_v2": 64,
    "densenet121": 32, "efficientnet_b0": 64, "convnext_tiny": 32, "vit_b_16": 32, "gpt2_small": 4,
}  # fmt: skip
"""Networks, each with a batch."""

WAYS = ("inference", "sgd", "momentum", "adam", "momentum, amp float16")
GPU = running(device="cuda")


class Row(NamedTuple):
    """Bytes: what archstat computes, and what PyTorch's allocator says."""

    computed: int
    requested: int
    allocated: int
    cublas: int


def main() -> int:
    if not torch.cuda.is_available():
        print("this needs a GPU that PyTorch can use, and there is none", file=sys.stderr)
        return 3
    print(
        f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}\n"
    )
    sizes = (
        "computed",
        "requested",
        "cuBLAS",
        "other kernels",
        "rounded up",
        "max_memory_allocated",
    )
    print("| " + " | ".join(("network", "batch", "step", *sizes)) + " |")
    print("|---|--:|---|" + "--:|" * len(sizes))
    for name, batch in NETWORKS.items():
        graph = load(name, Settings(batch=batch)).graph
        for way in WAYS:
            row = measured(graph, way)
            kernels = row.requested - row.computed - row.cublas
            found = (
                row.computed,
                row.requested,
                row.cublas,
                kernels,
                row.allocated - row.requested,
                row.allocated,
            )
            print(
                f"| {name} | {batch} | {way} | " + " | ".join(f"{n:,}" for n in found) + " |",
                flush=True,
            )
    free, total = torch.cuda.mem_get_info()
    outside = total - free - torch.cuda.memory_reserved()
    print(f"\nOutside of the allocator, the CUDA context above all: {outside:,} bytes")
    return 0


def measured(graph: Graph, way: str) -> Row:
    """Run a step that others have gone before, and return what it took."""
    clean()
    how, _, low = way.partition(", amp ")
    mode = running(device="cuda", autocast=low)
    with torch.device("cuda"):
        module = watch.learner(graph)
        x, labels = watch.ready(module, graph)
    run = step_of(module, x, labels, graph, how, mode)
    for _ in range(2):
        next(run)
    torch.cuda.reset_peak_memory_stats()
    next(run)
    stats = torch.cuda.memory_stats()
    before = torch.cuda.memory_stats()["requested_bytes.all.current"]
    clear_cublas()
    cublas = before - torch.cuda.memory_stats()["requested_bytes.all.current"]
    peak = stats["requested_bytes.all.peak"]
    return Row(computed(graph, how, mode, labels), peak, stats["allocated_bytes.all.peak"], cublas)


def step_of(
    module: Any, x: Any, labels: list[Any], graph: Graph, how: str, mode: Any
) -> Iterator[None]:
    """Run one step after the other, the gradients' memory being given back in between."""
    optimizers: dict[str, Callable[[Any], Any]] = {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.01),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
        "adam": torch.optim.Adam,
    }
    if how == "inference":
        module.eval()
        while True:
            with torch.no_grad():
                y = module(x)
            del y
            yield
    optimizer = optimizers[how](module.parameters())
    while True:
        watch.step(module, x, labels, graph, optimizer, mode)
        module.zero_grad(set_to_none=True)
        yield


def computed(graph: Graph, how: str, mode: Any, labels: list[Any]) -> int:
    """Return archstat's peak, with everything that is there all the time."""
    if how == "inference":
        static = sum(param_bytes(graph)) + sum(buffer_bytes(graph))
        return inference_peak(graph, mode).nbytes + static + sum(int(t.nbytes) for t in labels)
    kind: Any = how
    peak = training_peak(graph, mode, Optimizer(kind, "foreach"))
    assert peak is not None
    return peak.nbytes


def clean() -> None:
    gc.collect()
    clear_cublas()
    torch.cuda.empty_cache()


def clear_cublas() -> None:
    torch._C._cuda_clearCublasWorkspaces()


if __name__ == "__main__":
    raise SystemExit(main())
