"""The Python API of sweeps, solutions and formulas: values as Python has them. Prints nothing."""

import os
from collections.abc import Iterable, Mapping, Sequence

from archstat.report.architecture import transfer
from archstat.spec.model import Settings, Transfer
from archstat.variants import formula as formulas
from archstat.variants import solve as solving
from archstat.variants import sweep as sweeping
from archstat.variants.axes import Axis, read_axis
from archstat.variants.formula import Formula
from archstat.variants.solve import Solution, read_limit
from archstat.variants.sweep import DEFAULT_METRICS, Request, Sweep

Reference = str | os.PathLike[str]
Shape = tuple[int, ...]
Values = str | Iterable[object]
Globs = str | Sequence[str]


def sweep(
    reference: Reference,
    axes: Mapping[str, Values],
    *,
    metrics: Sequence[str] = DEFAULT_METRICS,
    where: str | Sequence[str] = (),
    pareto: Sequence[str] = (),
    sort: str | None = None,
    variables: Mapping[str, object] | None = None,
    input: Shape | None = None,
    batch: int = 1,
    dtype: str = "float32",
    aux: bool = False,
    freeze: Globs = (),
    unfreeze: Globs = (),
    replace_head: int | None = None,
    jobs: int = 1,
) -> Sweep:
    """Measure a spec under every combination of values: ``{"width": range(32, 129, 16), "depth": "18,34,50"}``.

    A combination that gives no network is a row with its error. More than one job forks this process. Raises a
    UsageError or a SpecError where there is nothing to measure.
    """
    request = Request(
        metrics=tuple(metrics),
        where=(where,) if isinstance(where, str) else tuple(where),
        pareto=tuple(pareto),
        sort=sort,
    )
    read = [_axis(name, values) for name, values in axes.items()]
    return sweeping.sweep(
        reference,
        read,
        request,
        settings=_settings(
            variables, input, batch, dtype, transfer(freeze, unfreeze, replace_head)
        ),
        aux=aux,
        jobs=jobs,
    )


def solve(
    reference: Reference,
    variable: str,
    limits: Mapping[str, object],
    *,
    among: Values | None = None,
    variables: Mapping[str, object] | None = None,
    input: Shape | None = None,
    batch: int = 1,
    dtype: str = "float32",
    aux: bool = False,
    freeze: Globs = (),
    unfreeze: Globs = (),
    replace_head: int | None = None,
) -> Solution:
    """Return the largest value of a variable that keeps to limits: ``{"macs": "300M", "params": 3_000_000}``.

    The values are those of ``among``, or the whole numbers from 1 on. Raises a UsageError where none fits, none
    exceeds, or the variable changes nothing.
    """
    return solving.solve(
        reference,
        variable,
        [read_limit(f"{metric}={most}") for metric, most in limits.items()],
        among=None if among is None else _axis(variable, among),
        settings=_settings(
            variables, input, batch, dtype, transfer(freeze, unfreeze, replace_head)
        ),
        aux=aux,
    )


def formula(
    reference: Reference,
    metric: str,
    *names: str,
    variables: Mapping[str, object] | None = None,
    input: Shape | None = None,
    batch: int = 1,
    dtype: str = "float32",
    aux: bool = False,
    freeze: Globs = (),
    unfreeze: Globs = (),
    replace_head: int | None = None,
) -> Formula:
    """Return a metric as a polynomial in the named variables. Raises a UsageError where none was found."""
    settings = _settings(variables, input, batch, dtype, transfer(freeze, unfreeze, replace_head))
    return formulas.formula(reference, metric, names, settings=settings, aux=aux)


def _axis(name: str, values: Values) -> Axis:
    if isinstance(values, str):
        return read_axis(name, values)
    return Axis(name, tuple(dict.fromkeys(map(_text, values))))


def _text(value: object) -> str:
    """Write a value as the command line has it; a shape is written 3x224x224."""
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _settings(
    variables: Mapping[str, object] | None,
    input: Shape | None,
    batch: int,
    dtype: str,
    transfer: Transfer,
) -> Settings:
    given = {name: str(value) for name, value in (variables or {}).items()}
    return Settings(variables=given, input=input, batch=batch, dtype=dtype, transfer=transfer)
