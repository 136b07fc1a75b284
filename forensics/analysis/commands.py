"""What `forensics run` ran while it recorded: each command once, with how it ended."""

from collections.abc import Iterable

import msgspec

from forensics.analysis.shapes import count_at, payload_of, text_at
from forensics.model.record import Record


class CommandRun(msgspec.Struct, frozen=True, kw_only=True):
    """One command."""

    name: str
    """Its program alone: arguments may hold secrets and are not recorded."""
    started_at: str
    """RFC 3339; "" where its beginning is not in the archive."""
    ended_at: str | None
    exit_code: int | None
    """None while it runs, and where the recording ended before it."""


def commands_of(records: Iterable[Record]) -> tuple[CommandRun, ...]:
    """Return the commands in the order in which they began.

    Args:
        records: Those of type ``forensics.command``, in the order of their seq.
    """
    found: dict[str, CommandRun] = {}
    for record in records:
        payload = payload_of(record)
        # The record waits for the recording's next write; the moment in it does not.
        at = text_at(payload, "at") or record.recordedtime
        known = found.get(record.run)
        if text_at(payload, "phase") == "ended":
            found[record.run] = CommandRun(
                name=text_at(payload, "argv0"),
                started_at=known.started_at if known else "",
                ended_at=at,
                exit_code=count_at(payload, "exit_code"),
            )
        else:
            found[record.run] = CommandRun(
                name=text_at(payload, "argv0"), started_at=at, ended_at=None, exit_code=None
            )
    return tuple(found.values())
