"""Small histories with names of every length and order, some of them like AWS's words."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st

from bench import messages
from forensics.model.record import Fact
from tests.support.histories import (
    StackHistory,
    epoch,
    facts,
    id_of,
    service,
    stack,
    stamp,
    task,
)

_LIKE_WORDS = [
    "orders-not-found", "ThrottlingAlarms", "CannotPullContainerError-api", "completed-orders", "api", "Role",
    "tasks", "Database", "registered", "access-denied-7f3a", "AlreadyExistsTable", "a1b2c3d4e5f60718",
    "Service", "x509-certificate", "z", "steady-state", "OutOfMemoryError2", "exit-code-137", "health-check",
]  # fmt: skip
_TEXTS = [row["text"] for row in messages.labelled()]
_ABOUT = [
    "{free} already exists in stack arn:aws:cloudformation:us-east-1:{account}:stack/{other}/{id}",
    "Embedded stack arn:aws:cloudformation:us-east-1:{account}:stack/{other}/{id} was not successfully "
    "created: The following resource(s) failed to create: [{word}]. ",
    "User: arn:aws:sts::{account}:assumed-role/{name}/{other} is not authorized to perform: "
    "s3:CreateBucket on resource: arn:aws:s3:::{name} because no identity-based "
    "policy allows the s3:CreateBucket action",
    "Resource creation cancelled",
    "Not taken (Service: Ec2, Status Code: 400, Error Code: TooManyTunnels)",
    "Refused (Service: Elb; Status Code: 400; Error Code: TrustStoreCertificateWrong; Request ID: {id})",
    "Function {free} in account {account} has {free}: limit of 5 exceeded",
]
_ENDS = [
    "CannotPullContainerError: failed to resolve ref {account}.dkr.ecr.us-east-1.amazonaws.com/{repository}"
    ":1.2: {account}.dkr.ecr.us-east-1.amazonaws.com/{repository}:1.2: not found",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from "
    "asm: arn:aws:secretsmanager:us-east-1:{account}:secret:{name}-AbC1d2: ResourceNotFoundException",
    "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:us-east-1:{account}:"
    "targetgroup/{name}/6d0ecf831eec9f09)",
    "ECS was unable to assume the role 'arn:aws:iam::{account}:role/{name}' that was provided for this task.",
    "Essential container in task exited",
]
_TYPES = [
    "AWS::S3::Bucket",
    "AWS::IAM::Role",
    "AWS::Lambda::Function",
    "AWS::RDS::DBInstance",
    "Custom::Seed",
]

Draw = Callable[[st.SearchStrategy[Any]], Any]


def names() -> st.SearchStrategy[str]:
    """Return names as services and clusters have them."""
    return st.sampled_from(_LIKE_WORDS) | plain_names()


def plain_names() -> st.SearchStrategy[str]:
    """Return names that nobody takes for AWS's words: they may stand anywhere."""
    return st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,30}(-[A-Za-z0-9]{1,12}){0,3}", fullmatch=True)


def logical_ids() -> st.SearchStrategy[str]:
    """Return names as resources of a template have them."""
    return names().map(lambda name: name.replace("-", ""))


@st.composite
def histories(draw: Draw) -> list[Fact]:
    """Return the facts of a stack that failed, services beside it, and tasks of nobody."""
    account = draw(st.integers(10**11, 10**12 - 1).map(str))
    parts: list[Any] = []
    services = [_service(draw, name, account) for name in draw(st.lists(names(), unique=True, max_size=3))]
    parts += [part for made in services for part in made]
    for _ in range(draw(st.integers(0, 2))):
        parts += _stack(draw, account, [made[0].arn for made in services])
    for name in draw(st.lists(names(), unique=True, max_size=3)):
        parts += _schedule(draw, name)
    if draw(st.booleans()):
        parts += [_gap(draw, part.arn) for part in parts if hasattr(part, "arn")][:2]
    return facts(*parts)


def _stack(draw: Draw, account: str, services: list[str]) -> list[StackHistory]:
    name = draw(names())
    began = draw(st.integers(0, 1))
    shop = stack(name, at=began, account=account)
    for logical_id in draw(st.lists(logical_ids(), unique=True, min_size=1, max_size=4)):
        kind = draw(st.sampled_from(_TYPES))
        shop.event(logical_id, kind, "CREATE_IN_PROGRESS", at=began + 1)
        if draw(st.booleans()):
            at = draw(st.integers(200, 203))
            shop.event(logical_id, kind, "CREATE_FAILED", at=at, reason=_said(draw, account, _ABOUT))
    for place, arn in enumerate(draw(st.permutations(services))):
        status = draw(st.sampled_from(["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_FAILED"]))
        shop.event(
            f"Api{place}", "AWS::ECS::Service", status, at=208, physical=arn, reason="Did not stabilize"
        )
    if draw(st.booleans()):
        child = stack(draw(names()), at=began + 2, account=account)
        child.event("Inner", "AWS::SNS::Topic", "CREATE_FAILED", at=205, reason=_said(draw, account, _ABOUT))
        child.itself("CREATE_FAILED", at=206, reason="The following resource(s) failed to create: [Inner]. ")
        shop.nested(draw(logical_ids()), child, "CREATE_FAILED", at=207, reason="Resource creation cancelled")
        return [_undone(draw, shop), child]
    return [_undone(draw, shop)]


def _undone(draw: Draw, shop: StackHistory) -> StackHistory:
    if draw(st.booleans()):
        return shop
    listed = ", ".join(draw(st.lists(logical_ids(), min_size=1, max_size=3)))
    shop.itself(
        "ROLLBACK_IN_PROGRESS", at=210, reason=f"The following resource(s) failed to create: [{listed}]. "
    )
    return shop.itself(draw(st.sampled_from(["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])), at=400)


def _service(draw: Draw, name: str, account: str) -> list[Any]:
    cluster = draw(names())
    api = service(name, cluster=cluster, account=account)
    api.event(_said(draw, account, _TEXTS), at=3)
    state = draw(st.sampled_from(["IN_PROGRESS", "FAILED"]))
    api.deployment(at=draw(st.integers(300, 4000)), failedTasks=draw(st.integers(0, 4)), rolloutState=state)
    api.task_definition(
        containerDefinitions=[{"name": draw(names()), "image": f"{draw(logical_ids()).lower()}/web:1"}]
    )
    dead = [
        task(
            name,
            cluster=cluster,
            account=account,
            at=6 + 60 * number,
            reason=_said(draw, account, _ENDS),
            containers=[_container(draw) for _ in range(draw(st.integers(1, 3)))],
            startedBy=api.deployment_id,
            createdAt=epoch(2 + 60 * number),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    return [api, *dead]


def _container(draw: Draw) -> dict[str, Any]:
    image = f"{draw(logical_ids()).lower()}/{draw(logical_ids()).lower()}:1"
    return {"name": draw(names()), "image": image, "exitCode": draw(st.sampled_from([0, 1, 137]))}


def _schedule(draw: Draw, name: str) -> list[Any]:
    fewest = draw(st.integers(1, 6))
    return [
        task(None, cluster="jobs", at=60 * number, task_id=id_of(name, number).replace("-", ""), exit_code=0,
             startedBy=f"events-rule/{name}", createdAt=epoch(60 * number - 5))
        for number in range(fewest)
    ]  # fmt: skip


def _gap(draw: Draw, arn: str) -> Fact:
    source = "services" if ":ecs:" in arn else "stack_events"
    said = {
        "stream": f"{source} {arn}", "from": stamp(1), "to": stamp(draw(st.integers(2, 300))),
        "reason": draw(st.sampled_from(["credentials", "access-denied", "daemon-down", "throttled"])),
        "kind": draw(st.sampled_from(["lost", "unknown", "recovered"])), "detail": "no answer",
    }  # fmt: skip
    return Fact(type="forensics.gap", source=arn, id=id_of(arn), data=said, time=stamp(300))


def _said(draw: Draw, account: str, texts: list[str]) -> str:
    text: str = draw(st.sampled_from(texts) | st.sampled_from(_TEXTS))
    given = {
        "account": account,
        "id": id_of(account),
        "word": draw(logical_ids()),
        "free": draw(plain_names()),
    }
    given |= {"name": draw(names()), "other": draw(names()), "repository": draw(names()).lower()}
    for place, value in given.items():
        text = text.replace(f"{{{place}}}", value)
    return text
