"""The facts that the recorder states about its own work."""

import base64
import itertools
from collections.abc import Sequence
from datetime import datetime

import msgspec

from forensics.errors import AwsError, Undecodable
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream
from forensics.model.record import (
    CLOCK,
    COVERAGE,
    CREDENTIALS,
    GAP,
    IDENTITY,
    POLL,
    REFUSAL,
    RUN,
    STREAM,
    UNDECODABLE,
    Fact,
    Gap,
    JsonObject,
)


class Mint:
    """Makes facts whose ids nobody else makes: they carry the run and a number.

    Args:
        archive_id: The archive that they go to.
        run: Hex id of this process.
    """

    def __init__(self, archive_id: str, run: str) -> None:
        self._urn = f"urn:forensics:{archive_id}"
        self._run = run[:8]
        self._polls = itertools.count(1)
        self._others = itertools.count(1)

    def poll_id(self) -> str:
        """Return the name of one more poll."""
        return f"{self._run}-{next(self._polls)}"

    def _id(self, kind: str) -> str:
        return f"{kind}-{self._run}-{next(self._others)}"

    def opened(self, stream: Stream, number: int, because: str) -> Fact:
        """State that a stream is watched from now on, and what led to it."""
        return Fact(
            type=STREAM,
            source=stream.target,
            id=self._id(f"stream-{number}"),
            subject=stream.source,
            data={"number": number, "stream": str(stream), "opened_because": because},
        )

    def ended(self, stream: Stream, number: int, because: str) -> Fact:
        """State that a stream is watched no more."""
        return Fact(
            type=STREAM,
            source=stream.target,
            id=self._id(f"stream-{number}"),
            subject=stream.source,
            data={"number": number, "stream": str(stream), "ended_because": because},
        )

    def polled(
        self,
        poll: str,
        streams: Sequence[Stream],
        *,
        since: datetime | None,
        until: datetime,
        facts: int,
        calls: int,
    ) -> Fact:
        """State that a poll brought facts, and from when on it proves that none is missing."""
        return Fact(
            type=POLL,
            source=self._urn,
            id=poll,
            data={
                "streams": [str(stream) for stream in streams],
                "from": to_rfc3339(since) if since else None,
                "to": to_rfc3339(until),
                "facts": facts,
                "calls": calls,
            },
        )

    def covered(
        self, since: datetime, until: datetime, *, streams: str, vouched: str, polls: int, calls: int
    ) -> Fact:
        """State which streams were looked at and had nothing new.

        Args:
            since: Start of the interval in which they were.
            until: Its end.
            streams: Their numbers, as ranges.
            vouched: Those of them that the survey vouched for, without a poll of their own.
            polls: Good polls of the interval without news.
            calls: API calls of these polls.
        """
        return Fact(
            type=COVERAGE,
            source=self._urn,
            id=self._id("coverage"),
            data={
                "from": to_rfc3339(since),
                "to": to_rfc3339(until),
                "streams": streams,
                "vouched": vouched,
                "polls": polls,
                "calls": calls,
            },
        )

    def clock_set(self, before: datetime, after: datetime, *, jumped_s: float) -> Fact:
        """State that the wall clock was set: times before and after it do not compare.

        Args:
            before: What it would show now, had nobody set it.
            after: What it shows.
            jumped_s: The difference, seconds; negative where it was set back.
        """
        jump = {"before": to_rfc3339(before), "after": to_rfc3339(after), "jumped_s": jumped_s}
        return Fact(type=CLOCK, source=self._urn, id=self._id("clock"), data=jump)

    def gap(self, target: str, gap: Gap) -> Fact:
        """State that an interval of one stream could not be watched."""
        return Fact(type=GAP, source=target, id=self._id("gap"), data=msgspec.to_builtins(gap))

    def run(self, phase: str, **what: object) -> Fact:
        """State that this process began or ended recording."""
        return Fact(type=RUN, source=self._urn, id=f"run-{self._run}-{phase}", data={"phase": phase, **what})

    def reloaded(self, what: JsonObject) -> Fact:
        """State that this process records a new selection."""
        return Fact(type=RUN, source=self._urn, id=self._id("run"), data={"phase": "reloaded", **what})

    def identity(self, who: JsonObject) -> Fact:
        """State whose credentials are in use; never a secret."""
        return Fact(type=IDENTITY, source=self._urn, id=self._id("identity"), data=who)

    def credentials(self, said: JsonObject) -> Fact:
        """State how a site's credentials stand; never a secret."""
        return Fact(type=CREDENTIALS, source=self._urn, id=self._id("credentials"), data=said)

    def refused(self, stream: str, error: AwsError, *, is_optional: bool) -> Fact:
        """State that IAM does not allow an operation, and which action is missing.

        Args:
            stream: The stream that met it, or what stands for it.
            error: AWS's refusal.
            is_optional: The stream works without the operation.
        """
        return Fact(
            type=REFUSAL,
            source=self._urn,
            id=self._id("refusal"),
            data={
                "stream": stream,
                "operation": error.operation,
                "action": error.operation,
                "code": error.code,
                "message": error.message,
                "optional": is_optional,
            },
        )

    def undecodable(self, stream: Stream, error: Undecodable, *, limit_bytes: int) -> Fact:
        """Keep the bytes of an answer that could not be read, up to a limit."""
        kept = error.body[:limit_bytes]
        return Fact(
            type=UNDECODABLE,
            source=stream.target,
            id=self._id("undecodable"),
            subject=stream.source,
            data={
                "stream": str(stream),
                "operation": error.operation,
                "body_base64": base64.b64encode(kept).decode("ascii"),
                "body_bytes": len(error.body),
                "is_cut": len(kept) < len(error.body),
                "reason": error.message,
            },
        )
