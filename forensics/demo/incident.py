"""The incident that the demo plays: a deployment that failed on a secret nobody could read.

Composed from two real reports, with names and timings of the first: a stack whose network, load balancer
and Redis came up, and that rolled back while its database and search domain were still being created; and
an ECS service whose tasks could not start, 53 times, because a secret held text that is not valid JSON. The
credentials with which the deployment was watched ended before it was over, so that its owners never
learned the cause. The service's circuit breaker counts to 53 by its own threshold configuration.
"""

from datetime import UTC, datetime, timedelta

from forensics.demo.scene import ACCOUNT, CLUSTER_NAME, REGION, STACK_ARN, STACK_NAME, moment
from forensics.demo.services import service_facts
from forensics.demo.stack_story import stack_facts
from forensics.demo.tasks import task_facts
from forensics.model.record import Fact
from forensics.serve.credentials import AccessKey

__all__ = [
    "ACCOUNT",
    "CLUSTER_NAME",
    "FIRST_KEY",
    "FIRST_KEY_EXPIRES_AT",
    "INCIDENT_ENDS_AT",
    "INCIDENT_STARTS_AT",
    "REGION",
    "RENEWED_AT",
    "SECOND_KEY",
    "SECOND_KEY_EXPIRES_AT",
    "STACK_ARN",
    "STACK_NAME",
    "facts",
    "keys",
]

INCIDENT_STARTS_AT = datetime(2026, 1, 15, 2, 16, tzinfo=UTC)
"""A few seconds before the stack exists."""
INCIDENT_ENDS_AT = moment("45:19.0")
"""When the deployment's job ended; the stack is deleted by then."""

FIRST_KEY = "ASIAEXAMPLEDEMO00001"
"""Access key with which watching begins."""
FIRST_KEY_EXPIRES_AT = moment("40:00.0")
"""Minute 24: in the middle of the rollback."""
RENEWED_AT = moment("41:30.0")
"""When a person logs in again and SECOND_KEY is to take the place of FIRST_KEY."""
SECOND_KEY = "ASIAEXAMPLEDEMO00002"
SECOND_KEY_EXPIRES_AT = RENEWED_AT + timedelta(hours=1)

_CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy-staging/watcher"


def keys() -> tuple[AccessKey, ...]:
    """Return the access keys that the endpoint takes."""
    return (
        AccessKey(id=FIRST_KEY, expires_at=FIRST_KEY_EXPIRES_AT, account=ACCOUNT, arn=_CALLER),
        AccessKey(id=SECOND_KEY, expires_at=SECOND_KEY_EXPIRES_AT, account=ACCOUNT, arn=_CALLER),
    )


def facts() -> list[Fact]:
    """Return the whole incident, oldest first; the same each time."""
    every = [*stack_facts(), *service_facts(), *task_facts()]
    return sorted(every, key=lambda fact: fact.time or "")
