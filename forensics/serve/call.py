"""One call of an AWS operation, as the operations see it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from forensics.serve.credentials import Caller, KeyRing
from forensics.serve.history import Place
from forensics.serve.pages import BadToken, Listing, cut, read_token
from forensics.serve.refusal import Refusal

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked, by whom, of which part of the history, at which moment."""

    operation: str
    parameters: Mapping[str, Any]
    """JSON: as sent. Query: texts by their flat names, such as ``StackStatusFilter.member.1``."""
    is_json: bool
    place: Place
    caller: Caller
    now: float
    """Seconds since 1970 by the endpoint's clock."""
    keys: KeyRing

    def invalid(self, message: str) -> Refusal:
        """Return the error with which AWS refuses a parameter."""
        return Refusal("InvalidParameterException" if self.is_json else "ValidationError", message)

    def text(self, name: str) -> str | None:
        """Return a parameter that is text; None where it is not given.

        Raises:
            Refusal: It is something else.
        """
        value = self.parameters.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self.invalid(f"{name} must be a string.")

    def needed(self, name: str) -> str:
        """Return a parameter that is text and must be given.

        Raises:
            Refusal: It is missing, empty or something else.
        """
        value = self.text(name)
        if not value:
            raise self.invalid(f"{name} cannot be empty.")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a parameter that is a list of texts; [] where it is not given.

        Raises:
            Refusal: It is something else.
        """
        if not self.is_json:
            prefix = f"{name}.member."
            return [value for key, value in self.parameters.items() if key.startswith(prefix)]
        value = self.parameters.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            return value
        raise self.invalid(f"{name} must be a list of strings.")

    def page_size(self, default: int, *, most: int = 100) -> int:
        """Return how many entries a page of a JSON operation holds.

        Raises:
            Refusal: maxResults is no number from 1 to `most`.
        """
        value = self.parameters.get("maxResults")
        if value is None:
            return default
        if isinstance(value, int) and 1 <= value <= most:
            return value
        raise self.invalid(f"maxResults must be between 1 and {most}.")

    def token(self) -> str | None:
        """Return the token of the page that is asked for; None for the first."""
        return self.text("nextToken" if self.is_json else "NextToken") or None

    def page(
        self, entries: Sequence[T], key: Callable[[T], str], listing: Listing
    ) -> tuple[Sequence[T], str | None]:
        """Return the page that is asked for, and the token of the next.

        Raises:
            Refusal: The token is not one of this list.
        """
        try:
            return cut(entries, key, listing, self.token())
        except BadToken as error:
            raise self._bad_token() from error

    def anchor(self, scope: str, default: int) -> int:
        """Return the number that the token of the page carries; `default` for the first page.

        Raises:
            Refusal: The token is not one of this list.
        """
        token = self.token()
        if token is None:
            return default
        try:
            anchor = read_token(token, scope)
        except BadToken as error:
            raise self._bad_token() from error
        if isinstance(anchor, int) and 0 <= anchor <= default:
            return anchor
        raise self._bad_token()

    def _bad_token(self) -> Refusal:
        return self.invalid("Invalid token." if self.is_json else "NextToken is not valid.")
