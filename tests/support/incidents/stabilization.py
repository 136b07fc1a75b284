"""A service that never stabilises: its start waits for a database without an end, its health check does not.

The check counts from 60 seconds on, three tries 30 seconds apart; while the database does not answer, the
application says 503. The stack's update gives up after 45 minutes.
"""

from tests.support.histories import ACCOUNT, REGION, Builder, epoch, service, stack, task

CLUSTER = "event-registry-staging"
STACK = "event-registry-staging"
SERVICE = "backend-service"
DEPLOYMENT = "ecs-svc/7000000000000000001"
MINUTE = 60
REASON = "Task failed container health checks"
NOT_STABLE = (
    'Resource handler returned message: "Exceeded attempts to wait" '
    "(RequestToken: 0a1b2c3d, HandlerErrorCode: NotStabilized)"
)
CHECK = {
    "command": ["CMD-SHELL", "curl -f http://localhost:8000/api/health || exit 1"],
    "interval": 30,
    "timeout": 5,
    "retries": 3,
    "startPeriod": 60,
}
ROUNDS = 12
GIVES_UP_AT = 46 * MINUTE
ENDS_AT = 52 * MINUTE


def parts() -> list[Builder]:
    """Return the history's builders."""
    backend = service(SERVICE, cluster=CLUSTER, at=30, desired=1, deployments=[_row(0)])
    backend.task_definition(
        at=0,
        revision=1,
        containerDefinitions=[{"name": "web", "image": "registry/backend:7", "healthCheck": CHECK}],
    )
    dead: list[Builder] = []
    for number in range(ROUNDS):
        start = 60 + number * 220
        backend.event(f"has started 1 tasks: (task {number:032x}).", at=start)
        backend.snapshot(at=start + 200, deployments=[_row(number + 1)])
        dead.append(
            task(
                SERVICE,
                at=start + 200,
                cluster=CLUSTER,
                reason=REASON,
                stop_code="ServiceSchedulerInitiated",
                exit_code=137,
                startedBy=DEPLOYMENT,
                createdAt=epoch(start),
                startedAt=epoch(start + 20),
                stoppingAt=epoch(start + 175),
            )
        )
    whole = stack(STACK, at=5)
    whole.event("Backend", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=25)
    whole.event(
        "Backend", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=30, physical=backend.arn, event_id="b2"
    )
    whole.event(
        "Backend",
        "AWS::ECS::Service",
        "CREATE_FAILED",
        at=GIVES_UP_AT,
        physical=backend.arn,
        reason=NOT_STABLE,
    )
    whole.itself(
        "ROLLBACK_IN_PROGRESS",
        at=GIVES_UP_AT + 1,
        reason="The following resource(s) failed to create: [Backend]. Rollback requested by user.",
    )
    backend.snapshot(at=GIVES_UP_AT + 60, status="DRAINING", desiredCount=0)
    backend.snapshot(at=GIVES_UP_AT + 150, status="INACTIVE", deployments=[])
    whole.event("Backend", "AWS::ECS::Service", "DELETE_COMPLETE", at=GIVES_UP_AT + 151, physical=backend.arn)
    whole.itself("ROLLBACK_COMPLETE", at=GIVES_UP_AT + 160)
    return [whole, backend, *dead]


def _row(failed: int) -> dict[str, object]:
    return {
        "id": DEPLOYMENT,
        "status": "PRIMARY",
        "taskDefinition": f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{SERVICE}:1",
        "desiredCount": 1,
        "runningCount": 0,
        "pendingCount": 1,
        "failedTasks": failed,
        "createdAt": epoch(30),
        "updatedAt": epoch(60 + failed * 220),
        "rolloutState": "IN_PROGRESS",
    }
