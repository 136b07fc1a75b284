"""Each IAM action tried for real, by a call that reads as little as possible.

An action counts as allowed where AWS answered what was asked, or said that the thing asked about does not
exist: AWS looks for a thing only after it has decided whether the caller may ask.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from forensics.aws.door import Door
from forensics.capture.selection import Wanted, cluster_name, is_arn, is_glob
from forensics.errors import AccessDenied, AwsError, NotFound, Undecodable
from forensics.model.checkup import ALLOWED, DENIED, UNDETERMINED, Tried
from forensics.model.identity import Stream, parse_arn, parse_service_arn
from forensics.model.record import JsonObject
from forensics.preflight.notes import Notes
from forensics.preflight.policy import needed
from forensics.sources.answer import Page, ask, text

INVENTED = "forensics-doctor"
"""Stands for a name where nothing real is known."""
_NO_DEFINITION = "Unable to describe task definition"
_NO_TASK = "0" * 32
_NO_DEPLOYMENT = "forensics0doctor00000"
_GLOB_PART = re.compile(r"\*|\?|\[[^\]]*\]")


class Sample(msgspec.Struct, frozen=True):
    """A thing to ask about."""

    name: str
    is_invented: bool = False


class Service(msgspec.Struct, frozen=True):
    """A service to ask about."""

    cluster: Sample
    name: Sample


_NOTHING = Sample(INVENTED, True)


def try_actions(door: Door, wanted: Wanted, found: Sequence[Stream], notes: Notes) -> None:
    """Try every action that a recording of this selection uses; note what came of each.

    Args:
        door: The way to AWS.
        wanted: What was asked for: decides which actions matter.
        found: Streams of what exists of it, to ask about something real.
        notes: Where the outcome of each goes.
    """
    trial = _Trial(door, notes)
    service = None
    if wanted.stacks:
        service = _try_stacks(trial, stack_of(wanted, found))
    _try_services(trial, wanted, service_of(wanted, found) or service or Service(_NOTHING, _NOTHING))


def stack_of(wanted: Wanted, found: Sequence[Stream]) -> Sample:
    """Return a stack to ask about: one that exists, else one that is named, else one that a glob would match.

    A policy may allow the wanted names only: a name made from the glob is within it too.
    """
    for stream in found:
        if stream.source == "stack_events":
            return Sample(stream.target)
    named = [stack for stack in wanted.stacks if not is_glob(stack)]
    if named:
        return Sample(named[0])
    return _sample(wanted.stacks[0])


def service_of(wanted: Wanted, found: Sequence[Stream]) -> Service | None:
    """Return a service to ask about, as `stack_of` does; None where neither service nor cluster is wanted."""
    for stream in found:
        service = parse_service_arn(stream.target)
        if stream.source == "services" and service is not None:
            return Service(Sample(service.cluster), Sample(service.name))
    clusters = [cluster_name(stream.target) for stream in found if stream.source == "stopped_tasks"]
    for asked in wanted.services:
        named = parse_service_arn(asked) if is_arn(asked) else None
        cluster, _, name = (named.cluster, "", named.name) if named else asked.partition("/")
        return Service(_sample(cluster), _sample(name))
    for asked in (*clusters, *wanted.clusters):
        return Service(_sample(cluster_name(asked) or asked), _NOTHING)
    return None


def outcome_of(action: str, error: AwsError) -> str:
    """Return what an error proves about an action."""
    match error:
        case AccessDenied():
            return DENIED
        case NotFound():
            return ALLOWED
        case _ if error.code == "UnsupportedFeatureException":
            return ALLOWED  # of this service's deployment controller: ECS has looked at the service
        case _ if action == "ecs:DescribeTaskDefinition" and _NO_DEFINITION in error.message:
            return ALLOWED  # ECS's words for one that does not exist, under the code ClientException
        case _:
            return UNDETERMINED


class _Trial:
    """Asks, and notes what each answer proves."""

    def __init__(self, door: Door, notes: Notes) -> None:
        self.region = door.region
        self.identity = notes.identity or {}
        self._door = door
        self._notes = notes
        self._needed = needed()

    def ask(
        self, action: str, about: str = "", *, is_invented: bool = False, **parameters: Any
    ) -> Page | None:
        """Try one action; return the answer, None where there was none."""
        page, outcome, reason = None, ALLOWED, ""
        try:
            page = ask(self._door, action, **parameters)
        except AwsError as error:
            outcome, reason = outcome_of(action, error), error.message.removeprefix(f"{action}: ")
        self._notes.tried(
            Tried(
                action=action,
                outcome=outcome,
                is_needed=action in self._needed,
                about=about,
                is_invented=is_invented,
                reason=reason if outcome != ALLOWED else "",
            )
        )
        return page


def _try_stacks(trial: _Trial, stack: Sample) -> Service | None:
    """Try what is asked of CloudFormation; return an ECS service of the stack, where one is seen."""
    trial.ask("cloudformation:ListStacks", StackStatusFilter=["CREATE_IN_PROGRESS"])
    service = None
    for operation in ("DescribeStackEvents", "DescribeStacks", "ListStackResources"):
        page = trial.ask(
            f"cloudformation:{operation}",
            f"stack {stack.name}",
            is_invented=stack.is_invented,
            StackName=stack.name,
        )
        for row in _rows(page, "StackResourceSummaries"):
            named = parse_service_arn(text(row, "PhysicalResourceId"))
            if named is not None and named.cluster:
                service = Service(Sample(named.cluster), Sample(named.name))
    return service


def _try_services(trial: _Trial, wanted: Wanted, service: Service) -> None:
    if any(is_glob(asked.partition("/")[0]) for asked in (*wanted.clusters, *wanted.services)):
        trial.ask("ecs:ListClusters", maxResults=1)
    cluster: dict[str, Any] = {"cluster": service.cluster.name}
    about: dict[str, Any] = {
        "about": f"cluster {service.cluster.name}",
        "is_invented": service.cluster.is_invented,
    }
    if wanted.clusters or any(map(is_glob, wanted.services)):
        trial.ask("ecs:ListServices", **about, **cluster, maxResults=1)
    tasks = trial.ask("ecs:ListTasks", **about, **cluster, desiredStatus="STOPPED", maxResults=1)
    task = next(iter(_names(tasks, "taskArns")), _NO_TASK)
    trial.ask("ecs:DescribeTasks", **about, **cluster, tasks=[task])
    _try_service(trial, service)


def _try_service(trial: _Trial, service: Service) -> None:
    cluster, name = service.cluster.name, service.name.name
    about: dict[str, Any] = {
        "about": f"service {cluster}/{name}",
        "is_invented": service.cluster.is_invented or service.name.is_invented,
    }
    page = trial.ask("ecs:DescribeServices", **about, cluster=cluster, services=[name])
    described = _rows(page, "services")
    listed = trial.ask("ecs:ListServiceDeployments", **about, cluster=cluster, service=name, maxResults=1)
    deployments = [text(row, "serviceDeploymentArn") for row in _rows(listed, "serviceDeployments")]
    arn = next(iter(deployments), "") or _deployment_arn(trial, service)
    trial.ask("ecs:DescribeServiceDeployments", **about, serviceDeploymentArns=[arn])
    definition = next((text(row, "taskDefinition") for row in described), "")
    trial.ask(
        "ecs:DescribeTaskDefinition",
        f"task definition {definition or INVENTED}",
        is_invented=not definition,
        taskDefinition=definition or INVENTED,
    )


def _deployment_arn(trial: _Trial, service: Service) -> str:
    """Return the ARN of a service deployment that does not exist."""
    identity = trial.identity
    arn = parse_arn(str(identity.get("arn", "")))
    partition = arn.partition if arn else "aws"
    account = identity.get("account") or "000000000000"
    resource = f"service-deployment/{service.cluster.name}/{service.name.name}/{_NO_DEPLOYMENT}"
    return f"arn:{partition}:ecs:{trial.region}:{account}:{resource}"


def _sample(asked: str) -> Sample:
    """Return a name as it is, or one that a glob matches, or nearly."""
    name = _GLOB_PART.sub(lambda found: INVENTED if found.group() == "*" else "x", asked)
    return Sample(name, is_invented=name != asked)


def _rows(page: Page | None, field: str) -> list[JsonObject]:
    try:
        return page.rows(field) if page is not None else []
    except Undecodable:
        return []


def _names(page: Page | None, field: str) -> list[str]:
    try:
        return page.names(field) if page is not None else []
    except Undecodable:
        return []
