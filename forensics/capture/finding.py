"""Which streams a batch leads to."""

from forensics.capture import cadence
from forensics.capture.book import SURVEYED, Watched, place_of
from forensics.capture.recording import Recording
from forensics.capture.selection import wants_stack
from forensics.model.identity import Stream
from forensics.model.record import Fact
from forensics.sources.base import Batch


def found_by(recording: Recording, watched: Watched, batch: Batch) -> tuple[list[Watched], list[Fact]]:
    """Return the streams that a batch leads to and that are not watched yet, with the facts that open them.

    Targets of another account or region are left out: this site cannot read them.
    """
    if watched.stream.source == cadence.SURVEY:
        return _surveyed(recording, watched, batch)
    here = place_of(watched.stream.target)
    near = [stream for stream in batch.found if place_of(stream.target) == here]
    because = str(watched.stream)
    return recording.watch(watched.site, near, because, parent=watched.stream, blind=watched.open_gap)


def _surveyed(recording: Recording, survey: Watched, batch: Batch) -> tuple[list[Watched], list[Fact]]:
    wanted = recording.sites[survey.site].site.wanted
    parents = {fact.source: _parent(fact) for fact in batch.facts}
    fresh: list[Watched] = []
    opening: list[Fact] = []
    for stream in batch.found:
        parent = None if wants_stack(wanted, stream.target) else parents.get(stream.target)
        because = SURVEYED if parent is None else str(parent)
        more, facts = recording.watch(survey.site, [stream], because, parent=parent)
        fresh += more
        opening += facts
    return fresh, opening


def _parent(fact: Fact) -> Stream | None:
    if not isinstance(fact.data, dict):
        return None
    arn = fact.data.get("ParentId") or fact.data.get("RootId")
    return Stream("stack_events", arn) if isinstance(arn, str) else None
