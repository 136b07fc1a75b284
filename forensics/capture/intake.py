"""What the answers of one poll do: facts into the archive first, then the streams move on."""

from forensics.capture import cadence, gaps
from forensics.capture.book import WANTED, Watched
from forensics.capture.discovery import missing
from forensics.capture.outage import pause
from forensics.capture.overflow import hold_back, note_kept
from forensics.capture.poll import Polled
from forensics.capture.recording import Errand, Recording
from forensics.capture.step import Step, closable, is_over, may_return, prepare
from forensics.errors import AccessDenied, AwsError, NotFound
from forensics.model.identity import Stream
from forensics.sources.base import Batch, Failed

ACTIVITY = frozenset({"aws.cloudformation.stack_event", "aws.ecs.deployment", "aws.ecs.service_deployment"})
"""Facts whose own time shows that something was deployed."""

_BACKOFF_JITTER = 0.5


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
            steps.append(prepare(recording, polled, watched, answer))
    if _write(recording, polled, steps):
        _advance(recording, polled, steps)
    else:
        for step in steps:
            hold_back(recording, step.watched, step.batch)


def _write(recording: Recording, polled: Polled, steps: list[Step]) -> bool:
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
    again = [fact for step in good if step.batch is not None for fact in step.batch.again]
    is_taken = recording.write(facts, poll=poll_id, again=again, positions=positions)
    if is_taken and good and not any(step.facts for step in good):
        numbers = tuple(step.watched.number for step in good)
        recording.coverage.add(numbers, at_s=polled.poll.at_s, calls=polled.calls)
    return is_taken


def _advance(recording: Recording, polled: Polled, steps: list[Step]) -> None:
    chance = recording.rng.random()
    for step in steps:
        if step.is_doubtful:
            retry_s = recording.now_s() + recording.options.backoff_base_s
            recording.schedule.put(step.watched.stream, retry_s)
        elif step.batch is not None:
            _settle(recording, polled, step, step.batch, chance)
        elif isinstance(step.answer, Failed):
            _fail(recording, step, step.answer.error, chance)


def _settle(recording: Recording, polled: Polled, step: Step, batch: Batch, chance: float) -> None:
    watched = step.watched
    was_busy, had_failed = watched.is_busy, watched.failures > 0
    watched.position = step.position
    watched.polled_at, watched.polled_s = polled.poll.at, polled.poll.at_s
    watched.is_busy, watched.is_missing, watched.is_gone = batch.is_busy, False, False
    watched.has_ended = batch.is_ended
    watched.is_ended = batch.is_ended and not may_return(watched)
    watched.failures, watched.trouble, watched.refusal = 0, None, None
    if closable(watched, polled) is not None:
        watched.open_gap, watched.is_gap_recorded = None, False
    note_kept(watched, batch, is_told=step.gap is not None)
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


def _fail(recording: Recording, step: Step, error: AwsError, chance: float) -> None:
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
    if is_over(watched):
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
