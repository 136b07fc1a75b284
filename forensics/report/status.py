"""How well a recorder sees: its health as values, as JSON and as text."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from forensics.analysis.blindness import reason_of
from forensics.analysis.wording import credentials_sentence, stream_name
from forensics.archive.ending import find_ending
from forensics.archive.reader import Archive
from forensics.archive.segment import numbers_in, segment_name
from forensics.archive.streams import ArchiveState, StreamState
from forensics.model.clock import from_rfc3339
from forensics.model.record import Gap, JsonObject
from forensics.model.times import format_duration
from forensics.report.count import counted
from forensics.report.ink import Ink
from forensics.report.wrap import wrap

_BEATS_MISSED = 2
_GRACE_S = 15.0
"""A recorder that writes nothing for two heartbeats and a little is not well."""
STREAMS_SHOWN = 20
"""More streams than this are summarised by source."""


class StreamReport(msgspec.Struct, frozen=True, kw_only=True):
    """One stream's standing."""

    stream: str
    polled_at: str | None
    lag_s: float | None
    """Seconds since its last durable poll; after the recorder's end, up to that end. None before any poll."""
    facts: int
    gaps: int
    open_gap: Gap | None
    refusal: str | None
    """The IAM action that AWS refuses."""
    is_ended: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The document of ``forensics status -o json``."""

    schema_version: int = 1
    archive: str
    archive_id: str
    created: str
    is_alive: bool
    pid: int | None
    """Of the recorder; None where none is at work, 0 where its number is not known."""
    is_healthy: bool
    problems: tuple[str, ...]
    """Why it is not healthy, one sentence each."""
    run: JsonObject | None
    """The last forensics.run."""
    last_poll: str | None
    """The newest durable poll of any stream."""
    longest_lag_s: float | None
    streams: tuple[StreamReport, ...]
    open_gaps: tuple[Gap, ...]
    gap_count: int
    identities: tuple[JsonObject, ...]
    """Whose credentials were last in use, for each account and region, with ``expires_at``."""
    credentials: tuple[JsonObject, ...]
    """How each site's credentials were last said to stand: ``state`` is renews, needs-person or denied."""
    records: int
    types: dict[str, int]
    segments: int
    size_bytes: int
    head: str
    """The head digest: ``forensics verify --expect`` checks it."""


def report(archive: Archive, *, now: datetime, max_lag: timedelta) -> Report:
    """Return how a recorder stands.

    Args:
        archive: The archive that it writes, or wrote.
        now: The time to count lag to while it is at work.
        max_lag: A longer lag of a stream that has not ended is unhealthy.
    """
    state = archive.state()
    pid = archive.holder()
    until = now if pid is not None else _moment(state.last_recorded) or now
    streams = tuple(_stream(name, stream, until) for name, stream in state.streams.items())
    lags = [item.lag_s for item in streams if item.lag_s is not None and not item.is_ended]
    numbers = numbers_in(archive.segments.names())[0]
    problems = tuple(_problems(streams, state, now, is_alive=pid is not None, max_lag=max_lag))
    return Report(
        archive=str(archive.path),
        archive_id=archive.archive_id,
        created=archive.created,
        is_alive=pid is not None,
        pid=pid,
        is_healthy=not problems,
        problems=problems,
        run=state.run,
        last_poll=max((item.polled_at for item in streams if item.polled_at), default=None),
        longest_lag_s=max(lags, default=None),
        streams=streams,
        open_gaps=tuple(item.open_gap for item in streams if item.open_gap is not None),
        gap_count=state.gap_count,
        identities=tuple(state.identities.values()),
        credentials=tuple(state.credentials.values()),
        records=state.records,
        types=state.types,
        segments=len(numbers),
        size_bytes=sum(_size(archive, number) for number in numbers),
        head=head_of(archive),
    )


def head_of(archive: Archive) -> str:
    """Return the digest that vouches for every record written so far; "" for an archive without any.

    It is that of the newest segment's whole lines, as `verify` computes it for all of them.
    """
    ending = find_ending(archive.segments)
    for number in reversed(ending.unsealed):
        digest = hashlib.sha256()
        size_bytes = 0
        with archive.segments.open(segment_name(number)) as file:
            for line in file:
                if line.endswith(b"\n"):
                    digest.update(line)
                    size_bytes += len(line)
        if size_bytes:
            return digest.hexdigest()
    return ending.sealed.seal.sha256 if ending.sealed else ""


def lines(found: Report, ink: Ink, *, now: datetime) -> Iterator[str]:
    """Yield the report as text, without line feeds."""
    verdict = "healthy" if found.is_healthy else "NOT HEALTHY"
    yield ink.paint(verdict, "bold", "green" if found.is_healthy else "red")
    for problem in found.problems:
        yield from wrap(problem, ink.width, indent="    ", first="  - ")
    for label, text in _rows(found, now):
        yield from wrap(text, ink.width, indent=" " * 13, first=f"{label:<13}")
    for gap in found.open_gaps[:STREAMS_SHOWN]:
        text = f"{stream_name(gap.stream)}: not watched since {gap.since} ({reason_of(gap)})"
        yield from wrap(text, ink.width, indent=" " * 13, first=f"{'open gap':<13}")
    yield from _stream_lines(found, ink)


def _rows(found: Report, now: datetime) -> Iterator[tuple[str, str]]:
    yield (
        "archive",
        f"{found.archive} ({found.archive_id}, created {found.created or 'at a time that is lost'})",
    )
    yield "recorder", _recorder(found)
    open_count = sum(1 for item in found.streams if not item.is_ended)
    lag = "" if found.longest_lag_s is None else f"; longest lag {_seconds(found.longest_lag_s)}"
    yield "streams", f"{open_count} open, {len(found.streams) - open_count} ended{lag}"
    yield "last poll", found.last_poll or "none yet"
    yield "gaps", f"{found.gap_count}, {len(found.open_gaps)} of them open"
    for who in found.identities:
        yield "identity", _identity(who, now)
    # Whom nobody records with any more, nobody needs to renew.
    for said in found.credentials if found.is_alive else ():
        yield "credentials", _credentials(said, now)
    refused = sorted({item.refusal for item in found.streams if item.refusal})
    if refused:
        yield "refused", ", ".join(refused)
    yield "records", f"{found.records:,} in {counted(found.segments, 'segment')}, {found.size_bytes:,} bytes"
    yield "head", found.head or "none yet"


def _recorder(found: Report) -> str:
    run = found.run or {}
    name = f"run {run.get('run', '?')}" if run else "no run"
    if found.is_alive:
        return f"at work, process {found.pid or 'of unknown number'}, {name}"
    phase = run.get("phase")
    end = f"ended {run.get('at', '')}" if phase == "ended" else "it ended without saying so"
    return f"not at work; {name}, {end}" if run else "not at work"


def _identity(who: JsonObject, now: datetime) -> str:
    text = f"{who.get('arn', '?')} in {who.get('region', '?')} from {who.get('source', '?')}"
    expires_at = who.get("expires_at")
    if not isinstance(expires_at, str):
        return f"{text}, end not known"
    moment = _moment(expires_at)
    left = moment - now if moment else None
    if left is None:
        return f"{text}, ends {expires_at}"
    when = f"in {format_duration(left)}" if left > timedelta(0) else "that is over"
    return f"{text}, ends {expires_at} ({when})"


def _credentials(said: JsonObject, now: datetime) -> str:
    expires_at = str(said.get("expires_at") or "")
    moment = _moment(expires_at)
    left = moment - now if moment else None
    ends = ""
    if left is not None:
        ends = (
            f"end at {expires_at}, in {format_duration(left)}"
            if left > timedelta(0)
            else f"ended at {expires_at}"
        )
    sentence = credentials_sentence(
        state=str(said.get("state", "")),
        source=str(said.get("source", "")),
        ends=ends,
        works=said.get("works") is True,
        command=str(said.get("command") or ""),
        detail=str(said.get("detail") or ""),
    )
    return f"{said.get('site', '?')}: {sentence}"


def _stream_lines(found: Report, ink: Ink) -> Iterator[str]:
    if not found.streams:
        return
    if len(found.streams) > STREAMS_SHOWN:
        yield from _by_source(found, ink)
        return
    yield ink.paint(f"{'LAG':<8} {'FACTS':>8}  STREAM", "bold")
    for item in found.streams:
        lag = "ended" if item.is_ended else "never" if item.lag_s is None else _seconds(item.lag_s)
        refusal = f", refused {item.refusal}" if item.refusal else ""
        text = f"{stream_name(item.stream)}{refusal}"
        yield from wrap(text, ink.width, indent=" " * 19, first=f"{lag:<8} {item.facts:>8}  ")


def _by_source(found: Report, ink: Ink) -> Iterator[str]:
    yield ink.paint(f"{'LAG':<8} {'FACTS':>8} {'STREAMS':>8} {'ENDED':>6}  SOURCE", "bold")
    sources = dict.fromkeys(item.stream.partition(" ")[0] for item in found.streams)
    for source in sources:
        items = [item for item in found.streams if item.stream.partition(" ")[0] == source]
        lags = [item.lag_s for item in items if item.lag_s is not None and not item.is_ended]
        lag = _seconds(max(lags)) if lags else "-"
        facts, ended = sum(item.facts for item in items), sum(item.is_ended for item in items)
        yield from wrap(source, ink.width, first=f"{lag:<8} {facts:>8} {len(items):>8} {ended:>6}  ")


def _stream(name: str, stream: StreamState, until: datetime) -> StreamReport:
    polled_at = _moment(stream.polled_at)
    return StreamReport(
        stream=name,
        polled_at=stream.polled_at,
        lag_s=None if polled_at is None else max(0.0, round((until - polled_at).total_seconds(), 3)),
        facts=stream.facts,
        gaps=stream.gaps,
        open_gap=stream.open_gap,
        refusal=stream.refusal,
        is_ended=stream.is_ended,
    )


def _problems(
    streams: tuple[StreamReport, ...],
    state: ArchiveState,
    now: datetime,
    *,
    is_alive: bool,
    max_lag: timedelta,
) -> Iterator[str]:
    if not is_alive:
        yield "no recorder is at work on this archive"
        return
    yield from _silence(state, now)
    for said in state.credentials.values():
        if said.get("detail"):
            yield f"credentials of {_credentials(said, now)}"
    late = [item for item in streams if not item.is_ended and (item.lag_s or 0.0) > max_lag.total_seconds()]
    if late:
        worst = max(late, key=lambda item: item.lag_s or 0.0)
        yield (
            f"{counted(len(late), 'stream')} behind by more than {format_duration(max_lag)}: "
            f"{stream_name(worst.stream)} by {_seconds(worst.lag_s or 0.0)}"
        )
    blind = [item for item in streams if item.open_gap is not None and not item.is_ended]
    if blind:
        reasons = ", ".join(sorted({reason_of(item.open_gap) for item in blind if item.open_gap}))
        yield f"{counted(len(blind), 'stream')} cannot be watched now ({reasons}){_why(blind, state)}"


def _why(blind: Sequence[StreamReport], state: ArchiveState) -> str:
    """Return what keeps streams from being watched, where no word on the credentials says it.

    A clock that is off stands nowhere else.
    """
    if any(standing.get("detail") for standing in state.credentials.values()):
        return ""
    return next((f": {item.open_gap.detail}" for item in blind if item.open_gap and item.open_gap.detail), "")


def _silence(state: ArchiveState, now: datetime) -> Iterator[str]:
    """Yield that nothing has been written for longer than the recorder ever leaves between two records."""
    beat_s = (state.run or {}).get("coverage_s")
    written_at = _moment(state.last_recorded)
    if written_at is None or not isinstance(beat_s, int | float):
        return
    silent_s = (now - written_at).total_seconds()
    if silent_s > _BEATS_MISSED * beat_s + _GRACE_S:
        yield (
            f"nothing has been written for {_seconds(silent_s)}: the disk may be full or the recorder stuck; "
            "its own log says which"
        )


def _seconds(length_s: float) -> str:
    return format_duration(timedelta(seconds=length_s))


def _moment(text: str | None) -> datetime | None:
    try:
        return from_rfc3339(text) if text else None
    except ValueError:
        return None


def _size(archive: Archive, number: int) -> int:
    with archive.segments.open(segment_name(number)) as file:
        return file.seek(0, 2)
