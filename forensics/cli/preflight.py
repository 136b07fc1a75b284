"""What is asked of AWS before anything is written, so that a mistake changes nothing."""

import contextlib
from collections.abc import Iterable

from forensics.capture.selection import Site
from forensics.cli.handover import PUSH
from forensics.errors import (
    AccessDenied,
    AwsError,
    CredentialsError,
    NotFound,
    ServerFault,
    Throttled,
    Unreachable,
)
from forensics.model.credentials import DENIED, RENEWS
from forensics.preflight.presence import questions


def check_credentials(sites: Iterable[Site]) -> None:
    """Read every site's credentials once: the person who could mend them is still there.

    A source of credentials that does not answer is no reason to stop: the recording goes on trying.

    Raises:
        CredentialsError: A site has none, or they are broken: a person is needed.
        AccessDenied: AWS refuses to give a site any; new ones of the same kind would not help.
    """
    for site in sites:
        with contextlib.suppress(Unreachable, ServerFault, Throttled):
            try:
                site.door.renew()
            except CredentialsError as error:
                standing = site.door.standing()
                if standing.state == RENEWS:
                    continue
                if standing.state == DENIED:
                    raise AccessDenied(error.message, code=error.code, hint=error.hint) from error
                # There is no recorder yet that anything could be pushed to.
                if standing.command and not standing.command.startswith(PUSH):
                    hint = f"run `{standing.command}`, then start again"
                    raise type(error)(error.message, code=error.code, hint=hint) from error
                raise


def check_presence(sites: Iterable[Site]) -> None:
    """Ask AWS for everything that is named without a glob.

    What IAM does not let us ask is left to the recording, which records the refusal.

    Raises:
        NotFound: Something does not exist; it is named.
        Unreachable: The endpoint does not answer.
        CredentialsError: AWS does not accept the credentials.
    """
    for site in sites:
        for question in questions(site.wanted):
            try:
                question.answer(site.door)
            except NotFound as error:
                raise NotFound(
                    f"{question.thing} does not exist in {site.door.region}",
                    operation=question.operation,
                    hint="without --no-wait it is waited for",
                ) from error
            except (Unreachable, CredentialsError):
                raise
            except AwsError:
                continue
