"""One recording with everybody around it: who shows it, who is told, who hears signals."""

import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from forensics.analysis.notable import Notable
from forensics.aws.pushed import Keys
from forensics.capture.options import CaptureOptions
from forensics.capture.status import Snapshot
from forensics.cli.face import Face
from forensics.cli.handover import Taken
from forensics.cli.listener import Listener
from forensics.cli.signals import ENDING, Signals
from forensics.cli.talker import Talker
from forensics.cli.telling import alarm_of, notice_of
from forensics.cli.wiring import Plan
from forensics.errors import SettingsError
from forensics.model.clock import SystemClock
from forensics.notify import Notifier, NotifyOptions
from forensics.settings import Settings

_TOLD_S = 3.0
"""Seconds that the last lines and the last notices may take after the recording has ended."""


class Session:
    """A recording that runs inside a ``with`` block; signals become its events there.

    Args:
        planned: What to record, checked.
        face: What shows it.
        options: Cadence and limits; None means those of the settings.

    Raises:
        ArchiveError: The archive cannot be written.
    """

    def __init__(self, planned: Plan, face: Face, options: CaptureOptions | None = None) -> None:
        self._planned = planned
        self._notifier = self._notifier_for(planned.settings.on_event)
        self._on_event = planned.settings.on_event
        self.archive = planned.settings.archive.directory
        """The archive's directory, as the person named it."""
        self.ends_at_rest = planned.settings.capture.until == "done"
        """Whether the person asked for an end as soon as all is at rest."""
        self.recorder = planned.recorder(self._tell, options)
        self._talker = Talker(self.recorder, face, SystemClock(), self._alarm)
        self._listener = Listener(Path(self.archive), self._take_credentials)
        self._takes_any_account = planned.settings.capture.allow_other_account
        self._signals = Signals((*ENDING, signal.SIGHUP), self.recorder.signal)

    def __enter__(self) -> Self:
        self._signals.__enter__()
        self._listener.open()
        self.recorder.start()
        self._talker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._talker.join(_TOLD_S)
        if self._notifier is not None:
            self._notifier.close(_TOLD_S)
        self._signals.__exit__(kind, error, trace)

    def reload(self, settings: Settings) -> None:
        """Go on with other settings, without missing a poll of what stays.

        Raises:
            UsageError: The settings cannot be used; nothing has changed.
            CredentialsAbsent: A profile does not exist; nothing has changed.
        """
        if settings.archive.directory != self.archive:
            raise SettingsError(
                f"the archive cannot change to {settings.archive.directory} while recording",
                hint="restart to record into another archive",
            )
        self.recorder.reload(self._planned.accounts.sites(settings), settings.capture)
        self._takes_any_account = settings.capture.allow_other_account
        if settings.on_event != self._on_event:
            former, self._on_event = self._notifier, settings.on_event
            self._notifier = self._notifier_for(settings.on_event)
            if former is not None:
                former.close(0.0)

    def _take_credentials(self, keys: Keys) -> list[Taken]:
        sites = () if self._takes_any_account else self.recorder.snapshot().sites
        return self._planned.accounts.adopt(keys, {site.label: site.account for site in sites})

    def _notifier_for(self, options: NotifyOptions) -> Notifier | None:
        return Notifier(options, self._planned.clock) if options.command else None

    def _tell(self, notable: Notable) -> None:
        notifier = self._notifier
        notice = notice_of(notable, self.archive) if notifier is not None else None
        if notifier is not None and notice is not None:
            notifier.tell(notice)

    def _alarm(self, snapshot: Snapshot, text: str) -> None:
        notifier = self._notifier
        if notifier is not None:
            notifier.tell(alarm_of(snapshot, text, self.archive))
