"""The README says what is true: its commands exist, and its excerpt is what the program prints."""

import re
import shlex
from pathlib import Path

import click
import pytest

from forensics.analysis.diagnose import diagnose
from forensics.archive.reader import Archive
from forensics.archive.writer import Writer
from forensics.cli.main import COMMANDS, root
from forensics.demo import incident
from forensics.report.explain import page
from forensics.report.ink import PLAIN_WIDTH, Ink
from tests.support.clock import ManualClock

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
EXCERPT = re.compile(r"<!-- demo: [^\n]*-->\n```text\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(program: str) -> list[list[str]]:
    """Return the words of each command line in the README that begins with a program."""
    lines = [line.removeprefix("$ ") for block in CONSOLE.findall(README) for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [line[1:] for line in words if line and line[0] == program]


@pytest.mark.parametrize("words", commands("forensics"), ids=" ".join)
def test_each_forensics_command_of_the_readme_is_one(words: list[str]) -> None:
    """Flags and arguments are parsed as the program does it; nothing is run."""
    name, *args = words
    assert name in COMMANDS
    command = root.get_command(click.Context(root), name)
    assert command is not None
    assert command.make_context(name, list(args), resilient_parsing=False).params


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_each_make_target_of_the_readme_is_one(words: list[str]) -> None:
    assert re.search(rf"^{words[0]}:", MAKEFILE, re.MULTILINE)


def test_the_readme_shows_the_two_commands_first_and_the_main_ones() -> None:
    """Without this the tests above could pass on a README that shows nothing."""
    assert [words[0] for words in commands("make")][:2] == ["demo", "test"]
    shown = {words[0] for words in commands("forensics")}
    assert shown >= {"watch", "run", "explain", "events", "status", "verify"}


def test_the_readme_shows_how_the_demo_is_explained(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "archive", clock=ManualClock(), run="readme", tool="test")
    writer.append(incident.facts())
    writer.close()
    diagnosis = diagnose(Archive.open(tmp_path / "archive").records())
    printed = list(page(diagnosis, Ink(width=PLAIN_WIDTH, has_colour=False)))
    shown = EXCERPT.findall(README)
    assert len(shown) == 1
    excerpt = shown[0].splitlines()
    assert len(excerpt) >= 5
    assert excerpt == printed[: len(excerpt)]


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_each_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (REPOSITORY / link).exists()
