"""A report as JSON: an envelope, exact integers in base units, ``null`` for the unknown.

    {"format_version": "1.0", "kind": "params",
     "tool": {"name": "archstat", "version": "0.1.0"},
     "reports": [{
       "name": "VGG-16", "reference": "vgg16",
       "settings": {"input": [3, 224, 224], "batch": 1, "dtype": "float32", "aux": false, "variables": {},
                    "by": "layer"},
       "columns": [{"key": "params", "unit": "elements", "about": "...", "estimate": false}, ...],
       "rows": [{"path": "conv1.conv1", "op": "conv", "layers": 1, "inputs": [[3, 224, 224]], "output": [64, 224, 224],
                 "tensors": {"weight": [64, 3, 3, 3], "bias": [64]}, "params": 1792, "note": ""}, ...],
       "totals": {"params": 138357544, ...}, "incomplete": [],
       "published": [{"quantity": "params", "printed": "138M", "verdict": "reproduced", "computed": 138357544, ...}],
       "notes": []}]}

A key of ``columns`` is a key of every row and of ``totals``. ``incomplete`` names the totals that miss an
unknown layer, so that they read "at least". Shapes are one sample's, without the batch; numbers are for the
whole batch. A summary has ``"totals": null``. Where several devices share the work, ``"devices": {"count": 8, "divide":
"batch", "batch": 256}`` says so, and the numbers are those of one; of GPUs that share a batch ``all_reduce_bytes`` and
``bucket_bytes`` follow, of devices that divide the channels ``backward_begins_bytes``, in training. Keys are added in
minor versions; anything else that changes is a new major version.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import msgspec

from archstat import __version__
from archstat.render.escape import clean
from archstat.render.style import Style
from archstat.report.report import Conditions, PeakLine, PublishedLine, Report
from archstat.report.values import plain
from archstat.spec.model import Transfer

FORMAT_VERSION = "1.0"


def render(reports: Sequence[Report], style: Style) -> str:
    """Return the reports in one envelope."""
    kind = reports[0].kind if reports else ""
    return envelope(kind, "reports", [_report(report) for report in reports])


def envelope(
    kind: str,
    key: str,
    items: Sequence[Mapping[str, Any]],
    *,
    flat: bool = False,
    about: Mapping[str, Any] = {},
) -> str:
    """Wrap ``items`` in the envelope, behind what is said ``about`` them all.

    Each row of a list stands on a line of its own, so that a diff is readable; ``flat`` items are rows themselves.
    """
    head = {
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "tool": {"name": "archstat", "version": __version__},
        **about,
    }
    lines = [f"  {_encoded(k)}: {_encoded(v)}," for k, v in head.items()]
    body = ",\n".join(f"    {_encoded(i)}" if flat else _object(i, "    ") for i in items)
    lines.append(f"  {_encoded(key)}: [\n{body}\n  ]" if items else f"  {_encoded(key)}: []")
    return "{\n" + "\n".join(lines) + "\n}\n"


def _report(report: Report) -> dict[str, Any]:
    given = report.conditions
    keys = {column.key for column in report.columns}
    settings = {
        "input": given.input,
        "batch": given.batch,
        "dtype": given.dtype,
        "aux": given.aux,
        "variables": dict(sorted(given.variables.items())),
        **transfer(given),
        "by": report.by,
        **({"engine": report.engine} if report.engine else {}),
    }
    if report.kind == "summary":
        del settings["input"], settings["by"]
    return {
        "name": report.name,
        "reference": report.reference,
        "settings": settings,
        "columns": [
            {"key": c.key, "unit": c.unit, "about": c.about, "estimate": c.estimate}
            for c in report.columns
        ],
        "rows": [_row(keys, row) for row in report.to_dicts()],
        "totals": _totals(report) if report.totals or report.kind != "summary" else None,
        "incomplete": report.partial,
        "published": [published(line) for line in report.published],
        "notes": report.notes,
        **({"peaks": [_peak(peak) for peak in report.peaks]} if report.peaks else {}),
        **_shared(report),
        **_fit(report),
    }


def transfer(given: Conditions) -> dict[str, Any]:
    """Return what is frozen and replaced on top of what the spec says, where something is."""
    asked = given.transfer
    return {} if asked == Transfer() else msgspec.structs.asdict(asked)


def _shared(report: Report) -> dict[str, Any]:
    """Return who shares the work, and what goes between them; nothing where there is one device."""
    if report.devices is None:
        return {}
    batch = {"batch": report.devices.batch} if report.devices.batch else {}
    return {
        "devices": {"count": report.devices.count, "divide": report.devices.divide, **batch},
        **{line.key: line.nbytes for line in report.lines},
    }


def _fit(report: Report) -> dict[str, Any]:
    """Return how large a batch fits a memory, where that was asked for."""
    return {} if report.fit is None else {"fit": report.fit.numbers()}


def _totals(report: Report) -> dict[str, int | str | None]:
    return {key: None if n is None else plain(n) for key, n in report.total.items()}


def published(line: PublishedLine) -> dict[str, Any]:
    """Return a figure's keys: exact numbers, and text for a fraction or a shape."""
    return {
        **msgspec.structs.asdict(line),
        "computed": plain(line.computed),
        "derived": None if line.derived is None else plain(line.derived),
    }


def _peak(peak: PeakLine) -> dict[str, Any]:
    if peak.measured:
        return {peak.key: peak.nbytes, "path": None, "op": None, "alive": None}
    alive = [{"path": path, "bytes": nbytes} for path, nbytes in peak.alive]
    found = {peak.key: peak.nbytes, "path": peak.path, "op": peak.op, "alive": alive}
    if peak.phase:
        found["phase"] = peak.phase
        found["parts"] = dict(peak.parts)
    if peak.curve:
        found["curve"] = {"bytes": peak.curve, "phases": dict(peak.phases)}
    return found


def _row(keys: Set[str], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its numbers as JSON has them."""
    return {k: plain(v) if k in keys and v is not None else v for k, v in row.items()}


def _object(item: Mapping[str, Any], indent: str) -> str:
    lines = []
    for key, value in item.items():
        if isinstance(value, list) and value:
            rows = ",\n".join(f"{indent}    {_encoded(entry)}" for entry in value)
            lines.append(f"{indent}  {_encoded(key)}: [\n{rows}\n{indent}  ]")
        else:
            lines.append(f"{indent}  {_encoded(key)}: {_encoded(value)}")
    return f"{indent}{{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _encoded(value: Any) -> str:
    """Encode on one line, with every text cleaned."""
    try:
        encoded = msgspec.json.encode(value)
        suspicious = b"\\" in encoded or not encoded.decode().isprintable()
    except UnicodeEncodeError:  # half of a surrogate pair, from a file name
        suspicious = True
    if suspicious:
        encoded = msgspec.json.encode(_cleaned(value))
    return msgspec.json.format(encoded, indent=0).decode()


def _cleaned(value: Any) -> Any:
    """Clean every text inside ``value``, keys included."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(k): _cleaned(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(v) for v in value]
    return value
