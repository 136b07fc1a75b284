"""The `forensics` command: a table of commands loaded on use."""

import errno
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from forensics import __version__
from forensics.cli.streams import lead_nowhere
from forensics.errors import ForensicsError
from forensics.model.inert import inert

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "watch": ("forensics.cli.watch:watch", "Record what AWS says about stacks and services."),
    "run": ("forensics.cli.run:run", "Record while a command of yours runs."),
    "doctor": ("forensics.cli.doctor:doctor", "Find out whether a recording would work."),
    "credentials": ("forensics.cli.credentials:credentials", "Bring new credentials to a recording."),
    "iam-policy": ("forensics.cli.iam_policy:iam_policy", "Print the least IAM policy that recording needs."),
    "demo": ("forensics.cli.demo:demo", "Record an embedded incident; needs no AWS account."),
    "explain": ("forensics.cli.explain:explain", "Say what failed first, and why."),
    "diff": ("forensics.cli.diff:diff", "Hold a failed attempt against one that went well."),
    "report": ("forensics.cli.report:report", "Write what happened as a page for people."),
    "events": ("forensics.cli.inspect:events", "List what an archive holds."),
    "coverage": ("forensics.cli.coverage:coverage", "Say what was seen, and what is lost."),
    "import": ("forensics.cli.importing:import_", "Make an archive of saved AWS output."),
    "status": ("forensics.cli.status:status", "Say how well a recorder sees."),
    "verify": ("forensics.cli.verify:verify", "Check that an archive is whole."),
    "bundle": ("forensics.cli.bundle:bundle", "Make a redacted extract to attach to a ticket."),
    "repair": ("forensics.cli.repair:repair", "Make a whole archive from a damaged one."),
    "reveal": ("forensics.cli.reveal:reveal", "Turn the names in an answer from support back."),
    "sign": ("forensics.cli.sign:sign", "Sign an archive or a bundle."),
    "schema": ("forensics.cli.schema:schema", "Print the JSON Schema of a document."),
}
"""Each command: where it is defined, and its line in the help. Help shows without importing any of them."""

RECORDING = ("watch", "run", "doctor")
"""Commands whose flags share their variables: FORENSICS_ARCHIVE is the archive of all."""
# 128 + SIGINT and SIGPIPE; the module of their names, and those of rare words below, cost time at each start.
INTERRUPTED = 130
BROKEN_PIPE = 141


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the table: recording first, then reading."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        # `forensics.__main__` has turned the collector off for the start, which ends here.
        gc.freeze()
        gc.enable()
        # A FORENSICS_UNTIL meant for recording must not become the `--until` of `events`.
        prefix = "FORENSICS" if cmd_name in RECORDING else f"FORENSICS_{cmd_name.upper().replace('-', '_')}"
        command.context_settings.setdefault("auto_envvar_prefix", prefix)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.allow_from_autoenv:
                parameter.show_envvar = True
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with.

        Raises:
            click.UsageError: There is none of that name.
        """
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            near = importlib.import_module("difflib").get_close_matches(name, COMMANDS, n=1)
            asked = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {name!r}.{asked}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every flag of a command can also be set by the variable shown in that command's help.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def root() -> None:
    """A flight recorder for AWS deployments.

    It keeps what CloudFormation and ECS said, and says what it could not see.
    """


def run_command(args: Sequence[str] | None = None) -> int:
    """Run one command line; return its exit code.

    Args:
        args: The arguments without the program's name; None means those of this process.
    """
    try:
        with root.make_context("forensics", list(sys.argv[1:] if args is None else args)) as ctx:
            exit_code = root.invoke(ctx)
            sys.stdout.flush()
        return exit_code if isinstance(exit_code, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence: one sentence instead of a traceback
        return _explain(error)


def main() -> None:
    """Run the command line of this process and exit."""
    _fill_closed_streams()
    # A terminal that cannot show a character gets its escape, never a UnicodeEncodeError half-way.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run_command())


def _fill_closed_streams() -> None:
    """Let closed standard streams lead nowhere.

    A file opened later would take the place of a closed one: what somebody prints would land in an archive.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken: this very one. The command of `run` inherits it.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _explain(error: Exception) -> int:
    """Say what went wrong; return the exit code that stands for it."""
    match error:
        case ForensicsError():
            _say(error.message, error.hint)
            return error.exit_code
        case click.ClickException():
            return _refuse(error)
        case BrokenPipeError():
            return _drop_stdout()
        case OSError(errno=errno.ENOSPC):
            _drop_stdout()
            _say("the output cannot be written: no space is left", "make room, or write somewhere else")
            return 2
        case _:
            return _admit(error)


def _refuse(error: click.ClickException) -> int:
    """Say what is wrong with a command line, in one sentence."""
    ctx = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
    else:
        path = ctx.command_path if ctx else "forensics"
        _say(" ".join(error.format_message().split()), f"`{path} --help` lists what it takes")
    return error.exit_code


def _admit(error: Exception) -> int:
    """Say that something happened which nobody foresaw."""
    if os.environ.get("FORENSICS_DEBUG"):
        importlib.import_module("traceback").print_exc()
    _say(
        f"unforeseen {type(error).__name__}: {error}",
        "please report it with the output of the same command under FORENSICS_DEBUG=1",
    )
    return 255


def _drop_stdout() -> int:
    """End quietly: whoever read our output has left."""
    lead_nowhere(sys.stdout)
    return BROKEN_PIPE


def _say(message: str, hint: str | None) -> None:
    click.echo(f"forensics: {inert(message)}", err=True)
    if hint:
        click.echo(f"hint: {inert(hint)}", err=True)
