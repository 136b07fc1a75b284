"""What could not be seen of the streams that a finding rests on, in sentences."""

from collections.abc import Iterable

from forensics.analysis.timeline import Timeline, Window
from forensics.analysis.watching import may_miss
from forensics.analysis.wording import GAP_REASONS, stream_name
from forensics.model.record import Gap

_NAMED = 8


def blind_spots(timeline: Timeline, streams: Iterable[str], window: Window) -> tuple[str, ...]:
    """Return a sentence for each reason why a stream may not have shown everything in a span.

    Args:
        timeline: Everything known.
        streams: ``SOURCE TARGET`` of the streams that matter.
        window: The span that matters.
    """
    wanted = list(streams)
    gaps = [
        gap
        for gap in timeline.watching.gaps()
        if gap.stream in wanted and may_miss(gap) and window.touches(gap.since, gap.until)
    ]
    said = [sentence_of(gap) for gap in gaps[:_NAMED]]
    if len(gaps) > _NAMED:
        said.append(f"{len(gaps) - _NAMED} more gaps touch this time; the coverage lists them")
    for stream in wanted:
        refusal = timeline.watching.refusals.get(stream)
        if refusal is not None and refusal.is_optional:
            said.append(f"{refusal.action} is not allowed: what it tells of {stream_name(stream)} is missing")
        elif refusal is not None:
            said.append(f"{stream_name(stream)} could not be read: {refusal.action} is not allowed")
        elif stream in timeline.watching.unread:
            said.append(f"{stream_name(stream)} was never read with success")
    return tuple(said)


def sentence_of(gap: Gap) -> str:
    """Return one sentence about a gap."""
    span = f"since {gap.since}" if gap.until is None else f"from {gap.since} to {gap.until}"
    return f"{stream_name(gap.stream)} could not be watched {span} ({reason_of(gap)}): {outcome_of(gap)}"


def outcome_of(gap: Gap) -> str:
    """Return in a few words what became of what happened during a gap."""
    if gap.kind == "recovered":
        return "nothing is missing"
    if gap.lower_bound:
        what = "fact is" if gap.lower_bound == 1 else "facts are"
        return f"at least {gap.lower_bound:,} {what} missing"
    return "something is missing" if gap.kind == "lost" else "something may be missing"


def reason_of(gap: Gap) -> str:
    """Return why a stream could not be watched, in words; a reason that is not known as it stands."""
    return GAP_REASONS.get(gap.reason, gap.reason)
