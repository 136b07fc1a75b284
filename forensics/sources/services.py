"""The events, deployments and states of ECS services, ten services a call."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce

import msgspec

from forensics.aws.door import Door
from forensics.errors import AwsError, NotFound
from forensics.model.changes import after_change, change_id, digest12
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream, parse_service_arn
from forensics.model.record import Fact, Gap, JsonObject
from forensics.sources import service_details
from forensics.sources.answer import Page, ask, moment, stamp, text
from forensics.sources.base import Batch, Failed, Position
from forensics.sources.changes import newest
from forensics.sources.joined import join, remember
from forensics.sources.leads import cluster_of

EVENT = "aws.ecs.service_event"
SERVICE = "aws.ecs.service"
DEPLOYMENT = "aws.ecs.deployment"

_DESCRIBE = "ecs:DescribeServices"
SKEW = timedelta(minutes=5)
"""A clock that is further off than this cannot sign: our times and AWS's differ by less."""
_LISTED_EVENTS = 100
"""How many events AWS keeps of a service."""
_KEPT_DEPLOYMENTS = 20


class Services:
    """What ECS says about services: their events, their state, their deployments, each as it changes.

    Operations: ecs:DescribeServices; where allowed ListServiceDeployments, DescribeServiceDeployments,
    DescribeTaskDefinition.
    Key: the event's id; for states the ARN or id and the digest of the content.
    Horizon: the 100 latest events of a service.
    """

    name = "services"
    types: tuple[str, ...] = (
        EVENT,
        SERVICE,
        DEPLOYMENT,
        service_details.SERVICE_DEPLOYMENT,
        service_details.TASK_DEFINITION,
    )
    operations: tuple[str, ...] = (_DESCRIBE,)
    optional_operations: tuple[str, ...] = service_details.OPERATIONS
    key = "event id; serviceArn, deployment id or serviceDeploymentArn @digest; taskDefinitionArn"
    horizon: timedelta | None = None
    order = "newest first, the 100 latest events"
    gap_shows = "100 events came and none was known"
    fold_reads: tuple[str, ...] | None = None
    group_size = 10

    def group_of(self, target: str) -> str:
        """Return the ARN of the service's cluster: one call asks about one cluster."""
        return cluster_of(target)

    def target_of(self, fact: Fact) -> str:
        """Return the ARN of the service."""
        return fact.source

    def fold(self, position: Position | None, fact: Fact) -> Position:
        """Return the position after a fact.

        Keys: ``recent`` event ids, oldest first; ``at`` the newest event's time; ``service`` and
        ``deployments`` what is remembered of each state; ``status`` the service's; and those of
        `service_details`.
        """
        if fact.type == EVENT:
            return _after_events(position, [fact])
        folded = dict(position or {})
        if fact.type == SERVICE:
            folded["service"] = after_change(folded.get("service"), fact.id)
            folded["status"] = text(fact.data, "status")
            folded["task_definitions"] = service_details.after_service(folded, fact.data)
        elif fact.type == DEPLOYMENT:
            entries = dict(folded.get("deployments", {}))
            key = fact.id.rpartition("@")[0]
            folded["is_due"] = folded.get("is_due", False) or key not in entries
            entries[key] = after_change(entries.pop(key, None), fact.id)
            folded["deployments"] = newest(entries, _KEPT_DEPLOYMENTS)
        else:
            folded |= service_details.fold(folded, fact)
        return folded

    def fold_all(self, position: Position | None, facts: Iterable[Fact]) -> Position | None:
        """Return the position after facts: events at once, since only the newest stay; of the rest each."""
        events: list[Fact] = []
        others: list[Fact] = []
        for fact in facts:
            (events if fact.type == EVENT else others).append(fact)
        # An event changes nothing of what the others change.
        position = reduce(self.fold, others, position)
        return _after_events(position, events) if events else position

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
        """Read what is new of up to ten services of one cluster with one call."""
        try:
            # By name: a service of before 2021 is not found by the long ARN that we give it.
            named = [_name(target) for target in targets]
            page = ask(door, _DESCRIBE, cluster=self.group_of(targets[0]) or "default", services=named)
            found = {_name(text(row, "serviceArn")): row for row in page.rows("services")}
        except NotFound as error:
            return [
                self._missing(target, positions.get(target), polled_at.get(target), now, error)
                for target in targets
            ]
        except AwsError as error:
            return [Failed(stream=Stream(self.name, target), error=error) for target in targets]
        details = service_details.Details(door, now)
        read: list[Batch | Failed] = []
        for target in targets:
            service = found.get(_name(target))
            position = positions.get(target)
            if service is None:
                gone = NotFound(f"{target}: {_reason(page, target)}", operation=_DESCRIBE)
                read.append(self._missing(target, position, polled_at.get(target), now, gone))
                continue
            try:
                seen = _Seen(
                    page=page,
                    target=target,
                    service=service,
                    position=position or {},
                    polled_at=polled_at.get(target),
                    now=now,
                )
                read.append(self._read(seen, details))
            except AwsError as error:
                read.append(Failed(stream=Stream(self.name, target), error=error))
        return read

    def _missing(
        self,
        target: str,
        position: Position | None,
        polled_at: datetime | None,
        now: datetime,
        error: AwsError,
    ) -> Batch | Failed:
        """Return the end of a service that was seen before; one that was never seen may still come.

        One that was active at the last poll was drained and deleted unseen: that is lost. One that was being
        drained may have said its last word, and one that was seen to end has. Without a last poll its stream
        had ended before and was found again: what it lost is said already.
        """
        stream = Stream(self.name, target)
        if not position:
            return Failed(stream=stream, error=error)
        gap = None
        if polled_at is not None and position.get("status") != "INACTIVE":
            gap = Gap(
                stream=str(stream),
                since=to_rfc3339(min(polled_at, now)),
                until=to_rfc3339(now),
                reason="window",
                kind="lost" if position.get("status") == "ACTIVE" else "unknown",
                detail="The service was deleted: what it said since the last poll can no longer be read.",
            )
        return Batch(stream=stream, covers_from=now, gap=gap, is_ended=True)

    def _read(self, seen: "_Seen", details: service_details.Details) -> Batch:
        events = _Events.of(seen)
        state = _state_facts(seen)
        after = self.fold_all(seen.position, (*events.facts, *state)) or {}
        is_busy = _is_busy(seen.service)
        more, notes = details.of(
            seen.target,
            seen.service,
            after,
            is_changed=bool(state),
            is_busy=is_busy,
            polled_at=seen.polled_at,
        )
        facts = (*events.facts, *state, *more)
        tasks = Stream("stopped_tasks", cluster_of(seen.target))
        return Batch(
            stream=Stream(self.name, seen.target),
            facts=facts,
            again=events.again,
            covers_from=events.covers_from,
            gap=events.gap,
            found=(tasks,) if facts else (),
            moved=(tasks,) if events.facts and seen.position else (),
            is_busy=is_busy,
            is_ended=text(seen.service, "status") == "INACTIVE",
            notes=notes,
        )


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One service of an answer, beside what is known of it."""

    page: Page
    target: str
    service: JsonObject
    position: Position
    polled_at: datetime | None
    now: datetime

    def rows(self, field: str) -> list[JsonObject]:
        return msgspec.structs.replace(self.page, values=self.service).rows(field)


class _Events(msgspec.Struct, frozen=True, kw_only=True):
    """A service's new events, and whether they join what was read before."""

    facts: tuple[Fact, ...]
    """Oldest first."""
    covers_from: datetime | None
    gap: Gap | None
    again: tuple[Fact, ...] = ()
    """Events that are known, where they stand beside new ones."""

    @classmethod
    def of(cls, seen: _Seen) -> "_Events":
        events = seen.rows("events")
        known = seen.position.get("recent", [])
        joined = join([_event_key(event) for event in events], known)
        facts = tuple(_event_fact(seen.target, events[place]) for place in reversed(joined.fresh))
        oldest_at = moment(events[-1].get("createdAt")) if events else None
        is_whole = len(events) < _LISTED_EVENTS
        if not known and (is_whole or not seen.position):
            # A service with fewer events than AWS keeps has shown all it ever said.
            return cls(facts=facts, covers_from=None if is_whole else oldest_at, gap=None)
        if joined.is_met or not events:
            again = tuple(_event_fact(seen.target, events[place]) for place in joined.known if facts)
            return cls(facts=facts, covers_from=moment(seen.position.get("at")), gap=None, again=again)
        return cls(facts=facts, covers_from=oldest_at, gap=_gap(seen, oldest_at, len(events)))


def _gap(seen: _Seen, oldest_at: datetime | None, count: int) -> Gap:
    is_full = count >= _LISTED_EVENTS
    # The newest known event may be days old: what was polled since then is no part of the gap.
    certain = [seen.polled_at - SKEW] if seen.polled_at else []
    known_at = moment(seen.position.get("at"))
    certain += [known_at] if known_at else []
    full = f"{count} events came and none was known; AWS keeps no more of them."
    return Gap(
        stream=str(Stream(Services.name, seen.target)),
        since=to_rfc3339(max(certain, default=oldest_at or seen.now)),
        until=to_rfc3339(oldest_at) if oldest_at else None,
        reason="window",
        kind="lost" if is_full else "unknown",
        detail=full if is_full else "The service's list of events begins anew.",
    )


def _state_facts(seen: _Seen) -> list[Fact]:
    """Return the service and its deployments, as far as they changed."""
    target, service, position = seen.target, seen.service, seen.position
    facts = []
    state = {field: value for field, value in service.items() if field != "events"}
    fact_id = change_id(target, position.get("service"), state)
    if fact_id is not None:
        subject = text(service, "serviceName") or _name(target)
        facts.append(Fact(type=SERVICE, source=target, id=fact_id, data=state, subject=subject))
    entries = position.get("deployments", {})
    for deployment in reversed(seen.rows("deployments")):
        key = text(deployment, "id")
        fact_id = change_id(key, entries.get(key), deployment)
        if key and fact_id is not None:
            time = stamp(deployment.get("updatedAt"))
            facts.append(
                Fact(type=DEPLOYMENT, source=target, id=fact_id, data=deployment, time=time, subject=key)
            )
    return facts


def _is_busy(service: JsonObject) -> bool:
    deployments = service.get("deployments")
    listed = deployments if isinstance(deployments, list) else []
    is_rolling = any(row.get("rolloutState") == "IN_PROGRESS" for row in listed if isinstance(row, dict))
    return is_rolling or len(listed) > 1 or text(service, "status") == "DRAINING"


def _event_fact(target: str, event: JsonObject) -> Fact:
    return Fact(
        type=EVENT,
        source=target,
        id=_event_key(event),
        data=event,
        time=stamp(event.get("createdAt")),
        subject=_name(target),
    )


def _event_key(event: JsonObject) -> str:
    return text(event, "id") or f"digest:{digest12(event)}"


def _name(service: str) -> str:
    found = parse_service_arn(service)
    return found.name if found else service


def _reason(page: Page, target: str) -> str:
    name = _name(target)
    reasons = (text(row, "reason") for row in page.rows("failures") if _name(text(row, "arn")) == name)
    return next(reasons, "AWS does not list it")


def _after_events(position: Position | None, events: Sequence[Fact]) -> Position:
    """Return the position after events, oldest first; at least one."""
    folded = dict(position or {})
    folded["recent"] = remember(folded.get("recent", []), *(event.id for event in events))
    folded["at"] = max(folded.get("at", ""), *(event.time or "" for event in events))
    return folded
