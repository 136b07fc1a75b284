"""What a recording is asked to watch: names, ARNs and globs, matched against what AWS has."""

from fnmatch import fnmatchcase

import msgspec

from forensics.aws.door import Door
from forensics.errors import UsageError
from forensics.model.identity import parse_arn, parse_service_arn, parse_stack_arn

_GLOB = frozenset("*?[")


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one account and region is asked for; an ARN, a name, or a glob (``*``, ``?``, ``[…]``)."""

    stacks: tuple[str, ...] = ()
    """Stack names, stack ARNs or globs over names."""
    clusters: tuple[str, ...] = ()
    """Cluster names, cluster ARNs or globs over names; a cluster brings its services and stopped tasks."""
    services: tuple[str, ...] = ()
    """``CLUSTER/NAME``, globs in either part, or ARNs; a service brings its cluster's stopped tasks."""


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One way to AWS with what is wanted behind it: credentials, region, endpoint, selection."""

    label: str
    """Names the site in logs and settings; sites of one recording differ in it."""
    door: Door
    wanted: Wanted


def check(wanted: Wanted, *, region: str | None = None) -> None:
    """Refuse a selection that can never match.

    Args:
        wanted: What the person asked for.
        region: The region that calls go to; None skips the comparison with the ARNs' regions.

    Raises:
        UsageError: Nothing is selected, an ARN is of the wrong kind or region, or a service names no cluster.
    """
    if not (wanted.stacks or wanted.clusters or wanted.services):
        raise UsageError("nothing to watch", hint="name a stack, a cluster or a service")
    for text in (*wanted.stacks, *wanted.clusters, *wanted.services):
        _check_arn_region(text, region)
    for text in wanted.stacks:
        if not text or (is_arn(text) and not is_whole_stack_arn(text)):
            raise UsageError(f"{text!r} is not a stack", hint="use its name, its ARN with the id, or a glob")
    for text in wanted.clusters:
        if not text or (is_arn(text) and not _is_cluster_arn(text)):
            raise UsageError(f"{text!r} is not a cluster", hint="use its name, its ARN, or a glob")
    for text in wanted.services:
        _check_service(text)


def _check_service(text: str) -> None:
    if is_arn(text):
        named = parse_service_arn(text)
        if named is None or not named.cluster:
            raise UsageError(
                f"{text!r} is not a service's ARN", hint="expected arn:…:ecs:…:service/CLUSTER/NAME"
            )
        return
    cluster, slash, name = text.partition("/")
    if not (cluster and slash and name) or "/" in name:
        raise UsageError(f"{text!r} is not a service", hint="write CLUSTER/NAME; globs work in either part")


def _check_arn_region(text: str, region: str | None) -> None:
    arn = parse_arn(text)
    if arn is not None and region is not None and arn.region != region:
        raise UsageError(
            f"{text} is in {arn.region}, and the calls go to {region}",
            hint="give that region, or a target of its own in the settings file",
        )


def is_arn(text: str) -> bool:
    """Return whether the text means an ARN rather than a name."""
    return text.startswith("arn:")


def is_glob(text: str) -> bool:
    """Return whether the text may match several names; an ARN never does."""
    return not is_arn(text) and not _GLOB.isdisjoint(text)


def is_whole_stack_arn(text: str) -> bool:
    """Return whether the text is a stack's ARN with its id, the only form that outlives a delete."""
    stack = parse_stack_arn(text)
    return stack is not None and bool(stack.uuid)


def _is_cluster_arn(text: str) -> bool:
    return bool(cluster_name(text))


def cluster_name(arn: str) -> str:
    """Return the name in a cluster's ARN; "" where the text is no such ARN."""
    parsed = parse_arn(arn)
    if parsed is None or parsed.service != "ecs":
        return ""
    kind, _, name = parsed.resource.partition("/")
    return name if kind == "cluster" else ""


def wants_stack(wanted: Wanted, arn: str) -> bool:
    """Return whether a stack, given by its ARN, is one that was asked for."""
    stack = parse_stack_arn(arn)
    if stack is None:
        return False
    return any(arn == text or (not is_arn(text) and fnmatchcase(stack.name, text)) for text in wanted.stacks)


def wants_cluster(wanted: Wanted, arn: str) -> bool:
    """Return whether a cluster, given by its ARN, is one that was asked for."""
    name = cluster_name(arn)
    return bool(name) and any(
        arn == text or (not is_arn(text) and fnmatchcase(name, text)) for text in wanted.clusters
    )


def wants_service(wanted: Wanted, arn: str) -> bool:
    """Return whether a service, given by its ARN, was asked for, by itself or through its cluster."""
    service = parse_service_arn(arn)
    if service is None:
        return False
    for text in wanted.services:
        cluster, _, name = text.partition("/")
        if arn == text or (
            not is_arn(text) and fnmatchcase(service.cluster, cluster) and fnmatchcase(service.name, name)
        ):
            return True
    cluster = str(service.arn._replace(resource=f"cluster/{service.cluster}"))
    return bool(service.cluster) and wants_cluster(wanted, cluster)


def wants_tasks_of(wanted: Wanted, cluster: str) -> bool:
    """Return whether a cluster's stopped tasks were asked for, by the cluster or by one of its services."""
    name = cluster_name(cluster)
    if not name:
        return False
    return wants_cluster(wanted, cluster) or any(
        _cluster_of(text) == name or (not is_arn(text) and fnmatchcase(name, _cluster_of(text)))
        for text in wanted.services
    )


def _cluster_of(service: str) -> str:
    named = parse_service_arn(service)
    return named.cluster if named else service.partition("/")[0]
