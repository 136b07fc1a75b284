"""Put the commands' own help into docs/reference/command-line.md; a test compares."""

import re
from pathlib import Path

import click

from forensics.cli.main import COMMANDS, root

PAGE = Path(__file__).parent / "reference/command-line.md"
WIDTH = 98
_BLOCK = re.compile(r"(<!-- help of (?P<name>[a-z ]+) -->\n)```text\n.*?```\n", re.DOTALL)


def help_of(name: str) -> str:
    """Return what ``NAME --help`` prints in a terminal of 100 columns, for ``forensics`` or a command."""
    parent = click.Context(
        root, info_name="forensics", terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    if name == "forensics":
        return root.get_help(parent)
    command = root.get_command(parent, name.removeprefix("forensics "))
    if command is None:
        raise LookupError(name)
    own = click.Context(command, parent=parent, info_name=command.name, **_settings(command))
    return command.get_help(own)


def in_step(page: str) -> str:
    """Return the page with each block of help as it is now."""
    return _BLOCK.sub(lambda found: f"{found[1]}```text\n{help_of(found['name'])}\n```\n", page)


def names() -> list[str]:
    """Return what there is help of."""
    return ["forensics", *(f"forensics {name}" for name in COMMANDS)]


def _settings(command: click.Command) -> dict[str, str]:
    return {"auto_envvar_prefix": str(command.context_settings["auto_envvar_prefix"])}


if __name__ == "__main__":
    PAGE.write_text(in_step(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
