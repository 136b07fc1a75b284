"""What neither the archive nor memory can take: counted, let go of, and read again."""

from msgspec.structs import replace

from forensics.capture import gaps
from forensics.capture.book import Overflow, Watched
from forensics.capture.recording import Recording
from forensics.model.record import Gap
from forensics.sources.base import Batch

_MOST_COUNTED = 100_000
"""Facts of one stream that are counted while they cannot be kept; more would fill the memory."""


def hold_back(recording: Recording, watched: Watched, batch: Batch | None) -> None:
    """Leave a stream where it is: the archive takes nothing, not even into memory.

    It is polled on as often as ever, so that what is lost if AWS forgets it meanwhile can be counted.

    Args:
        recording: The recording.
        watched: The stream.
        batch: What its poll brought; None where it failed.
    """
    if watched.open_gap is None:
        since = watched.polled_at or watched.opened_at
        watched.open_gap = gaps.opened(str(watched.stream), since, gaps.ARCHIVE)
    overflow = watched.overflow = watched.overflow or Overflow()
    overflow.polls += 1
    recording.unkept_polls += 1
    recording.is_overflowing = True
    if batch is not None and len(overflow.facts) < _MOST_COUNTED:
        overflow.facts.update((fact.type, fact.id) for fact in batch.facts)
    delay_s = recording.next_delay_s(watched) or recording.options.stack_events_quiet_s
    recording.schedule.put(watched.stream, recording.now_s() + recording.jittered_s(delay_s))


def with_overflow(gap: Gap | None, overflow: Overflow | None, batch: Batch) -> Gap | None:
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
    # What the poll itself found to be missing may be among what was read and let go of.
    return replace(gap, kind="lost", lower_bound=max(len(lost), gap.lower_bound or 0), detail=detail)


def note_kept(watched: Watched, batch: Batch, *, is_told: bool) -> None:
    """Take what was kept at last out of what was let go of.

    Args:
        watched: The stream.
        batch: What its poll brought; it is kept.
        is_told: Whether a gap says what is lost of the rest; it is then over.
    """
    if watched.overflow is None:
        return
    if is_told:
        watched.overflow = None
    else:
        watched.overflow.facts.difference_update((fact.type, fact.id) for fact in batch.facts)


def catch_up(recording: Recording) -> None:
    """Poll at once what could not be kept while the archive was unwritable: it can be again."""
    if not recording.is_overflowing or recording.journal.trouble is not None:
        return
    recording.is_overflowing = False
    for watched in recording.book:
        if watched.overflow is not None and not watched.is_ended and not watched.is_in_flight:
            recording.schedule.pull(watched.stream, recording.now_s())
