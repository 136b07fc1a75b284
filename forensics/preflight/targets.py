"""Whether what was asked for is there, and what globs match now."""

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from forensics.aws.door import Door
from forensics.capture.discovery import GONE, Ask, discover
from forensics.capture.selection import Wanted, is_glob, wants_cluster, wants_service, wants_stack
from forensics.errors import AccessDenied, AwsError, NotFound
from forensics.model.checkup import DENIED, NOTE, OK, PROBLEM, Tried
from forensics.model.identity import Stream, parse_arn
from forensics.model.record import JsonObject
from forensics.preflight.notes import Notes
from forensics.preflight.policy import needed
from forensics.preflight.presence import Question, questions
from forensics.sources.answer import ask, text


def check_targets(
    door: Door, wanted: Wanted, *, is_waiting: bool, now: datetime, notes: Notes
) -> list[Stream]:
    """Note of each thing asked for whether it is there.

    Args:
        door: The way to AWS.
        wanted: What was asked for.
        is_waiting: What does not exist yet is waited for; else it is a problem.
        now: The wall time.
        notes: Where it goes.

    Returns:
        Streams of stacks, services and clusters that are there, as far as they are named by an ARN.
    """
    there: list[Stream] = []
    for question in questions(wanted):
        there += _check_named(door, question, notes, is_waiting=is_waiting)
    globs = Wanted(
        stacks=tuple(filter(is_glob, wanted.stacks)),
        clusters=tuple(filter(is_glob, wanted.clusters)),
        services=tuple(filter(is_glob, wanted.services)),
    )
    if globs != Wanted():
        there += _check_globs(door, globs, notes, is_waiting=is_waiting, now=now)
    return there


def _check_named(door: Door, question: Question, notes: Notes, *, is_waiting: bool) -> Iterable[Stream]:
    try:
        said = _answer(question, door)
    except NotFound:
        near = _near_stack(door, question)
        remedy = f"did you mean {near}?" if near else "check name, account and region"
        words = f"does not exist in {door.region}"
        _note_absent(notes, question.thing, words, remedy, is_waiting=is_waiting)
    except AwsError as error:
        notes.check("target", NOTE, f"it could not be looked for: {error.message}", target=question.thing)
        if isinstance(error, AccessDenied):
            _note_denied(notes, question.thing, error)
    else:
        return _check_state(question.thing, said, notes)
    return ()


def _answer(question: Question, door: Door) -> JsonObject:
    try:
        return question.answer(door)
    except AccessDenied:
        if question.operation != "cloudformation:DescribeStacks":
            raise
    # Describing is optional; the events, which are needed, tell as well whether a stack is there.
    events = msgspec.structs.replace(question, operation="cloudformation:DescribeStackEvents")
    return {"Stacks": events.answer(door).get("StackEvents")}


def _check_state(thing: str, said: JsonObject, notes: Notes) -> Iterable[Stream]:
    """Note the state of a thing that is there; return its stream, where the answer holds its ARN."""
    rows = said.get("Stacks") or said.get("services") or []
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    status = text(row, "StackStatus") or text(row, "status")
    if status in (GONE, "INACTIVE"):
        words = f"has been deleted ({status}); what AWS still knows of it is recorded once"
        notes.check("target", NOTE, words, target=thing, facts={"status": status})
    else:
        notes.check("target", OK, f"is there{f', {status}' if status else ''}", target=thing)
    if arn := text(row, "StackId"):
        return (Stream("stack_events", arn),)
    if arn := text(row, "serviceArn"):
        return (Stream("services", arn),)
    return ()


def _note_denied(notes: Notes, thing: str, error: AccessDenied) -> None:
    """Note the action as denied: a policy may allow it for one thing and not for the next."""
    action = error.operation
    reason = error.message.removeprefix(f"{action}: ")
    notes.tried(
        Tried(
            action=action,
            outcome=DENIED,
            is_needed=action in needed(),
            about=thing,
            is_invented=False,
            reason=reason,
        )
    )


def _near_stack(door: Door, question: Question) -> str:
    """Return the name of a stack that is there and nearly called so; "" where none is."""
    name = question.parameters.get("StackName")
    if not isinstance(name, str):
        return ""
    try:
        rows = ask(door, "cloudformation:ListStacks").rows("StackSummaries")
    except AwsError:
        return ""
    names = [text(row, "StackName") for row in rows if text(row, "StackStatus") != GONE]
    return next(iter(difflib.get_close_matches(name, names, n=1)), "")


def _check_globs(
    door: Door, globs: Wanted, notes: Notes, *, is_waiting: bool, now: datetime
) -> Iterable[Stream]:
    identity = notes.identity or {}
    arn = parse_arn(str(identity.get("arn", "")))
    found = discover(
        Ask(
            label=notes.label,
            door=door,
            wanted=globs,
            account=identity.get("account"),
            partition=arn.partition if arn else "aws",
            with_stacks=bool(globs.stacks),
            since=now,
        )
    )
    errors = [error.message for error in found.errors]
    for kind, pattern, count in _matches(globs, found.found):
        thing = f"{kind} {pattern}"
        if count:
            words = f"matches {count:,} {kind}{'' if count == 1 else 's'} now"
            notes.check("target", OK, words, target=thing, facts={"matches": count})
        elif errors:
            notes.check("target", NOTE, f"it could not be looked for: {errors[0]}", target=thing)
        else:
            words = f"matches no {kind} in {door.region}"
            _note_absent(notes, thing, words, "check name, account and region", is_waiting=is_waiting)
    return found.found


def _matches(globs: Wanted, found: Sequence[Stream]) -> Iterable[tuple[str, str, int]]:
    """Yield for each glob its kind, itself, and how many things it matches."""
    for glob in globs.stacks:
        only = Wanted(stacks=(glob,))
        yield "stack", glob, sum(wants_stack(only, stream.target) for stream in found)
    for glob in globs.clusters:
        only = Wanted(clusters=(glob,))
        yield "cluster", glob, sum(wants_cluster(only, stream.target) for stream in found)
    for glob in globs.services:
        only = Wanted(services=(glob,))
        yield "service", glob, sum(wants_service(only, stream.target) for stream in found)


def _note_absent(notes: Notes, thing: str, words: str, remedy: str, *, is_waiting: bool) -> None:
    if is_waiting:
        notes.check("target", NOTE, f"{words} yet; it is waited for", remedy=remedy, target=thing)
    else:
        notes.check("target", PROBLEM, words, remedy=remedy, target=thing)
