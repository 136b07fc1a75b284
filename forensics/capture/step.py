"""What the answer of one stream comes to, before anything is written."""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from forensics.capture import cadence, gaps
from forensics.capture.book import WANTED, Watched
from forensics.capture.finding import found_by
from forensics.capture.outage import is_sure_whose
from forensics.capture.overflow import with_overflow
from forensics.capture.poll import Polled
from forensics.capture.recording import Recording
from forensics.errors import AccessDenied, NotFound, Undecodable
from forensics.model.clock import to_rfc3339
from forensics.model.record import Fact, Gap
from forensics.sources.base import Batch, Failed, Position

_BIRTHS = frozenset({"CREATE_IN_PROGRESS", "REVIEW_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
"""What a stack's first event says: a walk that meets one has read everything."""


class Step(msgspec.Struct, kw_only=True, eq=False):
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


def prepare(recording: Recording, polled: Polled, watched: Watched, answer: Batch | Failed) -> Step:
    """Return what an answer comes to: facts, the gap that it opens or closes, what it leads to.

    Args:
        recording: The recording; nothing of it is changed but which refusals are known.
        polled: The poll that the answer is of.
        watched: The stream.
        answer: What AWS said of it.
    """
    if _is_end(answer) and not is_sure_whose(recording.sites[watched.site], polled.poll.at_s):
        # Credentials of another account find nothing here: no reason to believe that it is gone.
        return Step(watched=watched, answer=answer, facts=[], is_doubtful=True)
    if isinstance(answer, Failed):
        return _prepare_failed(recording, watched, answer)
    batch = answer
    own = _until_the_answer(recording, watched, batch) if batch.is_ended else batch.gap
    reaches_to = _reach_of_first(watched, batch)
    open_gap = closable(watched, polled)
    if open_gap is None and reaches_to is not None and reaches_to > watched.opened_at:
        open_gap = gaps.opened(str(watched.stream), watched.opened_at, gaps.WINDOW)
    gap = gaps.closed(open_gap, own, polled.poll.at, reaches_to=reaches_to)
    gap = with_overflow(gap, watched.overflow, batch)
    position = watched.source.fold_all(watched.position, batch.facts)
    if gap is not None and gap.lower_bound is not None:
        position = watched.source.fold_gap(position, gap)
    facts = list(batch.facts)
    if gap is not None:
        facts.append(recording.mint.gap(watched.stream.target, gap))
    fresh, opening = found_by(recording, watched, batch)
    facts += opening
    facts += _refusals(recording, watched, batch)
    if batch.is_ended and not may_return(watched):
        facts.append(recording.mint.ended(watched.stream, watched.number, "nothing can come any more"))
    return Step(watched=watched, answer=batch, facts=facts, gap=gap, position=position, fresh=fresh)


def _until_the_answer(recording: Recording, watched: Watched, last: Batch) -> Gap | None:
    """Return the gap of a target that is gone: it may have gone while the answer was on its way."""
    # A target that is gone already loses nothing more, however often it is asked for.
    if last.gap is None or watched.has_ended:
        return None
    return replace(last.gap, until=max(last.gap.until or "", to_rfc3339(recording.now())))


def _is_end(answer: Batch | Failed) -> bool:
    if isinstance(answer, Failed):
        return isinstance(answer.error, NotFound)
    return answer.is_ended and not answer.facts


def closable(watched: Watched, polled: Polled) -> Gap | None:
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


def _prepare_failed(recording: Recording, watched: Watched, failed: Failed) -> Step:
    error = failed.error
    facts: list[Fact] = []
    if isinstance(error, Undecodable):
        limit = recording.options.undecodable_bytes
        facts.append(recording.mint.undecodable(watched.stream, error, limit_bytes=limit))
    if isinstance(error, AccessDenied) and watched.refusal is None:
        facts.append(recording.mint.refused(str(watched.stream), error, is_optional=False))
    if isinstance(error, NotFound):
        if is_over(watched):
            if watched.polled_at is not None or watched.open_gap is not None:
                since, until = watched.polled_at or watched.opened_at, recording.now()
                gone = gaps.vanished(str(watched.stream), watched.open_gap, since, until, error.message)
                facts.append(recording.mint.gap(watched.stream.target, gone))
            facts.append(recording.mint.ended(watched.stream, watched.number, error.message))
        return Step(watched=watched, answer=failed, facts=facts)
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
    return Step(watched=watched, answer=failed, facts=facts, gap=gap)


def is_over(watched: Watched) -> bool:
    """Return whether a target that AWS does not know was there before and will not come back."""
    return (watched.polled_at is not None or watched.is_gone) and not may_return(watched)


def may_return(watched: Watched) -> bool:
    """Return whether a target that is gone may be made again under the same name."""
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
