"""Two services whose deployments never end: a task every 26 minutes, 53 and 27 failures, no circuit breaker.

One cannot start because a secret is no JSON, the other because its image has no such tag; two deployments of
the second are in progress at once. START is 07:00 of the morning after the deploy; the first deployment began
at 22:06 the evening before.
"""

from tests.support.histories import ACCOUNT, REGION, Builder, ServiceHistory, epoch, service, task

CLUSTER = "farm-production"
MINUTE = 60
BEGAN_AT = -(8 * 60 + 54) * MINUTE
CORE_DEPLOYMENT = "ecs-svc/6000000000000000006"
OLD_DEPLOYMENT = "ecs-svc/5000000000000000005"
DASHBOARD_DEPLOYMENTS = ("ecs-svc/9000000000000000001", "ecs-svc/9000000000000000002")
SECRET = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval "
    "failed: unable to retrieve secret from asm: service call has been retried 1 time(s): invalid character "
    "'!' in string escape code"
)
NO_TAG = (
    f"CannotPullContainerError: failed to resolve ref {ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/"
    f"monitoring-dashboards:latest: {ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/monitoring-dashboards:latest: "
    "not found"
)
STARTS = (-2 * MINUTE, 24 * MINUTE, 50 * MINUTE, 76 * MINUTE, 104 * MINUTE)
"""When the core's last tasks were started: 06:58, 07:24, 07:50, 08:16, 08:44."""
ENDS_AT = 110 * MINUTE


def parts() -> list[Builder]:
    """Return the history's builders."""
    return [*_core(), *_dashboards()]


def _definition(name: str, revision: int) -> str:
    return f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{name}:{revision}"


def _row(name: str, revision: int, **fields: object) -> dict[str, object]:
    return {
        "taskDefinition": _definition(name, revision),
        "desiredCount": 1,
        "runningCount": 0,
        "pendingCount": 0,
        "failedTasks": 0,
        "createdAt": epoch(BEGAN_AT),
        "updatedAt": epoch(BEGAN_AT),
        **fields,
    }


def _core() -> list[Builder]:
    name = "agricultural-core"
    old = _row(
        name,
        5,
        id=OLD_DEPLOYMENT,
        status="ACTIVE",
        rolloutState="COMPLETED",
        runningCount=1,
        createdAt=epoch(BEGAN_AT - 86_400),
    )

    def rows(failed: int) -> list[dict[str, object]]:
        new = _row(
            name, 6, id=CORE_DEPLOYMENT, status="PRIMARY", rolloutState="IN_PROGRESS", failedTasks=failed
        )
        return [new, old]

    core = _service(name, rows(49), running=1)
    core.task_definition(
        at=BEGAN_AT, revision=5, containerDefinitions=[{"name": "web", "image": "farm/core:v3.3.1"}]
    )
    core.task_definition(
        at=BEGAN_AT, revision=6, containerDefinitions=[{"name": "web", "image": "farm/core:v3.3.2"}]
    )
    dead: list[Builder] = []
    for number, start in enumerate(STARTS):
        core.event(f"has started 1 tasks: (task {number:032x}).", at=start)
        if number < len(STARTS) - 1:
            core.event("is unable to consistently start tasks successfully.", at=start + 13 * MINUTE)
        core.snapshot(at=start + 75, deployments=rows(49 + number))
        dead.append(
            task(
                name,
                at=start + 75,
                cluster=CLUSTER,
                reason=SECRET,
                stop_code="TaskFailedToStart",
                startedBy=CORE_DEPLOYMENT,
                taskDefinitionArn=_definition(name, 6),
                createdAt=epoch(start),
            )
        )
    return [core, *dead]


def _dashboards() -> list[Builder]:
    name = "monitoring-dashboards"

    def rows(failed: int) -> list[dict[str, object]]:
        return [
            _row(
                name,
                9,
                id=deployment,
                status=status,
                rolloutState="IN_PROGRESS",
                failedTasks=count,
                createdAt=epoch(BEGAN_AT + offset),
            )
            for deployment, status, count, offset in (
                (DASHBOARD_DEPLOYMENTS[1], "PRIMARY", failed, 1800),
                (DASHBOARD_DEPLOYMENTS[0], "ACTIVE", 3, 0),
            )
        ]

    dashboards = _service(name, rows(23), running=0)
    dead: list[Builder] = []
    for number in range(5):
        start = number * 25 * MINUTE
        dashboards.event(f"has started 1 tasks: (task {number:032x}).", at=start)
        dashboards.snapshot(at=start + 40, deployments=rows(23 + number))
        dead.append(
            task(
                name,
                at=start + 40,
                cluster=CLUSTER,
                reason=NO_TAG,
                stop_code="TaskFailedToStart",
                startedBy=DASHBOARD_DEPLOYMENTS[1],
                taskDefinitionArn=_definition(name, 9),
                createdAt=epoch(start),
            )
        )
    return [dashboards, *dead]


def _service(name: str, rows: list[dict[str, object]], *, running: int) -> ServiceHistory:
    return service(
        name,
        cluster=CLUSTER,
        at=-15 * MINUTE,
        runningCount=running,
        deployments=rows,
        taskDefinition=rows[0]["taskDefinition"],
        deploymentController={"type": "ECS"},
        deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 100},
    )
