"""What tools print, as recorded: of bundled specs, and of the specs beside the records."""

from functools import cache
from pathlib import Path

import msgspec
import yaml

from archstat.graph import Graph
from archstat.report.accountings import TOOLS, Account
from archstat.spec import load
from archstat.spec.files import bundled
from archstat.spec.model import Settings
from archstat.units import parse

FOLDER = Path(__file__).parent / "tools"
OWN = ("maps", "tokens")
LARGE = ("gpt2_medium", "gpt2_large", "gpt2_xl", "resnet1202")
"""Minutes for each tool that does the arithmetic; the others of their families say the same."""
RECORDED = [name for name, tool in TOOLS.items() if tool.version]


class Record(msgspec.Struct, frozen=True):
    """``figures`` are {network: {of: what the tool prints}}: a number, or text where it prints a rounded one."""

    version: str
    figures: dict[str, dict[str, int | str]]


def networks() -> list[str]:
    """Return the names of the networks that tools are held to."""
    return [*OWN, *(name for name in bundled() if name not in LARGE)]


@cache
def graph_of(name: str) -> Graph:
    """Return the graph of a network; those beside the records have a batch of two."""
    if name in OWN:
        return load(str(FOLDER / f"{name}.yaml"), Settings(batch=2)).graph
    return load(name).graph.select(aux=False)


def recorded(tool: str) -> Record:
    """Read the record of a tool."""
    return msgspec.convert(
        yaml.safe_load((FOLDER / "figures" / f"{tool}.yaml").read_text()), Record
    )


def record(tool: str, figures: dict[str, dict[str, int | str]]) -> None:
    """Write the record of a tool, a line for each network."""
    lines = [
        f"# What {TOOLS[tool].described} prints; recorded with: pytest tests/pytorch/test_tools.py --update",
        f"version: {TOOLS[tool].version}",
        "figures:",
    ]
    for name, counts in figures.items():
        held = ", ".join(f"{of}: {printed}" for of, printed in counts.items())
        lines.append(f"  {name}: {{{held}}}")
    (FOLDER / "figures" / f"{tool}.yaml").write_text("\n".join(lines) + "\n")


def agrees(one: Account, printed: dict[str, int | str]) -> bool:
    """Say whether a rule gives what the tool prints."""
    figure = printed[one.of]
    if isinstance(figure, str):
        return parse(figure).matches(one.total) == "rounded"
    return one.total == figure
