"""The events of one CloudFormation stack, complete from the start of its last operation on."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from forensics.aws.door import Door
from forensics.errors import AwsError, CredentialsError, Throttled, Unreachable
from forensics.model.changes import after_change, change_id, digest12
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream, parse_stack_arn
from forensics.model.record import Fact, Gap, JsonObject
from forensics.sources.answer import Page, Tokens, ask, moment, page_of, pages, stamp, text
from forensics.sources.base import Batch, Failed, Position
from forensics.sources.changes import crosses
from forensics.sources.joined import DEPTH, join, remember
from forensics.sources.leads import deleted, leads

EVENT = "aws.cloudformation.stack_event"
DESCRIPTION = "aws.cloudformation.stack_description"

_EVENTS = "cloudformation:DescribeStackEvents"
_DESCRIBE = "cloudformation:DescribeStacks"
_RESOURCES = "cloudformation:ListStackResources"

_STARTS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS")
_EVENT_ID = re.compile(rb"<EventId>([^<]*)</EventId>")
_ASK_AGAIN_S = 600
# Trouble that passes: what an optional operation could not tell now, it may tell the next time.
_PASSING = (CredentialsError, Throttled, Unreachable)


class _Walk(msgspec.Struct, frozen=True, kw_only=True):
    """A complete walk from the newest event back to where it had to go."""

    events: tuple[JsonObject, ...] = ()
    """New ones, oldest first."""
    again: tuple[JsonObject, ...] = ()
    """Known ones beside them, and those that came more than once."""
    covers_from: datetime | None = None
    gap: Gap | None = None


class StackEvents:
    """The events of one CloudFormation stack.

    Operations: cloudformation:DescribeStackEvents; where allowed DescribeStacks, ListStackResources.
    Key: EventId; for descriptions the StackId, the word and the digest of the content.
    Horizon: none; a deleted stack can be read by its ARN for 90 days.
    """

    name = "stack_events"
    types: tuple[str, ...] = (EVENT, DESCRIPTION)
    operations: tuple[str, ...] = (_EVENTS,)
    optional_operations: tuple[str, ...] = (_DESCRIBE, _RESOURCES)
    key = "EventId; StackId/description@digest"
    horizon: timedelta | None = None
    order = "newest first"
    gap_shows = "the walk never met a known event"
    fold_reads: tuple[str, ...] | None = ("StackId", "PhysicalResourceId", "ResourceStatus")
    group_size = 1

    def group_of(self, target: str) -> str:
        """Return the stack itself: each is asked for alone."""
        return target

    def target_of(self, fact: Fact) -> str:
        """Return the ARN of the stack."""
        return fact.source

    def fold(self, position: Position | None, fact: Fact) -> Position:
        """Return the position after an event or a description.

        Keys: ``recent`` event ids, oldest first; ``status`` of the stack and ``status_at`` its time;
        ``at`` the newest time; ``description`` what was last described; ``is_due`` a description is.
        """
        folded = dict(position or {"recent": [], "is_due": True})
        if fact.type == DESCRIPTION:
            folded["description"] = after_change(folded.get("description"), fact.id)
            folded["is_due"] = False
            return folded
        folded["recent"] = remember(folded["recent"], fact.id)
        at = fact.time or ""
        folded["at"] = max(folded.get("at", ""), at)
        if _is_of_stack_itself(fact.data) and at >= folded.get("status_at", ""):
            folded["status"] = text(fact.data, "ResourceStatus")
            folded["status_at"] = at
            folded["is_due"] = folded["is_due"] or not _is_running(folded["status"])
        return folded

    def fold_all(self, position: Position | None, facts: Iterable[Fact]) -> Position | None:
        """Return the position after events and descriptions; it is small, so each may copy it."""
        return reduce(self.fold, facts, position)

    def fold_gap(self, position: Position | None, gap: Gap) -> Position | None:
        """Return the position as it is: no later poll counts what a gap may have counted."""
        return position

    def fetch(
        self,
        door: Door,
        targets: Sequence[str],
        positions: Mapping[str, Position | None],
        *,
        now: datetime,
        polled_at: Mapping[str, datetime | None],
        wanted_since: Mapping[str, datetime],
    ) -> list[Batch | Failed]:
        """Read what is new of each stack; a name instead of an ARN leads to the ARN's stream."""
        read: list[Batch | Failed] = []
        for target in targets:
            try:
                if parse_stack_arn(target) is None:
                    read.append(self._resolve(door, target))
                else:
                    position, since = positions.get(target), wanted_since.get(target)
                    walk = _walk(door, target, position or {}, now, since)
                    read.append(
                        self._read(
                            door,
                            target,
                            position,
                            walk,
                            asks_again=crosses(polled_at.get(target), now, _ASK_AGAIN_S),
                        )
                    )
            except AwsError as error:
                read.append(Failed(stream=Stream(self.name, target), error=error))
        return read

    def _resolve(self, door: Door, name: str) -> Batch:
        """Return the batch that ends a name's stream: a name finds nothing once its stack is deleted."""
        page = ask(door, _EVENTS, StackName=name)
        for event in page.rows("StackEvents"):
            if parse_stack_arn(text(event, "StackId")):
                found = Stream(self.name, text(event, "StackId"))
                return Batch(stream=Stream(self.name, name), found=(found,), moved=(found,), is_ended=True)
        raise page.undecodable(f"no event of stack {name!r} names its ARN")

    def _read(
        self, door: Door, arn: str, position: Position | None, walk: _Walk, *, asks_again: bool
    ) -> Batch:
        facts = [_event_fact(arn, event) for event in walk.events]
        after = self.fold_all(position, facts)
        resources: list[JsonObject] = []
        notes: list[AwsError] = []
        if after and after["is_due"] and (facts or asks_again):
            try:
                if "description" not in after:
                    resources = _resources(door, arn, notes)
                facts += _description(door, arn, after)
            except AwsError as error:
                notes.append(error)
        rows = [*walk.events, *resources]
        found = leads(arn, rows)
        status = text(after or {}, "status")
        return Batch(
            stream=Stream(self.name, arn),
            facts=tuple(facts),
            again=tuple(_event_fact(arn, event) for event in walk.again if facts),
            covers_from=walk.covers_from,
            gap=walk.gap,
            found=found,
            moved=found if position else (),
            gone=deleted(arn, rows),
            is_busy=_is_running(status),
            is_ended=status == "DELETE_COMPLETE" and not any(isinstance(note, _PASSING) for note in notes),
            notes=tuple(notes),
        )


def _walk(door: Door, arn: str, position: Position, now: datetime, since: datetime | None) -> _Walk:
    """Return what is new, from the newest event back to what is known.

    Where nothing is, back to the start of the operation that was the last one at `since`; None: now.

    Raises:
        AwsError: A page could not be had: nothing of the others is kept then.
    """
    known = position.get("recent", [])
    events: list[JsonObject] = []
    ids: dict[str, None] = {}
    twice: list[JsonObject] = []
    tokens = Tokens("NextToken")
    while True:
        reply = door.call(_EVENTS, StackName=arn, **tokens.parameters())
        if not events and _shows_nothing_new(reply.body, known):
            return _Walk(covers_from=moment(position.get("at")))
        page = page_of(_EVENTS, reply)
        looked_at = len(events)
        # While pages are read, new events push old ones over to the next page: those come twice.
        for event in page.rows("StackEvents"):
            key = _key(event)
            if key not in ids:
                ids[key] = None
                events.append(event)
            else:
                twice.append(event)
        is_last = not tokens.advance(page)
        if not known:
            start = _start(events, looked_at, since)
            if start is not None:
                return replace(_from_start(events[: start + 1]), again=tuple(twice))
        else:
            joined = join(list(ids), known)
            if joined.is_met and (joined.is_deep or is_last):
                fresh = tuple(events[place] for place in reversed(joined.fresh))
                again = (*twice, *(events[place] for place in joined.known))
                return _Walk(events=fresh, again=again, covers_from=moment(position.get("at")))
        if is_last:
            return replace(_to_the_end(page, arn, events, position, now), again=tuple(twice))


def _shows_nothing_new(body: bytes, known: Sequence[str]) -> bool:
    """Return whether all newest events of a page are known, without decoding it."""
    if not known:
        return False
    remembered = set(known)
    top = [found.group(1).decode("utf-8", "replace") for found in islice(_EVENT_ID.finditer(body), DEPTH)]
    reach = min(len(top), len(known))
    return bool(top) and all(key in remembered for key in top[:reach])


def _start(events: Sequence[JsonObject], begin: int, since: datetime | None) -> int | None:
    """Return the place of the start of the newest create, update or import, looked for from begin on.

    One that began after `since` is passed over: what came before it is wanted too.
    A rollback or a delete that came after it must not hide why it came.
    """
    starts = (
        place
        for place, event in enumerate(events[begin:], begin)
        if text(event, "ResourceStatus") in _STARTS
        and _is_of_stack_itself(event)
        and (since is None or (moment(event.get("Timestamp")) or since) <= since)
    )
    return next(starts, None)


def _from_start(events: Sequence[JsonObject]) -> _Walk:
    return _Walk(events=tuple(reversed(events)), covers_from=moment(events[-1].get("Timestamp")))


def _to_the_end(
    page: Page, arn: str, events: Sequence[JsonObject], position: Position, now: datetime
) -> _Walk:
    """Return the walk that read all there is without meeting what it looked for."""
    if not events:
        raise page.undecodable(f"no events of stack {arn}")
    if not position.get("recent"):
        return _Walk(events=tuple(reversed(events)))
    since = moment(position.get("at"))
    later = [event for event in events if since is None or (moment(event.get("Timestamp")) or now) > since]
    oldest_at = moment(later[-1].get("Timestamp")) if later else None
    gap = Gap(
        stream=str(Stream(StackEvents.name, arn)),
        since=text(position, "at"),
        until=to_rfc3339(oldest_at or now),
        reason="window",
        kind="unknown",
        detail="AWS no longer lists any event that was read before.",
    )
    return _Walk(events=tuple(reversed(later)), covers_from=oldest_at or now, gap=gap)


def _resources(door: Door, arn: str, notes: list[AwsError]) -> list[JsonObject]:
    """Return the resources that stand since earlier operations; a refusal is noted."""
    try:
        found = pages(door, _RESOURCES, "NextToken", StackName=arn)
        return [row for page in found for row in page.rows("StackResourceSummaries")]
    except AwsError as error:
        notes.append(error)
        return []


def _description(door: Door, arn: str, position: Position) -> list[Fact]:
    described = ask(door, _DESCRIBE, StackName=arn).rows("Stacks")
    facts = []
    for stack in described[:1]:
        # The survey's facts about the stack have its ARN as their source too: a bare ARN would name both.
        fact_id = change_id(f"{arn}/description", position.get("description"), stack)
        if fact_id is not None:
            subject = text(stack, "StackName") or None
            facts.append(Fact(type=DESCRIPTION, source=arn, id=fact_id, data=stack, subject=subject))
    return facts


def _event_fact(arn: str, event: JsonObject) -> Fact:
    return Fact(
        type=EVENT,
        source=arn,
        id=_key(event),
        data=event,
        time=stamp(event.get("Timestamp")),
        subject=text(event, "LogicalResourceId") or None,
    )


def _key(event: JsonObject) -> str:
    return text(event, "EventId") or f"digest:{digest12(event)}"


def _is_of_stack_itself(event: Any) -> bool:
    if not isinstance(event, dict):
        return False
    return bool(text(event, "StackId")) and text(event, "PhysicalResourceId") == text(event, "StackId")


def _is_running(status: str) -> bool:
    # A stack in review waits for somebody to execute its change set, perhaps for ever.
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
