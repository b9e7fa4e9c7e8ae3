"""archstat completion: what a shell needs to complete commands, networks and layers."""

import click

from archstat.cli.command import Command
from archstat.cli.options import Given, common

EXAMPLES = """
eval "$(archstat completion bash)"             in ~/.bashrc
eval "$(archstat completion zsh)"              in ~/.zshrc
archstat completion fish > ~/.config/fish/completions/archstat.fish
"""


@click.command(cls=Command, examples=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
@common("file")
def command(given: Given, shell: str) -> int:
    """Print the script that makes a shell complete commands, options, networks and layers.

    SHELL is bash, zsh or fish.
    """
    from click.shell_completion import get_completion_class

    from archstat.cli.main import program
    from archstat.cli.output import send_text

    found = get_completion_class(shell)
    assert found is not None
    completer = found(program, {}, "archstat", "_ARCHSTAT_COMPLETE")
    # Not source(): in bash's it runs bash to ask for its version.
    send_text(given, completer.source_template % completer.source_vars())
    return 0
