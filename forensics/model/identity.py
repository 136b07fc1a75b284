"""Names of things in AWS and of the streams that watch them."""

from typing import NamedTuple


class Arn(NamedTuple):
    """The parts of an Amazon Resource Name.

    See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html.
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn | None:
    """Return the parts of an ARN, or None where the text is not one."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[5]:
        return None
    return Arn(*parts[1:])


class StackId(NamedTuple):
    """A stack's ARN taken apart: the name is reused by later stacks, the uuid is not."""

    arn: Arn
    name: str
    uuid: str


def parse_stack_arn(text: str) -> StackId | None:
    """Return a stack's identity from ``arn:…:cloudformation:…:stack/NAME/UUID``, or None."""
    arn = parse_arn(text)
    if arn is None or arn.service != "cloudformation":
        return None
    kind, _, rest = arn.resource.partition("/")
    name, _, uuid = rest.partition("/")
    if kind != "stack" or not name:
        return None
    return StackId(arn, name, uuid)


class ServiceId(NamedTuple):
    """An ECS service's ARN taken apart; cluster is "" in the short ARNs of before 2021."""

    arn: Arn
    cluster: str
    name: str


def parse_service_arn(text: str) -> ServiceId | None:
    """Return a service's identity from ``arn:…:ecs:…:service/CLUSTER/NAME``, or None."""
    arn = parse_arn(text)
    if arn is None or arn.service != "ecs":
        return None
    parts = arn.resource.split("/")
    if parts[0] != "service" or len(parts) not in (2, 3):
        return None
    return ServiceId(arn, parts[1] if len(parts) == 3 else "", parts[-1])


def cluster_arn(beside: Arn, name: str) -> str:
    """Return the ARN of a cluster by name, in the partition, region and account of another ARN."""
    return str(beside._replace(service="ecs", resource=f"cluster/{name}"))


def is_home(cluster: str, service: ServiceId) -> bool:
    """Return whether a service may run in a cluster.

    Args:
        cluster: The cluster's ARN, or its name where that is all that is known.
        service: In another account or region a cluster of the same name is another one; in the short ARNs of
            before 2021 any cluster of its account and region may be meant.
    """
    found = parse_arn(cluster)
    if found is not None and found._replace(resource="") != service.arn._replace(resource=""):
        return False
    return not service.cluster or cluster.rpartition("/")[2] == service.cluster


def task_id(task_arn: str) -> str:
    """Return the last part of a task's ARN: the id that service events name."""
    return task_arn.rsplit("/", 1)[-1]


class Stream(NamedTuple):
    """One source reading one target: what positions, gaps and lag are counted by."""

    source: str
    """The source's name, such as ``stack_events``."""
    target: str
    """ARN of the target."""

    def __str__(self) -> str:
        return f"{self.source} {self.target}"


def parse_stream(text: str) -> Stream:
    """Return the stream that ``str(stream)`` wrote.

    Raises:
        ValueError: The text has no space between source and target.
    """
    source, space, target = text.partition(" ")
    if not space:
        raise ValueError(f"{text!r} is not a stream: expected SOURCE TARGET")
    return Stream(source, target)
