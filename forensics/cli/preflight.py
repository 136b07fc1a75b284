"""What is asked of AWS before anything is written, so that a mistake changes nothing."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from forensics.capture.selection import Site, Wanted, is_arn, is_glob
from forensics.errors import AwsError, CredentialsError, NotFound, Unreachable
from forensics.model.identity import parse_service_arn


def check_credentials(sites: Iterable[Site]) -> None:
    """Read every site's credentials once: the person who could mend them is still there.

    A source of credentials that does not answer is no reason to stop: the recording goes on trying.

    Raises:
        CredentialsError: A site has none, or they are broken.
    """
    for site in sites:
        with contextlib.suppress(Unreachable):
            site.door.renew()


def check_presence(sites: Iterable[Site]) -> None:
    """Ask AWS for everything that is named without a glob.

    What IAM does not let us ask is left to the recording, which records the refusal.

    Raises:
        NotFound: Something does not exist; it is named.
        Unreachable: The endpoint does not answer.
        CredentialsError: AWS does not accept the credentials.
    """
    for site in sites:
        for thing, operation, parameters in _questions(site.wanted):
            _ask(site, thing, operation, parameters)


def _ask(site: Site, thing: str, operation: str, parameters: dict[str, Any]) -> None:
    missing = NotFound(
        f"{thing} does not exist in {site.door.region}",
        operation=operation,
        hint="without --no-wait it is waited for",
    )
    try:
        said = site.door.call(operation, **parameters).values()
    except NotFound as error:
        raise missing from error
    except (Unreachable, CredentialsError):
        raise
    except AwsError:
        return
    # DescribeServices reports what it does not find beside the answer, not as an error.
    if said.get("failures"):
        raise missing


def _questions(wanted: Wanted) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield for each thing its name, and the operation and parameters that show whether it exists."""
    for stack in wanted.stacks:
        if not is_glob(stack):
            yield f"stack {stack}", "cloudformation:DescribeStacks", {"StackName": stack}
    for cluster in wanted.clusters:
        if not is_glob(cluster):
            only_one = {"cluster": cluster, "desiredStatus": "STOPPED", "maxResults": 1}
            yield f"cluster {cluster}", "ecs:ListTasks", only_one
    for service in wanted.services:
        if not is_glob(service):
            named = parse_service_arn(service) if is_arn(service) else None
            cluster, _, name = (named.cluster, "", service) if named else service.partition("/")
            yield f"service {service}", "ecs:DescribeServices", {"cluster": cluster, "services": [name]}
