"""archstat new: a spec to start from."""

from pathlib import Path

import click

from archstat.cli.command import Command, option
from archstat.cli.options import Given, common

SCHEMA = "archstat.schema.json"

EXAMPLES = """
archstat new mynet                             writes mynet.yaml, and the schema for your editor
archstat new nets/mynet.yaml --force
"""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("name", metavar="NAME")
@option("--force", is_flag=True, help="Overwrite a file that is there already.")
@common()
def command(given: Given, name: str, force: bool) -> int:
    """Write a small, complete spec to start from.

    Its first line points editors at the JSON Schema, which is written beside it: with the YAML language server,
    words are completed and mistakes underlined as you type.
    """
    import msgspec

    from archstat.cli.files import write_whole
    from archstat.cli.output import say
    from archstat.errors import UsageError
    from archstat.spec.schema import json_schema
    from archstat.spec.template import template

    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if path.exists() and not force:
        raise UsageError(f"'{path}' is there already", hint="--force overwrites it")
    text = template(path.stem, f"./{SCHEMA}")
    schema = msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode() + "\n"
    write_whole(str(path), text)
    write_whole(str(path.with_name(SCHEMA)), schema)
    say(f"wrote {path} and {path.with_name(SCHEMA)}", given)
    say(f"  next: archstat summary {path}", given)
    return 0
