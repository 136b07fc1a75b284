"""What a recording looks like at one moment, for the live view, the heartbeat line and the closing word."""

from datetime import datetime

import msgspec

from forensics.model.credentials import CredentialStanding
from forensics.model.record import Gap


class StreamStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One open or ended stream."""

    stream: str
    """``SOURCE TARGET``, as in records."""
    number: int
    """The number that coverage records call it by."""
    opened_because: str
    """``wanted``, ``survey``, or the stream that led to it."""
    polled_at: datetime | None
    """Start of the last committed poll; None before the first."""
    lag_s: float | None
    """Seconds since then; for an idle stack since the last survey, which vouches for it."""
    is_busy: bool
    is_ended: bool
    facts: int
    """Facts written in this run."""
    open_gap: Gap | None
    refusal: str | None
    """The IAM action that is missing; None where nothing is refused."""
    trouble: str | None
    """AWS's words at the last failed poll; None after a good one, and where the site's pause says it."""


class SiteStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One way to AWS."""

    label: str
    region: str
    account: str | None
    """None until AWS has said it."""
    arn: str | None
    """Whose credentials are in use."""
    expires_at: datetime | None
    """When they end; None where their source does not say."""
    standing: CredentialStanding
    """Whether they renew themselves, need a person, or are refused."""
    paused_because: str | None
    """Why nothing of this site is polled now; None while it is."""
    paused_since: datetime | None
    look_gap: Gap | None = None
    """Open while nobody can look what the names and globs mean that it was asked for."""
    calls: int
    """API calls made in this run."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a person may ask about a running recording; immutable, taken by any thread."""

    at: datetime
    started_at: datetime
    sites: tuple[SiteStatus, ...]
    streams: tuple[StreamStatus, ...]
    """By number."""
    waiting_for: tuple[str, ...]
    """What was asked for and does not exist yet, as it was asked for."""
    records: int
    """Records written in this run."""
    polls: int
    calls: int
    archive_trouble: str | None
    """Why the archive cannot be written at the moment; None while it can."""
    buffered: int
    """Polls that wait in memory for the archive."""
    unkept: int = 0
    """Polls in this run that not even memory could take; AWS is asked for them again."""

    @property
    def open_gaps(self) -> tuple[Gap, ...]:
        """The intervals that are not covered at this moment."""
        found = (*(site.look_gap for site in self.sites), *(stream.open_gap for stream in self.streams))
        return tuple(gap for gap in found if gap is not None)

    @property
    def lag_s(self) -> float:
        """The longest lag of an open stream, seconds; 0 where there is none."""
        return max((s.lag_s for s in self.streams if s.lag_s is not None and not s.is_ended), default=0.0)

    @property
    def is_healthy(self) -> bool:
        """Whether everything that is wanted is being recorded now."""
        paused = any(site.paused_because for site in self.sites)
        return not (paused or self.archive_trouble or self.open_gaps)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a recording ended."""

    reason: str
    """``done``, ``stopped``, ``max-duration`` or ``aborted``."""
    head: str
    """Digest of the last record, hex: print it where nobody who can write the archive can change it."""
    records: int
    """Records written in this run."""
    polls: int
    calls: int
    gaps: int
    """Gaps that began in this run, open ones included; the archive's own count."""
    open_gaps: int
    """Streams that were not covered when it ended."""
    duration_s: float
