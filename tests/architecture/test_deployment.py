"""The image and the service start what there is, with flags that are known, and stop it in time."""

import configparser
import re
import shlex
from pathlib import Path

import click

from forensics.cli.attend import STOP_S
from forensics.cli.main import COMMANDS, root
from forensics.errors import ArchiveInUse, UsageError

ROOT = Path(__file__).parents[2]
DOCKERFILE = re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))


def service() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]
    parser.read(ROOT / "config/forensics.service")
    return parser["Service"]


def parses(words: list[str]) -> None:
    """Check that a command line is one of ours; nothing is run."""
    program, name, *args = words
    assert program == "forensics"
    assert name in COMMANDS
    command = root.get_command(click.Context(root), name)
    assert command is not None
    command.make_context(name, args)


def test_the_service_starts_a_command_that_there_is() -> None:
    env, *words = shlex.split(service()["ExecStart"])
    assert env == "/usr/bin/env"
    parses(words)


def test_the_service_waits_longer_than_an_orderly_end_takes() -> None:
    assert int(service()["TimeoutStopSec"]) > STOP_S


def test_the_service_is_not_started_again_where_only_a_person_can_help() -> None:
    codes = service()["RestartPreventExitStatus"].split()
    assert codes == [str(UsageError.exit_code), str(ArchiveInUse.exit_code)]


def test_the_service_may_write_where_it_records() -> None:
    words = shlex.split(service()["ExecStart"])
    archive = words[words.index("--archive") + 1]
    assert archive.startswith(f"/var/lib/{service()['StateDirectory']}/")


def test_what_the_image_is_built_from_is_there_and_not_left_out() -> None:
    """The .dockerignore lets in by name only: a file that it forgets is missing from the build."""
    let_in = re.findall(r"^!(\S+?)/?$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)
    copied = [words[1:-1] for line in DOCKERFILE.splitlines() if (words := line.split())[:1] == ["COPY"]]
    names = [name.rstrip("/") for words in copied for name in words if not words[0].startswith("--from")]
    assert len(names) >= 5
    for name in names:
        assert (ROOT / name).exists(), name
        assert name.split("/")[0] in let_in, name


def test_the_image_runs_and_checks_itself_with_commands_that_there_are() -> None:
    (default,) = re.findall(r'^CMD \["(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    (check,) = re.findall(r"^HEALTHCHECK .* CMD (.*)$", DOCKERFILE, re.MULTILINE)
    parses(["forensics", default])
    parses(shlex.split(check))


def test_the_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\d+):", DOCKERFILE, re.MULTILINE) == ["10001"]
