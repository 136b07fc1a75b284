"""What could not be seen of the streams that a finding rests on, in sentences."""

from collections.abc import Iterable

from forensics.analysis.timeline import Timeline, Window
from forensics.analysis.watching import may_miss
from forensics.analysis.wording import stream_name
from forensics.model.record import Gap


def blind_spots(timeline: Timeline, streams: Iterable[str], window: Window) -> tuple[str, ...]:
    """Return a sentence for each reason why a stream may not have shown everything in a span.

    Args:
        timeline: Everything known.
        streams: ``SOURCE TARGET`` of the streams that matter.
        window: The span that matters.
    """
    wanted = list(streams)
    said = [
        sentence_of(gap)
        for gap in timeline.watching.gaps()
        if gap.stream in wanted and may_miss(gap) and window.touches(gap.since, gap.until)
    ]
    for stream in wanted:
        refusal = timeline.watching.refusals.get(stream)
        if refusal is not None:
            said.append(f"{stream_name(stream)} could not be read: {refusal.action} is not allowed")
        elif stream in timeline.watching.unread:
            said.append(f"{stream_name(stream)} was never read with success")
    return tuple(said)


def sentence_of(gap: Gap) -> str:
    """Return one sentence about a gap."""
    span = f"since {gap.since}" if gap.until is None else f"from {gap.since} to {gap.until}"
    if gap.kind == "lost":
        lost = f"at least {gap.lower_bound} facts are" if gap.lower_bound else "something is"
        end = f"{lost} missing"
    elif gap.kind == "recovered":
        end = "nothing is missing"
    else:
        end = "something may be missing"
    return f"{stream_name(gap.stream)} could not be watched {span} ({gap.reason}): {end}"
