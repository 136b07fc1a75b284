"""The composition root: settings made into doors, an open archive and a recording."""

import os
import re
import secrets
import shlex
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from forensics import __version__
from forensics.analysis.notable import Notable
from forensics.archive.writer import Writer
from forensics.aws.budget import Budget
from forensics.aws.client import Client
from forensics.aws.pushed import Keys
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site, check
from forensics.cli.aside import Aside
from forensics.cli.handover import PUSH, Taken
from forensics.cli.old_segments import OldSegments
from forensics.cli.recorder import Recorder
from forensics.errors import ForensicsError, UsageError
from forensics.model.clock import Clock
from forensics.settings import Settings, Target, check_labels

TOOL = f"forensics {__version__}"
_OF_TARGET = (
    "profile", "region", "endpoint_url", "role_arn", "external_id", "session_name", "role_duration_s",
)  # fmt: skip


class Accounts:
    """The doors of this process: targets of one account share its budget, also after a reload.

    Args:
        clock: What budgets and deadlines run on.
        abort: Once set, no call waits any more.
    """

    def __init__(self, clock: Clock, abort: threading.Event) -> None:
        self._clock = clock
        self._abort = abort
        self._budgets: dict[tuple[str | None, str | None], Budget] = {}
        self._doors: dict[str, Client] = {}

    def sites(self, settings: Settings) -> list[Site]:
        """Return a site for each target, checked; asks AWS nothing.

        Raises:
            UsageError: There is nothing to watch, something can never match, or a region is missing.
            CredentialsAbsent: A profile does not exist.
        """
        targets = [_complete(target, settings) for target in settings.targets]
        if not targets:
            raise UsageError(
                "nothing to watch",
                hint="name it with --stack, --cluster or --service, or in a file given with --settings",
            )
        check_labels(targets)
        return [self._site(target, settings) for target in targets]

    def adopt(self, keys: Keys, accounts: Mapping[str, str | None]) -> list[Taken]:
        """Let every target whose account handed-over credentials are of sign with them.

        Args:
            keys: The credentials.
            accounts: The only account that each target takes, by its label; without one it takes any.

        Returns:
            What each target did with them.
        """
        doors = list(self._doors.items())
        return [_adopted(label, door, keys, accounts.get(label)) for label, door in doors]

    def _site(self, target: Target, settings: Settings) -> Site:
        wanted = target.wanted()
        check(wanted)
        _check_url(target.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"))
        door = Client(
            replace(settings.aws, **{name: getattr(target, name) for name in _OF_TARGET}),
            self._clock,
            self._budget(target, settings),
            credentials=target.credentials or settings.credentials,
            rescue=push_command(settings.archive.directory),
            stop=self._abort,
        )
        check(wanted, region=door.region)
        former = self._doors.get(target.label())
        if former is not None:
            door.succeed(former)
        self._doors[target.label()] = door
        return Site(label=target.label(), door=door, wanted=wanted)

    def _budget(self, target: Target, settings: Settings) -> Budget:
        # Which account a profile leads to is not known before AWS has answered; one profile has one.
        return self._budgets.setdefault((target.profile, target.endpoint_url), Budget(settings.budget))


def _adopted(label: str, door: Client, keys: Keys, account: str | None) -> Taken:
    try:
        return Taken(target=label, account=door.adopt(keys, account=account))
    except ForensicsError as error:
        return Taken(target=label, error=error.message, hint=error.hint or "")


def _check_url(url: str | None) -> None:
    """Refuse what can never answer; without this the recording would wait for it for ever.

    Raises:
        UsageError: It is no URL.
    """
    if url and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        raise UsageError(
            f"{url!r} is no endpoint URL",
            hint="write it whole, such as http://127.0.0.1:4566 (--endpoint-url, AWS_ENDPOINT_URL)",
        )


def _complete(target: Target, settings: Settings) -> Target:
    """Return the target with what `[aws]` says where it says nothing itself."""
    return replace(
        target,
        **{name: _first(getattr(target, name), getattr(settings.aws, name)) for name in _OF_TARGET},
    )


def _first(own: Any, shared: Any) -> Any:
    return shared if own is None else own


def push_command(archive: str) -> str:
    """Return what a person types, wherever they are, to hand credentials to the recorder of an archive."""
    return f"{PUSH} --archive {shlex.quote(os.path.abspath(archive))}"  # noqa: PTH100  no link is followed


def open_archive(settings: Settings, clock: Clock) -> Aside:
    """Open the archive that the settings name, for this process alone.

    Raises:
        ArchiveError: The subclass says why it cannot be written.
    """
    run = secrets.token_hex(16)
    directory = Path(settings.archive.directory)
    writer = Writer.open(directory, clock=clock, run=run, tool=TOOL, options=settings.archive)
    return Aside(writer, run, OldSegments(settings.retention, directory, clock))


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that could start: everything is valid, nothing has been touched."""

    settings: Settings
    clock: Clock
    accounts: Accounts
    sites: Sequence[Site]
    abort: threading.Event

    def recorder(
        self, listener: Callable[[Notable], object] | None = None, options: CaptureOptions | None = None
    ) -> Recorder:
        """Open the archive and return a recording that is ready to start.

        Args:
            listener: Told of each notable record; must return at once.
            options: Cadence and limits; None means those of the settings.

        Raises:
            ArchiveError: The archive cannot be written.
        """
        return Recorder(
            sites=self.sites,
            writer=open_archive(self.settings, self.clock),
            clock=self.clock,
            options=options or self.settings.capture,
            listener=listener,
            abort=self.abort,
        )


def plan(settings: Settings, clock: Clock) -> Plan:
    """Check the settings as a whole and make the doors; nothing is asked, nothing is written.

    Raises:
        UsageError: There is nothing to watch, something can never match, or a region is missing.
        CredentialsAbsent: A profile does not exist.
    """
    abort = threading.Event()
    accounts = Accounts(clock, abort)
    return Plan(
        settings=settings, clock=clock, accounts=accounts, sites=accounts.sites(settings), abort=abort
    )
