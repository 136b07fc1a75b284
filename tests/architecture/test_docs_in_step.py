"""The reference pages say what the program says."""

import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forensics.aws.choice import CredentialOptions
from forensics.settings import Settings, Target, load, parse

REPOSITORY = Path(__file__).parents[2]
COMMAND_LINE = REPOSITORY / "docs/reference/command-line.md"
SETTINGS_PAGE = REPOSITORY / "docs/reference/settings.md"
SETTINGS_FILE = REPOSITORY / "config/forensics.toml"
HELP: dict[str, Any] = runpy.run_path(str(REPOSITORY / "docs/help.py"))


def keys_of(options: msgspec.Struct, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each key that a settings file may hold, with its default."""
    for field in msgspec.structs.fields(options):
        here = f"{path}.{field.name}" if path else field.name
        value = getattr(options, field.name)
        if here == "targets":
            yield from ((f"targets.{name}", default) for name, default in keys_of(Target()))
        elif here == "credentials" and isinstance(options, Settings):
            yield from keys_of(CredentialOptions(), "credentials")
        elif here == "budget.rates":
            yield here, value
        elif isinstance(value, msgspec.Struct) and here != "budget.otherwise":
            yield from keys_of(value, here)
        else:
            yield here, value


KEYS = dict(keys_of(Settings()))


def test_the_command_line_page_holds_each_commands_help_as_it_is() -> None:
    page = COMMAND_LINE.read_text(encoding="utf-8")
    assert HELP["in_step"](page) == page, "run `python docs/help.py`"


@pytest.mark.parametrize("name", HELP["names"]())
def test_every_command_has_its_place_on_the_page(name: str) -> None:
    assert f"<!-- help of {name} -->\n" in COMMAND_LINE.read_text(encoding="utf-8")


def written_default(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple() if not value:
            return "`[]`"
        case int() | float():
            return f"`{value:g}`" if value < 1e6 else f"`{value:.0f}`"
        case _:
            return "below"


def test_the_settings_page_has_every_key_with_its_default() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| (.*?) \|", SETTINGS_PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert dict(rows) == {key: written_default(default) for key, default in KEYS.items()}


def test_the_settings_file_says_the_defaults() -> None:
    """Whoever copies it changes nothing until they change something."""
    assert load(SETTINGS_FILE) == Settings()


def test_the_settings_file_has_every_key() -> None:
    """Also those that are off by default: they stand behind a #."""
    text = SETTINGS_FILE.read_text(encoding="utf-8")
    shown = re.sub(r"^# (?=[a-z_]+ = |\[\[)", "", text, flags=re.MULTILINE)
    everything = tomllib.loads(shown)
    assert parse(everything).targets[0].name == "production"
    target = everything["targets"][0]
    # No source has all keys: each has those of its kind.
    everything["credentials"] = {name for source in everything["credentials"] for name in source}
    for key in KEYS:
        section, _, name = key.partition(".")
        assert name in (target if section == "targets" else everything[section]), key
