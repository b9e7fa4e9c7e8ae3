"""archstat schema: what editors need to check a spec."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common

EXAMPLES = """
archstat schema -o archstat.schema.json
"""


@click.command(cls=Command, examples=EXAMPLES)
@common("file")
def command(given: Given) -> int:
    """Print the JSON Schema (draft-07) of the spec format, generated from the ops.

    An editor with the YAML language server uses it where a spec's first line says
    "# yaml-language-server: $schema=./archstat.schema.json".
    """
    import msgspec

    from archstat.cli.output import send_text
    from archstat.spec.schema import json_schema

    send_text(
        given, msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
    )
    return 0
