"""What a recording says where nobody watches a terminal: one line a fact, none with a control character."""

from datetime import datetime, timedelta

from forensics.analysis.notable import Notable
from forensics.capture.status import Outcome, SiteStatus, Snapshot
from forensics.model.clock import to_rfc3339
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS
from forensics.model.inert import inert
from forensics.model.times import format_duration
from forensics.report.count import counted

_PATIENCE = timedelta(seconds=5)
"""How long AWS may take to tell whose credentials they are before that is worth saying."""


def event_line(notable: Notable) -> str:
    """Return one notable record as a line, AWS's own words whole."""
    return f"{inert(notable.at)}  {notable.severity:<7}  {inert(notable.text)}"


def heartbeat_line(snapshot: Snapshot) -> str:
    """Return a line that says that the recorder is alive, and how well it sees."""
    open_streams = [stream for stream in snapshot.streams if not stream.is_ended]
    parts = [
        counted(len(open_streams), "stream"),
        f"lag {format_duration(timedelta(seconds=snapshot.lag_s))}",
        counted(snapshot.records, "record"),
        counted(len(snapshot.open_gaps), "open gap"),
        *_credentials(snapshot),
        *_waiting(snapshot),
        *troubles(snapshot),
    ]
    word = "recording" if snapshot.is_healthy else "TROUBLE"
    return f"{_at(snapshot.at)}  {word:<9}  {inert('; '.join(parts))}"


def trouble_line(at: datetime, text: str) -> str:
    """Return a line that says what keeps us from recording since a moment."""
    return f"{_at(at)}  {'TROUBLE':<9}  {inert(text)}"


def head_line(head: str, when: str = "", *, is_notice: bool = False) -> str:
    """Return a line with a head digest, for a log that nobody can change afterwards.

    Args:
        head: The digest.
        when: What it stands for; "" at the end, where it stands for the whole archive.
        is_notice: Whether GitHub shows it among a job's annotations.
    """
    text = f"head {head} ({when})" if when else f"head {head}"
    return f"::notice title=forensics head::{text}" if is_notice else text


def closing_lines(outcome: Outcome, archive: str, *, is_github: bool = False) -> list[str]:
    """Return the last lines: what was recorded, the head digest, where the archive is.

    The digest is the only proof against somebody who can write the archive: it belongs into a log that
    they cannot change, and on GitHub among a job's annotations.
    """
    gaps = counted(outcome.gaps, "gap") + (f", {outcome.open_gaps} still open" if outcome.open_gaps else "")
    length = format_duration(timedelta(seconds=outcome.duration_s))
    return [
        f"recorded {counted(outcome.records, 'record')} in {length} ({outcome.reason}): "
        f"{outcome.polls} polls, {outcome.calls} calls, {gaps}",
        head_line(outcome.head, is_notice=is_github),
        f"archive {inert(archive)}",
    ]


def troubles(snapshot: Snapshot) -> list[str]:
    """Return what keeps the recorder from seeing now, each cause once, the widest first."""
    found = list(urgent_troubles(snapshot).values())
    if not found:
        words = [stream.trouble for stream in snapshot.streams if stream.trouble and not stream.is_ended]
        found = [f"{counted(words.count(word), 'stream')}: {word}" for word in dict.fromkeys(words)]
    return found


def urgent_troubles(snapshot: Snapshot) -> dict[str, str]:
    """Return the troubles of the recording as a whole, by a cause that stays while the words change.

    A cause begins with what it concerns, which `concern_of` returns.
    """
    found = {}
    if snapshot.archive_trouble:
        verb = "waits" if snapshot.buffered == 1 else "wait"
        waiting = f"{counted(snapshot.buffered, 'poll')} {verb} in memory{_unkept(snapshot)}"
        found["the archive\t"] = f"archive: {snapshot.archive_trouble}; {waiting}"
    for site in snapshot.sites:
        if site.paused_because:
            found[f"{site.label}\t{site.standing.state}"] = f"{site.label}: {_why_paused(site)}"
        elif site.account is None and snapshot.at - snapshot.started_at > _PATIENCE:
            found[f"{site.label}\tsilent"] = f"{site.label}: AWS ({site.region}) has not answered yet"
    return found


def _unkept(snapshot: Snapshot) -> str:
    return f", {snapshot.unkept} could not be kept and are read again" if snapshot.unkept else ""


def concern_of(cause: str) -> str:
    """Return what a cause of trouble concerns: a target, or the archive."""
    return cause.partition("\t")[0]


def relief_line(at: datetime, concern: str) -> str:
    """Return a line that says that a trouble is over."""
    return f"{_at(at)}  {'recording':<9}  {inert(concern)}: works again, recording goes on"


def _why_paused(site: SiteStatus) -> str:
    """Return what keeps a site from being polled, and what to type where a person is needed."""
    standing, why = site.standing, site.paused_because or ""
    if standing.state == DENIED:
        return (
            f"AWS refuses the credentials ({standing.source}); it is not recorded until that changes: {why}"
        )
    if standing.state == NEEDS_PERSON and standing.detail:
        act = f"run `{standing.command}`" if standing.command else "bring new ones"
        return f"the credentials have ended ({standing.source}); it is not recorded until you {act}: {why}"
    return f"paused: {why}"


def _credentials(snapshot: Snapshot) -> list[str]:
    """Return when the first credentials end, and whether a person is needed then."""
    first = first_to_end(snapshot)
    if first is None or first.expires_at is None:
        return []
    left = first.expires_at - snapshot.at
    if first.standing.state == RENEWS:
        return ["credentials renew themselves"]
    if left <= timedelta(0):
        return ["credentials have ended"]
    command = first.standing.command
    act = f", then run `{command}`" if command else ", then a person is needed"
    return [f"credentials end in {format_duration(left)}{act}"]


def first_to_end(snapshot: Snapshot) -> SiteStatus | None:
    """Return the site whose credentials end first, those that only a person renews before all others."""
    ending = [site for site in snapshot.sites if site.expires_at is not None]
    return min(ending, key=lambda site: (site.standing.state == RENEWS, site.expires_at), default=None)


def _waiting(snapshot: Snapshot) -> list[str]:
    return [f"waiting for {', '.join(snapshot.waiting_for)}"] if snapshot.waiting_for else []


def _at(moment: datetime) -> str:
    return to_rfc3339(moment)
