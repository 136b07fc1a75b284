"""What the answers of one poll do: facts into the archive first, then the streams move on."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from forensics.capture import cadence, gaps
from forensics.capture.book import WANTED, Overflow, Watched
from forensics.capture.discovery import missing
from forensics.capture.finding import found_by
from forensics.capture.outage import is_sure_whose, pause
from forensics.capture.poll import Polled
from forensics.capture.recording import Errand, Recording
from forensics.errors import AccessDenied, AwsError, NotFound, Undecodable
from forensics.model.identity import Stream
from forensics.model.record import Fact, Gap
from forensics.sources.base import Batch, Failed, Position

ACTIVITY = frozenset({"aws.cloudformation.stack_event", "aws.ecs.deployment", "aws.ecs.service_deployment"})
"""Facts whose own time shows that something was deployed."""

_BIRTHS = frozenset({"CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
"""What a stack's first event says: a walk that meets one has read everything."""
_BACKOFF_JITTER = 0.5
_MOST_COUNTED = 100_000
"""Facts of one stream that are counted while they cannot be kept; more would fill the memory."""


class _Step(msgspec.Struct, kw_only=True, eq=False):
    """What one answer comes to, before anything is written."""

    watched: Watched
    answer: Batch | Failed
    facts: list[Fact]
    gap: Gap | None = None
    position: Position | None = None
    fresh: list[Watched] = msgspec.field(default_factory=list)
    is_doubtful: bool = False
    """It says that the target is gone, and may have been asked with credentials of another account."""

    @property
    def batch(self) -> Batch | None:
        """The answer where it is a good one."""
        return self.answer if isinstance(self.answer, Batch) and not self.is_doubtful else None


def take(recording: Recording, polled: Polled) -> None:
    """Write what a poll brought, then let its streams move on.

    Answers for streams that nobody asks for any more are dropped. Where the archive takes nothing, no stream
    moves: the same facts come again with a later poll.
    """
    poll = polled.poll
    recording.polls += 1
    recording.calls += polled.calls
    if polled.bug is not None:
        recording.log.error("source broke", source=poll.source.name, error=polled.bug)
    steps = []
    for answer in polled.answers:
        watched = recording.book.get(answer.stream)
        if watched is not None and watched.is_in_flight and watched.site == poll.site:
            watched.is_in_flight = False
            steps.append(_prepare(recording, polled, watched, answer))
    if _write(recording, polled, steps):
        _advance(recording, polled, steps)
    else:
        _hold_back(recording, steps)


def _prepare(recording: Recording, polled: Polled, watched: Watched, answer: Batch | Failed) -> _Step:
    if _is_end(answer) and not is_sure_whose(recording.sites[watched.site], polled.poll.at_s):
        # Credentials of another account find nothing here: no reason to believe that it is gone.
        return _Step(watched=watched, answer=answer, facts=[], is_doubtful=True)
    if isinstance(answer, Failed):
        return _prepare_failed(recording, watched, answer)
    batch = answer
    # A target that is gone already loses nothing more, however often it is asked for.
    own = None if batch.is_ended and watched.has_ended else batch.gap
    reaches_to = _reach_of_first(watched, batch)
    gap = gaps.closed(_closable(watched, polled), own, polled.poll.at, reaches_to=reaches_to)
    gap = _with_overflow(gap, watched.overflow, batch)
    position = watched.source.fold_all(watched.position, batch.facts)
    facts = list(batch.facts)
    if gap is not None:
        facts.append(recording.mint.gap(watched.stream.target, gap))
    fresh, opening = found_by(recording, watched, batch)
    facts += opening
    facts += _refusals(recording, watched, batch)
    if batch.is_ended and not _may_return(watched):
        facts.append(recording.mint.ended(watched.stream, watched.number, "nothing can come any more"))
    return _Step(watched=watched, answer=batch, facts=facts, gap=gap, position=position, fresh=fresh)


def _is_end(answer: Batch | Failed) -> bool:
    if isinstance(answer, Failed):
        return isinstance(answer.error, NotFound)
    return answer.is_ended and not answer.facts


def _closable(watched: Watched, polled: Polled) -> Gap | None:
    """Return the open gap, as far as a poll ends it: not one that began after the poll did."""
    return watched.open_gap if polled.poll.at_s >= watched.blind_until_s else None


def _reach_of_first(watched: Watched, batch: Batch) -> datetime | None:
    """Return how far back a first poll reached; None for later ones, which join or say that they do not."""
    # The survey lists what is, and leaves what was to the stacks' own streams.
    if watched.polled_at is not None or watched.stream.source == cadence.SURVEY:
        return None
    oldest = batch.facts[0].data if batch.facts else None
    if isinstance(oldest, dict) and oldest.get("ResourceStatus") in _BIRTHS:
        return None
    return batch.covers_from


def _prepare_failed(recording: Recording, watched: Watched, failed: Failed) -> _Step:
    error = failed.error
    facts: list[Fact] = []
    if isinstance(error, Undecodable):
        limit = recording.options.undecodable_bytes
        facts.append(recording.mint.undecodable(watched.stream, error, limit_bytes=limit))
    if isinstance(error, AccessDenied) and watched.refusal is None:
        facts.append(recording.mint.refused(str(watched.stream), error, is_optional=False))
    if isinstance(error, NotFound):
        if _is_over(watched):
            if watched.polled_at is not None or watched.open_gap is not None:
                since, until = watched.polled_at or watched.opened_at, recording.now()
                gone = gaps.vanished(str(watched.stream), watched.open_gap, since, until, error.message)
                facts.append(recording.mint.gap(watched.stream.target, gone))
            facts.append(recording.mint.ended(watched.stream, watched.number, error.message))
        return _Step(watched=watched, answer=failed, facts=facts)
    gap = watched.open_gap or gaps.opened(
        str(watched.stream),
        watched.polled_at or watched.opened_at,
        gaps.reason_of(error),
        detail=error.message,
    )
    is_newly_refused = isinstance(error, AccessDenied) and watched.refusal is None
    if is_newly_refused:
        # Whatever opened the gap: its end is the end of the refusal too, for whoever reads the archive.
        gap = replace(gap, reason=gaps.reason_of(error), detail=error.message[:500])
    if is_newly_refused or not watched.is_gap_recorded:
        facts.append(recording.mint.gap(watched.stream.target, gap))
    return _Step(watched=watched, answer=failed, facts=facts, gap=gap)


def _is_over(watched: Watched) -> bool:
    """Return whether a target that AWS does not know was there before and will not come back."""
    return (watched.polled_at is not None or watched.is_gone) and not _may_return(watched)


def _may_return(watched: Watched) -> bool:
    # A service or cluster made again under its name has the ARN of the one before; a stack never does.
    return watched.opened_because == WANTED and watched.stream.source != "stack_events"


def _refusals(recording: Recording, watched: Watched, batch: Batch) -> list[Fact]:
    known = recording.sites[watched.site].refused_actions
    facts = []
    for note in batch.notes:
        if isinstance(note, AccessDenied) and note.operation not in known:
            known.add(note.operation)
            facts.append(recording.mint.refused(str(watched.stream), note, is_optional=True))
            recording.log.warning("optional operation refused", action=note.operation, reason=note.message)
    return facts


def _write(recording: Recording, polled: Polled, steps: list[_Step]) -> bool:
    facts = [fact for step in steps for fact in step.facts]
    good = [step for step in steps if step.batch is not None]
    poll_id = recording.mint.poll_id() if facts else None
    if poll_id is not None and any(step.facts for step in good):
        # What holds for each of the streams: from when on all of them are whole.
        starts = [step.batch.covers_from for step in good if step.batch is not None]
        facts.append(
            recording.mint.polled(
                poll_id,
                [step.watched.stream for step in good],
                since=max((start for start in starts if start is not None), default=None),
                until=polled.poll.at,
                facts=sum(len(step.batch.facts) for step in good if step.batch is not None),
                calls=polled.calls,
            )
        )
    positions = [(step.watched, step.position) for step in good]
    positions += [(fresh, fresh.position) for step in good for fresh in step.fresh]
    is_taken = recording.write(facts, poll=poll_id, positions=positions)
    if is_taken and good and not any(step.facts for step in good):
        numbers = tuple(step.watched.number for step in good)
        recording.coverage.add(numbers, calls=polled.calls)
    return is_taken


def _hold_back(recording: Recording, steps: list[_Step]) -> None:
    """Leave the streams where they are: the archive takes nothing, not even into memory.

    They are polled on as often as ever, so that what is lost if AWS forgets it meanwhile can be counted.
    """
    for step in steps:
        watched = step.watched
        if watched.open_gap is None:
            since = watched.polled_at or watched.opened_at
            watched.open_gap = gaps.opened(str(watched.stream), since, gaps.ARCHIVE)
        overflow = watched.overflow = watched.overflow or Overflow()
        overflow.polls += 1
        recording.unkept_polls += 1
        recording.is_overflowing = True
        if step.batch is not None and len(overflow.facts) < _MOST_COUNTED:
            overflow.facts.update((fact.type, fact.id) for fact in step.batch.facts)
        delay_s = recording.next_delay_s(watched) or recording.options.stack_events_quiet_s
        recording.schedule.put(watched.stream, recording.now_s() + recording.jittered_s(delay_s))


def _with_overflow(gap: Gap | None, overflow: Overflow | None, batch: Batch) -> Gap | None:
    """Return a gap that ends with the exact counts of what could not be kept meanwhile.

    The position stood still, so AWS gives everything again that it still has: only the rest is lost.
    """
    if gap is None or overflow is None:
        return gap
    lost = overflow.facts - {(fact.type, fact.id) for fact in batch.facts}
    said = (
        f"Polls that could not be kept: {overflow.polls}; facts that they brought: {len(overflow.facts)}; "
        f"of those not read again: {len(lost)}."
    )
    detail = "; ".join(text for text in (said, gap.detail) if text)[:500]
    if not lost:
        return replace(gap, detail=detail)
    return replace(gap, kind="lost", lower_bound=len(lost) + (gap.lower_bound or 0), detail=detail)


def _advance(recording: Recording, polled: Polled, steps: list[_Step]) -> None:
    chance = recording.rng.random()
    for step in steps:
        if step.is_doubtful:
            retry_s = recording.now_s() + recording.options.backoff_base_s
            recording.schedule.put(step.watched.stream, retry_s)
        elif step.batch is not None:
            _settle(recording, polled, step, step.batch, chance)
        elif isinstance(step.answer, Failed):
            _fail(recording, step, step.answer.error, chance)


def _settle(recording: Recording, polled: Polled, step: _Step, batch: Batch, chance: float) -> None:
    watched = step.watched
    was_busy, had_failed = watched.is_busy, watched.failures > 0
    watched.position = step.position
    watched.polled_at, watched.polled_s = polled.poll.at, polled.poll.at_s
    watched.is_busy, watched.is_missing, watched.is_gone = batch.is_busy, False, False
    watched.has_ended = batch.is_ended
    watched.is_ended = batch.is_ended and not _may_return(watched)
    watched.failures, watched.trouble, watched.refusal = 0, None, None
    if _closable(watched, polled) is not None:
        watched.open_gap, watched.is_gap_recorded = None, False
        watched.overflow = None
    watched.facts += len(batch.facts)
    recording.sites[watched.site].probes = 0
    recording.admit(step.fresh)
    for stream in batch.gone:
        _note_gone(recording, stream)
    _note_activity(recording, batch)
    if had_failed:
        recording.log.info("stream recovered", stream=str(watched.stream), facts=len(batch.facts))
    if watched.is_busy and not was_busy:
        recording.wake_dependents(watched)
    for stream in batch.moved:
        _wake(recording, stream)
    if watched.is_ended:
        recording.schedule.drop(watched.stream)
        return
    delay_s = 0.0 if watched.has_moved or watched.open_gap is not None else recording.next_delay_s(watched)
    watched.has_moved = False
    if delay_s is not None:
        share = recording.options.jitter
        recording.schedule.put(
            watched.stream, recording.now_s() + cadence.jittered_s(delay_s, share=share, chance=chance)
        )


def _note_gone(recording: Recording, stream: Stream) -> None:
    watched = recording.book.get(stream)
    if watched is not None and not watched.is_ended:
        watched.is_gone = True
        if watched.is_missing:
            recording.schedule.pull(stream, recording.now_s())


def _note_activity(recording: Recording, batch: Batch) -> None:
    since = recording.started_text
    if batch.is_busy or any(
        fact.type in ACTIVITY and fact.time is not None and fact.time >= since for fact in batch.facts
    ):
        recording.saw_activity = True


def _wake(recording: Recording, stream: Stream) -> None:
    watched = recording.book.get(stream)
    if watched is None or watched.is_ended or watched.failures:
        return
    if watched.is_in_flight:
        watched.has_moved = True
    else:
        recording.schedule.pull(stream, recording.now_s())


def _fail(recording: Recording, step: _Step, error: AwsError, chance: float) -> None:
    watched = step.watched
    options = recording.options
    if isinstance(error, NotFound):
        _miss(recording, watched, error)
        return
    if watched.failures == 0:
        recording.log.warning(
            "poll failed", stream=str(watched.stream), code=error.code, reason=error.message, hint=error.hint
        )
    watched.failures += 1
    watched.trouble = None if gaps.stops_the_site(error) else error.message
    watched.open_gap, watched.is_gap_recorded = step.gap, True
    if watched.stream.source == cadence.SURVEY and watched.failures == 1:
        _do_without_survey(recording, watched, error)
    if gaps.stops_the_site(error):
        recording.sites[watched.site].parked.add(watched.stream)
        pause(recording, watched.site, error)
        return
    if isinstance(error, AccessDenied):
        watched.refusal = error.operation
        delay_s = cadence.jittered_s(options.refused_retry_s, share=options.jitter, chance=chance)
    else:
        ceiling_s = cadence.retry_ceiling_s(
            recording.next_delay_s(watched),
            base_s=options.backoff_base_s,
            ceiling_s=options.backoff_ceiling_s,
        )
        backoff_s = cadence.backoff_s(watched.failures, base_s=options.backoff_base_s, ceiling_s=ceiling_s)
        delay_s = cadence.jittered_s(backoff_s, share=_BACKOFF_JITTER, chance=chance)
    recording.schedule.put(watched.stream, recording.now_s() + delay_s)


def _do_without_survey(recording: Recording, survey: Watched, error: AwsError) -> None:
    recording.wake_dormant(survey.site)
    if isinstance(error, AccessDenied):
        recording.sites[survey.site].is_listing_refused = True
        recording.schedule.pull(Errand(kind="discover", site=survey.site), recording.now_s())


def _miss(recording: Recording, watched: Watched, error: NotFound) -> None:
    """AWS does not know the target: not yet, or not any more."""
    if _is_over(watched):
        watched.is_ended, watched.is_busy, watched.trouble = True, False, None
        watched.open_gap, watched.is_gap_recorded = None, False
        recording.schedule.drop(watched.stream)
        return
    watched.trouble = error.message
    if watched.opened_because == WANTED and not recording.options.wait_for_missing:
        raise missing(watched.stream.target)
    watched.is_missing, watched.is_busy = True, False
    recording.schedule.put(
        watched.stream, recording.now_s() + recording.jittered_s(recording.options.survey_s)
    )


def catch_up(recording: Recording) -> None:
    """Poll at once what could not be kept while the archive was unwritable: it can be again."""
    if not recording.is_overflowing or recording.journal.trouble is not None:
        return
    recording.is_overflowing = False
    for watched in recording.book:
        if watched.overflow is not None and not watched.is_ended and not watched.is_in_flight:
            recording.schedule.pull(watched.stream, recording.now_s())


def give_up(recording: Recording, answer: object) -> None:
    """Free the streams of a poll whose answer broke us; they are asked again later."""
    if not isinstance(answer, Polled):
        return
    for stream in answer.poll.streams:
        watched = recording.book.get(stream)
        if watched is not None:
            watched.is_in_flight = False
            watched.failures += 1
            delay_s = cadence.backoff_s(
                watched.failures,
                base_s=recording.options.backoff_base_s,
                ceiling_s=recording.options.backoff_ceiling_s,
            )
            recording.schedule.put(stream, recording.now_s() + delay_s)
