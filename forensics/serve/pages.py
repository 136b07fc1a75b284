"""Pages of a list that do not shift while the list grows.

A token names the last thing of its page, not a number of things to skip: what arrives meanwhile neither
moves an entry from one page to the next nor hides one.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import orjson

T = TypeVar("T")


class BadToken(ValueError):
    """The token was not given out for this list."""


class Listing(NamedTuple):
    """How a list is cut into pages."""

    scope: str
    """What the list is of, such as ``ecs:ListTasks main``; a token is good for one scope only."""
    size: int
    """Entries a page, at least 1."""
    is_newest_first: bool = False
    """The list descends by its keys."""


def cut(
    entries: Sequence[T], key: Callable[[T], str], listing: Listing, token: str | None
) -> tuple[Sequence[T], str | None]:
    """Return one page and the token of the next.

    Args:
        entries: The whole list, sorted by key as `listing` says.
        key: Gives each entry's own key, the same at any time.
        listing: How to cut.
        token: From the page before; None for the first page.

    Returns:
        The entries of the page; the next token, None on the last page.

    Raises:
        BadToken: The token is not one of this list.
    """
    if token is not None:
        after = read_token(token, listing.scope)
        if not isinstance(after, str):
            raise BadToken(token)
        entries = [
            entry
            for entry in entries
            if (key(entry) < after if listing.is_newest_first else key(entry) > after)
        ]
    page = entries[: listing.size]
    more = len(entries) > listing.size
    return page, write_token(listing.scope, key(page[-1])) if more else None


def write_token(scope: str, anchor: str | int) -> str:
    """Return an opaque token for what follows the anchor in a list."""
    return base64.urlsafe_b64encode(orjson.dumps([scope, anchor])).decode().rstrip("=")


def read_token(token: str, scope: str) -> str | int:
    """Return the anchor of a token.

    Raises:
        BadToken: It was not written, or not for this scope.
    """
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadToken(token) from error
    if (
        not isinstance(parts, list)
        or len(parts) != 2
        or parts[0] != scope
        or not isinstance(parts[1], str | int)
    ):
        raise BadToken(token)
    anchor: str | int = parts[1]
    return anchor
