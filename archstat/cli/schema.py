"""archstat schema: what editors need to check a spec, and programs to check what archstat writes."""

from typing import Any

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common

EXAMPLES = """
archstat schema -o archstat.schema.json
archstat schema check                          of what 'archstat check -f json' writes
archstat schema compare                        of what 'archstat compare -f json' writes
"""

OF = ("spec", "check", "compare", "baseline")


@click.command(cls=Command, examples=EXAMPLES)
@click.argument(
    "what", type=click.Choice(OF), default="spec", metavar="[spec|check|compare|baseline]"
)
@common("file")
def command(given: Given, what: str) -> int:
    """Print the JSON Schema (draft-07) of the spec format, generated from the ops, or of what a command writes.

    An editor with the YAML language server uses it where a spec's first line says
    "# yaml-language-server: $schema=./archstat.schema.json".
    """
    import msgspec

    from archstat.cli.output import send_text

    text = msgspec.json.format(msgspec.json.encode(_schema(what)), indent=2).decode()
    send_text(given, f"{text}\n")
    return 0


def _schema(what: str) -> dict[str, Any]:
    if what == "spec":
        from archstat.spec.schema import json_schema

        return json_schema()
    if what == "check":
        from archstat.render.check.schema import json_schema

        return json_schema()
    from archstat.render.comparison import schema

    return schema.comparisons() if what == "compare" else schema.baselines()
