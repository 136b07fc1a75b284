"""Facts and records: what sources produce and what an archive line holds."""

from typing import Any

import msgspec

JsonObject = dict[str, Any]

HIDDEN = "(secret, not recorded)"
"""What stands in a payload in place of a secret, where secrets are hidden before they are written."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing that AWS said or that happened to us, before it is written.

    ``source`` + ``id`` name the fact for ever: seeing it again is not a new fact.
    """

    type: str
    """CloudEvents type, such as ``aws.ecs.task`` or ``forensics.gap``."""
    source: str
    """ARN of the target; for facts of ours that concern no target, ``urn:forensics:<archive id>``."""
    id: str
    """The key: CloudFormation's EventId, the ECS event id, ``taskArn@version`` …"""
    data: Any
    """The payload as AWS sent it: plain JSON values, nothing dropped, no value rewritten."""
    time: str | None = None
    """When AWS says it happened, RFC 3339; None where AWS does not say."""
    subject: str | None = None
    """What the fact is about within the source: logical id, task id, deployment id."""


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of an archive: a CloudEvents 1.0 event with the chain's attributes.

    ``data`` stays undecoded until ``payload()`` is called: most readers look at few payloads.
    """

    type: str
    source: str
    id: str
    recordedtime: str
    """When we saw it, RFC 3339, UTC."""
    seq: int
    """Position in the archive: contiguous, from 1."""
    prev: str
    """SHA-256, hex, of all bytes of the segment before the append that wrote this line; see the format."""
    run: str
    """Which process saw it."""
    poll: str | None = None
    """Which poll saw it; None for facts that no poll saw."""
    specversion: str = "1.0"
    time: str | None = None
    subject: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")

    def payload(self) -> Any:
        """Return the payload as plain values.

        Raises:
            msgspec.DecodeError: The payload is not JSON.
        """
        return msgspec.json.decode(self.data)

    def happened_at(self) -> str:
        """Return AWS's time where there is one, else the time we saw it; RFC 3339."""
        return self.time or self.recordedtime


# The types of facts that are ours. Those of AWS are declared by the source that produces them.
STREAM = "forensics.stream"
"""A stream was opened. data: {number, stream, opened_because}."""
POLL = "forensics.poll"
"""A poll that brought facts. data: {streams: [str], from, to, facts, calls}."""
COVERAGE = "forensics.coverage"
"""Polls that brought nothing, folded. data: {from, to, streams: "1-40,42", vouched: "7-9", polls, calls}.
``vouched`` are those that were not polled themselves: the survey showed that they did not move."""
GAP = "forensics.gap"
"""A `Gap`, as data."""
RUN = "forensics.run"
"""A process began or ended. data: {phase: "started"|"ended", …}."""
IDENTITY = "forensics.identity"
"""Whose credentials are in use. data: {site, account, arn, source, region, expires_at}; never a secret."""
CREDENTIALS = "forensics.credentials"
"""How credentials stand, when that changes, and ahead of an end that only a person can put off.
data: {site, region, account, state, source, expires_at, works, command, detail, left_s}; never a secret.
``state`` is renews, needs-person or denied; ``left_s`` stands in a warning only."""
RECOVERY = "forensics.recovery"
"""What opening the archive after a crash had to mend. data: {segment, cut_bytes, quarantined_as}."""
REPAIR = "forensics.repair"
"""This archive holds what was whole of another one.

data: {archive_id, verdict, head, records, lost: [[first, last]], ranges: [{first_seq, last_seq, now_from}]}.
"""
RETENTION = "forensics.retention"
"""The oldest segments were removed. data: what is gone in all and now; see archive-format.md."""
REFUSAL = "forensics.refusal"
"""AWS refused a source for good. data: {stream, operation, action, code, message}."""
CLOCK = "forensics.clock"
"""The wall clock was set. data: {before, after, jumped_s}: what it would have shown, what it shows."""
UNDECODABLE = "forensics.undecodable"
"""An answer that could not be read. data: {stream, operation, body_base64, reason}."""
CONFLICT = "forensics.conflict"
"""AWS told a fact that is recorded already in another way. data: {type, id, time, subject, data}: what it
would have been recorded as; ``id`` and the record's source are the key of the fact that was told first."""
COMMAND = "forensics.command"
"""The command of `forensics run`. data: {phase, at, argv0, exit_code}; its arguments may hold secrets."""

IMPORT = "forensics.import"
"""Facts came from what somebody saved. data: {files: [{name, documents}], facts, notes: [str]}."""


class Gap(msgspec.Struct, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """An interval of one stream that we could not watch, and whether anything is missing from it."""

    stream: str
    since: str
    """The last moment we are sure of, RFC 3339."""
    until: str | None
    """The first moment we are sure of again; None while the gap is open."""
    reason: str
    """credentials, throttled, access-denied, unreachable, server-fault, undecodable, daemon-down,
    host-asleep, archive-unwritable, window."""
    kind: str
    """recovered: the walk joined again, nothing is lost. lost: something is. unknown: cannot tell. open."""
    lower_bound: int | None = None
    """At least so many facts are missing; None where nothing can be said."""
    detail: str = ""
    """One sentence for a person."""
