"""Everything that is looked at in one account and region."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from forensics.capture.selection import Site
from forensics.model.checkup import ALLOWED, DENIED, NOTE, OK, PROBLEM, UNDETERMINED, Check, SiteReport, Tried
from forensics.model.clock import Clock
from forensics.preflight.identity import check_identity
from forensics.preflight.listening import ListeningDoor
from forensics.preflight.notes import Notes
from forensics.preflight.permissions import try_actions
from forensics.preflight.targets import check_targets

_EXPLICIT = "explicit deny"


def examine(site: Site, clock: Clock, notes: Notes, *, expect: timedelta, is_waiting: bool) -> None:
    """Look at credentials, clock, targets and permissions of one site, in this order.

    Args:
        site: The way to AWS with what is wanted behind it.
        clock: The machine's.
        notes: Filled as it goes.
        expect: How long the recording is expected to take.
        is_waiting: What does not exist yet is waited for.
    """
    door = ListeningDoor(site.door, notes)
    if check_identity(door, clock, expect, notes):
        there = check_targets(door, site.wanted, is_waiting=is_waiting, now=clock.now(), notes=notes)
        try_actions(door, site.wanted, there, notes)
    notes.doing = ""
    notes.is_done = True


def summed_up(notes: Notes) -> SiteReport:
    """Return what has been noted so far, with what follows from it."""
    region = Check(name="region", state=OK, text=notes.region)
    return SiteReport(
        label=notes.label,
        region=notes.region,
        identity=notes.identity,
        checks=(region, *_endpoint(notes), *notes.checks, *_permissions(notes)),
        actions=tuple(notes.actions),
    )


def _endpoint(notes: Notes) -> Iterator[Check]:
    for service, error in notes.silent.items():
        text = f"{service} does not answer: {error.message}"
        yield Check(name="endpoint", state=PROBLEM, text=text, remedy=error.hint or "")
    if notes.answering:
        names = sorted(notes.answering)
        text = f"{', '.join(names)} {'answers' if len(names) == 1 else 'answer'}"
        yield Check(name="endpoint", state=OK, text=text)


def _permissions(notes: Notes) -> Iterator[Check]:
    actions = notes.actions
    if not actions:
        return
    names = {tried.action for tried in actions}
    allowed = len(names - {tried.action for tried in actions if tried.outcome != ALLOWED})
    if allowed:
        text = f"{allowed} of {len(names)} actions are allowed"
        facts = {"allowed": allowed, "tried": len(names)}
        yield Check(name="permissions", state=OK, text=text, facts=facts)
    yield from (_denied(tried) for tried in actions if tried.outcome == DENIED)
    unclear = sorted((tried for tried in actions if tried.outcome == UNDETERMINED), key=_reason)
    for reason, group in groupby(unclear, key=_reason):
        unknown = ", ".join(tried.action for tried in group)
        yield Check(name="permissions", state=NOTE, text=f"{unknown}: not known whether allowed: {reason}")


def _denied(tried: Tried) -> Check:
    lost = "" if tried.is_needed else "; only details are missing without it"
    about = f" for {tried.about}" if tried.about else ""
    made_up = ", a made-up name" if tried.is_invented else ""
    remedy = "allow it: the policy to paste comes with this report"
    if _EXPLICIT in tried.reason:
        remedy = "something denies it explicitly, and no statement that allows it helps: ask who wrote that"
    return Check(
        name="permissions",
        state=PROBLEM if tried.is_needed else NOTE,
        text=f"{tried.action} is denied{about}{made_up}{lost}: {tried.reason}",
        remedy=remedy,
    )


def _reason(tried: Tried) -> str:
    return tried.reason
