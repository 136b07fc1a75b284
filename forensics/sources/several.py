"""One call about several things, of which IAM may refuse some."""

from collections.abc import Sequence
from typing import Any

from forensics.aws.door import Door
from forensics.errors import AccessDenied
from forensics.sources.answer import Page, ask

_PUNCTUATION = ".,;:'\"()"


def ask_about(
    door: Door, operation: str, parameter: str, arns: Sequence[str], *, bear: int
) -> tuple[Page | None, list[AccessDenied]]:
    """Return the answer about those of several things that IAM does not refuse, and the refusals.

    IAM refuses a call as a whole for one thing in it and names the first that it refuses: without that one,
    the call is made again.

    Args:
        door: The way to AWS.
        operation: As ``service:Operation``.
        parameter: What takes the ARNs.
        arns: What to ask about.
        bear: So many refusals are borne; with one more, the rest is not asked about.

    Returns:
        The page is None where nothing was left to ask about, or more was refused than is borne.

    Raises:
        AwsError: The answer could not be had; AccessDenied where the refusal names none of the ARNs.
    """
    left = list(arns)
    refusals: list[AccessDenied] = []
    while left and len(refusals) <= bear:
        asked: dict[str, Any] = {parameter: left}
        try:
            return ask(door, operation, **asked), refusals
        except AccessDenied as error:
            words = {word.strip(_PUNCTUATION) for word in error.message.split()}
            if words.isdisjoint(left):
                raise
            refusals.append(error)
            left = [arn for arn in left if arn not in words]
    return None, refusals
