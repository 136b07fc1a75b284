"""One line for each record: where it happened, to what, which state, and AWS's own words.

The texts are raw: whoever prints them makes them inert.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from forensics.analysis import shapes
from forensics.model import record as facts
from forensics.model.clock import from_rfc3339
from forensics.model.conflict import told_otherwise
from forensics.model.credentials import DENIED, NEEDS_PERSON, RENEWS
from forensics.model.identity import parse_arn, parse_service_arn, parse_stack_arn, task_id
from forensics.model.record import Record
from forensics.model.times import format_duration


class Words(NamedTuple):
    """A record in four short texts."""

    where: str
    """Name of the stack, service or cluster."""
    what: str
    """The resource, task or deployment in it, by its name; "" where the record is about the whole."""
    state: str
    """Status or stop code as AWS spells it; "" where there is none."""
    reason: str
    """AWS's own words, whole; "" where it gave none."""
    kind: str = ""
    """Type of the resource; "" where the name says it."""

    def line(self) -> str:
        """Return the four as one line; runs of white space become one space, nothing is cut."""
        head = " ".join(part for part in (self.where, self.what, self.kind, self.state) if part)
        text = f"{head}: {self.reason}" if head and self.reason else head or self.reason
        return " ".join(text.split())


def words(record: Record) -> Words:
    """Return a record's words; a type that is not known gets its name and its subject."""
    say = _SAY.get(record.type)
    if say is not None:
        return say(record)
    return Words(short_name(record.source), record.subject or "", record.type, "")


def short_name(arn: str) -> str:
    """Return the name in an ARN that a person knows the thing by; the text itself where it is no ARN."""
    stack = parse_stack_arn(arn)
    if stack is not None:
        return stack.name
    service = parse_service_arn(arn)
    if service is not None:
        return service.name
    parsed = parse_arn(arn)
    if parsed is None:
        return "forensics" if arn.startswith("urn:forensics:") else arn
    return parsed.resource.rpartition("/")[2] or parsed.resource


def service_of(task: shapes.Task) -> str:
    """Return the name of the service that a task belongs to, else its group, else its cluster."""
    kind, _, name = task.group.partition(":")
    return name if kind == "service" and name else task.group or short_name(task.cluster)


def reasons_of(task: shapes.Task) -> str:
    """Return everything that a task says about its end, its containers included."""
    parts = [task.stopped_reason] if task.stopped_reason else []
    for container in task.containers:
        exit_text = "" if container.exit_code is None else f"exit code {container.exit_code}"
        said = ", ".join(part for part in (exit_text, container.reason) if part)
        if said and (container.exit_code != 0 or container.reason):
            parts.append(f"container {container.name or '?'}: {said}")
    parts.extend(task.attachment_reasons)
    return "; ".join(parts)


def _stack_event(record: Record) -> Words:
    event = shapes.stack_event(record)
    where = event.stack_name or short_name(event.stack_id)
    if event.hook_status:
        state = " ".join(part for part in (event.hook_type, event.hook_status) if part)
        return Words(where, event.logical_id, state, event.hook_reason or event.reason)
    if event.is_of_stack:
        return Words(where, "stack", event.status, event.reason)
    return Words(where, event.logical_id, event.status, event.reason, event.resource_type)


def _stack(record: Record) -> Words:
    payload = shapes.payload_of(record)
    status, reason = shapes.text_at(payload, "StackStatus"), shapes.text_at(payload, "StackStatusReason")
    return Words(shapes.text_at(payload, "StackName") or short_name(record.source), "stack", status, reason)


def _service_event(record: Record) -> Words:
    return Words(short_name(record.source), "service", "", shapes.service_event(record).message)


def _service(record: Record) -> Words:
    payload = shapes.payload_of(record)
    counts = ", ".join(
        f"{shapes.count_at(payload, key) or 0} {name}"
        for name, key in (
            ("desired", "desiredCount"),
            ("running", "runningCount"),
            ("pending", "pendingCount"),
        )
    )
    return Words(short_name(record.source), "service", shapes.text_at(payload, "status"), counts)


def _deployment(record: Record) -> Words:
    seen = shapes.deployment(record)
    counts = f"{seen.desired} desired, {seen.running} running, {seen.failed_tasks} failed"
    reason = f"{seen.rollout_reason} ({counts})" if seen.rollout_reason else counts
    return Words(short_name(record.source), seen.id, seen.rollout_state or seen.status, reason)


def _service_deployment(record: Record) -> Words:
    payload = shapes.payload_of(record)
    reason = shapes.text_at(payload, "statusReason") or shapes.text_at(payload, "rollback", "reason")
    name = "service deployment " + (record.subject or record.id)
    return Words(short_name(record.source), name, shapes.text_at(payload, "status"), reason)


def _task_definition(record: Record) -> Words:
    return Words(short_name(record.source), f"task definition {record.subject or record.id}", "", "")


def _task(record: Record) -> Words:
    seen = shapes.task(record)
    state = " ".join(part for part in (seen.last_status, seen.stop_code) if part)
    return Words(service_of(seen), f"task {task_id(seen.arn)}", state, reasons_of(seen))


def _gap(record: Record) -> Words:
    gap = shapes.payload_of(record)
    text = shapes.text_at
    since, until = text(gap, "from"), text(gap, "to")
    span = f"for {_length(since, until)}, from {since} to {until}" if until else f"since {since}"
    kind, reason = text(gap, "kind"), text(gap, "reason")
    said = f"{_GAP_KINDS.get(kind, kind)} {span}: {GAP_REASONS.get(reason, reason)}{_outcome(gap)}"
    # What is over and cost nothing needs no more words.
    detail = "" if kind == "recovered" else text(gap, "detail")
    return Words(stream_name(text(gap, "stream")), "gap", kind, f"{said} ({detail})" if detail else said)


def _length(since: str, until: str) -> str:
    try:
        length = from_rfc3339(until) - from_rfc3339(since)
    except ValueError:
        return "a while"
    return format_duration(length) if length >= timedelta(seconds=1) else "less than a second"


def _outcome(gap: Any) -> str:
    """Return what became of what happened in a gap, as the end of a sentence; "" while it is open."""
    bound = shapes.count_at(gap, "lower_bound")
    missing = f"at least {bound:,} missing" if bound else "something is missing"
    return {
        "recovered": "; all of it was read afterwards, nothing is missing",
        "lost": f"; {missing} for ever",
        "unknown": "; something may be missing",
    }.get(shapes.text_at(gap, "kind"), "")


GAP_REASONS = {
    "credentials": "the credentials did not work",
    "throttled": "AWS throttled the calls",
    "access-denied": "IAM refused the calls",
    "unreachable": "the endpoint could not be reached",
    "server-fault": "AWS answered with errors of its own",
    "undecodable": "AWS's answer could not be read",
    "daemon-down": "no recorder was at work",
    "host-asleep": "the machine was asleep",
    "window": "AWS no longer showed all of it",
    "archive-unwritable": "the archive could not be written",
    "never-read": "it was never read with success",
}
"""Why a stream could not be watched, in words, by the gap's reason."""

_GAP_KINDS = {
    "recovered": "was not watched",
    "lost": "was not watched",
    "unknown": "was not watched",
    "open": "is not watched",
}


def stream_name(stream: str) -> str:
    """Return a stream as a person names it: its source and the short name of its target."""
    source, space, target = stream.partition(" ")
    parsed = parse_arn(target)
    if parsed is not None and parsed.resource == "stack/*":
        # The survey of an account and region: a star would name them all alike.
        return f"{source} of {parsed.account}/{parsed.region}"
    return f"{source} of {short_name(target)}" if space else stream


def _refusal(record: Record) -> Words:
    refused = shapes.payload_of(record)
    action = shapes.text_at(refused, "action") or shapes.text_at(refused, "operation")
    code, message = shapes.text_at(refused, "code"), shapes.text_at(refused, "message")
    said = message if code in message else f"{code}, {message}".strip(", ")
    return Words(stream_name(shapes.text_at(refused, "stream")), f"refused {action}", "", said)


def _credentials(record: Record) -> Words:
    said = shapes.payload_of(record)
    text = shapes.text_at
    what = credentials_sentence(
        state=text(said, "state"),
        source=text(said, "source"),
        ends=_end_of(said),
        works=shapes.value_at(said, "works") is True,
        command=text(said, "command"),
        detail=text(said, "detail"),
    )
    return Words(f"credentials of {text(said, 'site')}", "", "", what)


def _end_of(said: Any) -> str:
    left_s, expires_at = shapes.value_at(said, "left_s"), shapes.text_at(said, "expires_at")
    if isinstance(left_s, int | float):
        return f"end in {format_duration(timedelta(seconds=left_s))}, at {expires_at}"
    return f"end at {expires_at}" if expires_at else ""


def credentials_sentence(
    *, state: str, source: str, ends: str, works: bool, command: str, detail: str
) -> str:
    """Return one sentence on how credentials stand: whether they renew themselves, need a person, are denied.

    Args:
        state: One of the words of `model.credentials`.
        source: Where they are from, in words.
        ends: When they end, as a verb and a time; "" where that is not known or they do not end.
        works: Whether AWS takes them, as far as is known.
        command: What a person types to bring new ones; "" where there is nothing to type.
        detail: What is wrong; "" while nothing is.
    """
    act = f"run `{command}`" if command else "bring new ones"
    where = f" ({source})" if source else ""
    until = f"they {ends}" if ends else "they may end"
    if state == DENIED:
        what = f"AWS refuses to renew them{where}, {until}" if works else f"AWS refuses them{where}"
        return f"{what}; new ones of the same kind will not help: {detail}"
    if detail and state == NEEDS_PERSON:
        what = f"they cannot be renewed{where}, {until}" if works else f"they do not work any more{where}"
        return f"{what}, a person is needed: {act}: {detail}"
    if detail and state == RENEWS:
        what = f"they renew themselves{where}, which fails now"
        return f"{what}, {until}: {detail}" if works else f"{what}: {detail}"
    if state == NEEDS_PERSON:
        return f"{until}{where}, and only a person can renew them: {act}"
    return f"they renew themselves{where}; they {ends}" if ends else f"they do not end, or are renewed{where}"


def _identity(record: Record) -> Words:
    who = shapes.payload_of(record)
    text = shapes.text_at
    ends = f", until {text(who, 'expires_at')}" if text(who, "expires_at") else ""
    whose = text(who, "arn") or f"account {text(who, 'account')}"
    return Words("forensics", "", "", f"records as {whose} in {text(who, 'region')}{ends}")


def _conflict(record: Record) -> Words:
    told = told_otherwise(record)
    if told is None:
        return Words(short_name(record.source), record.subject or "", "told in two ways", "")
    said = words(told)
    reason = f"{said.reason} (AWS told this in another way before)" if said.reason else ""
    return said._replace(reason=reason or "AWS told this in another way before")


def _undecodable(record: Record) -> Words:
    answer = shapes.payload_of(record)
    where = stream_name(shapes.text_at(answer, "stream"))
    return Words(where, "answer", "unreadable", shapes.text_at(answer, "reason"))


def _ours(record: Record) -> Words:
    facts_said = shapes.payload_of(record)
    said = ", ".join(
        f"{key} {_plain(value)}" for key, value in facts_said.items() if value not in (None, "", [])
    )
    return Words("forensics", record.type.rpartition(".")[2], "", said)


def _import(record: Record) -> Words:
    imported = shapes.payload_of(record)
    names = ", ".join(shapes.text_at(file, "name") for file in shapes.objects_at(imported, "files"))
    notes = shapes.value_at(imported, "notes")
    said = [str(note) for note in notes] if isinstance(notes, list) else []
    return Words("forensics", f"import of {names}", "", "; ".join(said))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(_plain, value))
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key} {_plain(item)}" for key, item in value.items() if item not in (None, "", [])
        )
        return f"({inner})"
    return str(value)


_SAY: dict[str, Callable[[Record], Words]] = {
    shapes.STACK_EVENT: _stack_event,
    shapes.STACK_DESCRIPTION: _stack,
    shapes.STACK: _stack,
    shapes.SERVICE_EVENT: _service_event,
    shapes.SERVICE: _service,
    shapes.DEPLOYMENT: _deployment,
    shapes.SERVICE_DEPLOYMENT: _service_deployment,
    shapes.TASK_DEFINITION: _task_definition,
    shapes.TASK: _task,
    facts.GAP: _gap,
    facts.REFUSAL: _refusal,
    facts.UNDECODABLE: _undecodable,
    facts.CONFLICT: _conflict,
    facts.STREAM: _ours,
    facts.POLL: _ours,
    facts.COVERAGE: _ours,
    facts.RUN: _ours,
    facts.IDENTITY: _identity,
    facts.CREDENTIALS: _credentials,
    facts.RECOVERY: _ours,
    facts.COMMAND: _ours,
    facts.IMPORT: _import,
}
