"""Answers of AWS taken apart without trusting their shape."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from forensics.aws.door import Door, Reply
from forensics.errors import Undecodable
from forensics.model.clock import from_rfc3339, to_rfc3339
from forensics.model.record import JsonObject

MAX_PAGES = 5000
"""More pages than any real answer has; a walk that comes here is being led in a circle."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, decoded once."""

    operation: str
    body: bytes
    values: JsonObject
    answered_at: datetime | None = None
    """When AWS answered, by its own clock; None where it does not say."""

    def rows(self, field: str) -> list[JsonObject]:
        """Return a field's list of objects; [] where AWS leaves it out or sends an empty element.

        Raises:
            Undecodable: The field holds something else.
        """
        listed = self.values.get(field)
        if listed is None or (isinstance(listed, str) and not listed.strip()):
            return []
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            raise self.undecodable(f"{field} is not a list of objects")
        return listed

    def names(self, field: str) -> list[str]:
        """Return a field's list of texts; [] where AWS leaves it out.

        Raises:
            Undecodable: The field holds something else.
        """
        listed = self.values.get(field)
        if listed is None:
            return []
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise self.undecodable(f"{field} is not a list of texts")
        return listed

    def undecodable(self, reason: str) -> Undecodable:
        """Return the error that this answer is not what the operation returns."""
        return Undecodable(f"{self.operation}: {reason}", body=self.body, operation=self.operation)


def page_of(operation: str, reply: Reply) -> Page:
    """Return a reply decoded.

    Raises:
        Undecodable: The body is not what the operation returns.
    """
    return Page(operation=operation, body=reply.body, values=reply.values(), answered_at=reply.answered_at)


def ask(door: Door, operation: str, **parameters: Any) -> Page:
    """Return the one answer of an operation that does not page.

    Raises:
        AwsError: It could not be had or read.
    """
    return page_of(operation, door.call(operation, **parameters))


def pages(door: Door, operation: str, token: str, **parameters: Any) -> Iterator[Page]:
    """Yield the pages of an operation until AWS gives no further token.

    Args:
        door: The way to AWS.
        operation: As ``service:Operation``.
        token: The name of the parameter that asks for the next page: ``NextToken`` or ``nextToken``.
        parameters: The operation's other parameters.

    Raises:
        AwsError: A page could not be had; Undecodable also where tokens repeat or never end.
    """
    following = Tokens(token)
    while True:
        page = ask(door, operation, **parameters, **following.parameters())
        yield page
        if not following.advance(page):
            return


class Tokens:
    """The paging tokens of one walk, watched for going in a circle."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._given: set[str] = set()
        self._next = ""

    def parameters(self) -> JsonObject:
        """Return the parameter that asks for the next page; {} for the first."""
        return {self._name: self._next} if self._next else {}

    def advance(self, page: Page) -> bool:
        """Take the token out of a page; False where it is the last page.

        Raises:
            Undecodable: The token came before, or there are too many pages.
        """
        token = page.values.get(self._name)
        if not token:
            return False
        if not isinstance(token, str) or token in self._given or len(self._given) >= MAX_PAGES:
            raise page.undecodable(f"the pages never end ({len(self._given) + 1} so far)")
        self._given.add(token)
        self._next = token
        return True


def text(row: JsonObject, field: str) -> str:
    """Return a field's text; "" where it is absent or something else."""
    value = row.get(field)
    return value if isinstance(value, str) else ""


def moment(value: Any) -> datetime | None:
    """Return a time as AWS writes it (RFC 3339, or seconds since 1970), aware UTC; None for anything else."""
    try:
        if isinstance(value, str):
            return from_rfc3339(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def stamp(value: Any) -> str | None:
    """Return a time as AWS writes it as RFC 3339 in UTC; None where it is no time."""
    at = moment(value)
    return to_rfc3339(at) if at is not None else None
