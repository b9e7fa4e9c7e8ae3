"""The tools whose figures archstat explains, run on a network: :func:`measured` gives what they print, {of: number}."""

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module, metadata
from typing import Any

from packaging.version import Version

from archstat.graph import Graph
from archstat.report.accountings import TOOLS

Counts = dict[str, int | str]
"""What a tool's figures are of, and what it prints: a number, or text where it prints a rounded one."""


def _torchinfo(module: Any, x: Any) -> Counts:
    found = import_module("torchinfo").summary(module, input_data=[x], verbose=0, device="meta")
    return {"macs": found.total_mult_adds, "params": found.total_params}


def _thop(module: Any, x: Any) -> Counts:
    macs, params = import_module("thop").profile(module, inputs=(x,), verbose=False)
    return {"macs": int(macs), "params": int(params)}


def _ptflops(module: Any, x: Any) -> Counts:
    x = _real(module, x)
    macs, params = import_module("ptflops").get_model_complexity_info(
        module, tuple(x.shape[1:]), as_strings=False, print_per_layer_stat=False,
        input_constructor=lambda _: x, backend="pytorch",
    )  # fmt: skip
    if macs is None:
        raise RuntimeError("ptflops could not run it")
    return {"macs": macs, "params": params}


def _calflops(module: Any, x: Any) -> Counts:
    flops, macs, params = import_module("calflops").calculate_flops(
        module, args=[_real(module, x)], print_results=False, output_as_string=False
    )
    return {"macs": macs, "flops": flops, "params": params}


def _fvcore(module: Any, x: Any) -> Counts:
    nn = import_module("fvcore.nn")
    x = _real(module, x)
    analysis = nn.FlopCountAnalysis(module, x)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return {"macs": int(analysis.total()), "params": int(nn.parameter_count(module)[""])}


def _fvcore_no_grad(module: Any, x: Any) -> Counts:
    with import_module("torch").no_grad():
        return _fvcore(module, x)


def _flopcounter(module: Any, x: Any) -> Counts:
    with import_module("torch.utils.flop_counter").FlopCounterMode(display=False) as counter:
        module(x)
    return {"flops": counter.get_total_flops()}


def _real(module: Any, x: Any) -> Any:
    """Put tensors in place of those on meta, where PyTorch decomposes layers into functions that these tools replace.

    Every weight is a view of a single zero.
    """
    import torch

    from archstat.pytorch.subject import fill

    fill(module, lambda t: torch.zeros((), dtype=t.dtype).expand(t.shape))
    return torch.zeros(x.shape, dtype=x.dtype)


HOOKS: dict[str, Callable[[Any, Any], Counts]] = {
    "flopcounter": _flopcounter,
    "fvcore": _fvcore,
    "fvcore-no-grad": _fvcore_no_grad,
    "torchinfo": _torchinfo,
    "thop": _thop,
    "ultralytics-thop": _thop,
    "ptflops": _ptflops,
    "calflops": _calflops,
}
"""The tools that run a module."""


def missing(name: str) -> str:
    """Return why a tool can't be held to its rules here; nothing where it can."""
    tool = TOOLS[name]
    package = tool.package or name
    try:
        found = Version(metadata.version(package)).public
    except metadata.PackageNotFoundError:
        return f"{package} is not installed"
    if found != tool.version:
        return f"the rules are those of {tool.described}, not of {found}"
    return _refused(name)


def _refused(name: str) -> str:
    """Try what may not import though it is installed: both thops are a package ``thop``, and one hides the other."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if name == "torchvision":
                import_module("torchvision.models")
            if name.endswith("thop"):
                hooks = import_module("thop.vision.basic_hooks")
                theirs = hasattr(hooks, "count_multihead_attention")
                if theirs != name.startswith("ultralytics"):
                    return "the other thop hides it"
    except (ImportError, RuntimeError) as error:
        return f"it doesn't import: {error}"
    return ""


def measured(name: str, network: str, graph: Graph) -> Counts | None:
    """Return what a tool prints of a network; ``None`` where it hasn't that network.

    Those that run a module get one that is written the plain way. torchvision and Keras have networks of their own.
    """
    if name == "torchvision":
        return _published(network)
    if name == "keras":
        from tests.pytorch.keras_layers import count_params

        params = count_params(network, graph)
        return None if params is None else {"params": params}
    import torch

    from tests.pytorch.plainly import plainly

    dtype = getattr(torch, graph.input.dtype)
    return counted(name, plainly(graph), torch.zeros(graph.input.shape, dtype=dtype, device="meta"))


TORCHVISION = {
    "alexnet_torchvision": "alexnet", "vgg16_torchvision": "vgg16", "googlenet_torchvision": "googlenet",
} | {name: name for name in (
    "vgg11", "vgg13", "vgg19", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
    "wide_resnet50_2", "densenet121", "mobilenet_v2", "efficientnet_b0", "convnext_tiny", "vit_b_16",
)}  # fmt: skip
"""Bundled specs, and the networks of torchvision that they are."""


def _published(network: str) -> Counts | None:
    if network not in TORCHVISION:
        return None
    models = import_module("torchvision.models")
    meta = models.get_model_weights(TORCHVISION[network])["IMAGENET1K_V1"].meta
    return {"macs": f"{meta['_ops']:.3f}G", "params": meta["num_params"]}


def counted(tool: str, module: Any, x: Any) -> Counts:
    """Run a tool, without what it prints and warns. A network without params gets one, since calflops needs it."""
    import torch

    unused = not any(True for _ in module.parameters())
    if unused:
        module.unused = torch.nn.Parameter(torch.zeros((), device="meta"))
    with warnings.catch_warnings(), _as_they_were(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(io.StringIO()):
            found = HOOKS[tool](module, x)
    if unused and "params" in found:
        found["params"] = 0
    return found


@contextlib.contextmanager
def _as_they_were() -> Iterator[None]:
    """Give PyTorch its functions back: a tool that fails leaves its own in their place."""
    import torch

    places: tuple[Any, ...] = (torch, torch.Tensor, torch.nn.functional)
    held = [(place, dict(vars(place))) for place in places]
    try:
        yield
    finally:
        for place, names in held:
            for name, value in names.items():
                if vars(place).get(name) is not value:
                    setattr(place, name, value)
            for name in set(vars(place)) - set(names):
                delattr(place, name)
