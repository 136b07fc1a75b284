"""What happens in the account that a soak records: stacks move, services talk, tasks stop."""

import random

from forensics.model.record import Fact
from tests.support.histories import Builder, facts, service, stack, task

SERVICES_A_CLUSTER = 50
_OPERATION_S = 60


def story(*, targets: int, since_s: float, until_s: float, seed: int) -> list[Fact]:
    """Return a history of so many targets: four in ten are stacks, the others services of their clusters.

    Args:
        targets: Stacks and services together, at least 10.
        since_s: From when on something happens beside what stands there, virtual seconds.
        until_s: And until when.
        seed: The same seed, the same history.
    """
    chance = random.Random(seed)
    span = (since_s, until_s)
    parts: list[Builder] = []
    for number in range(targets * 4 // 10):
        parts.append(_stack(f"soak-{number}", chance, span))
    services = targets - targets * 4 // 10
    clusters = -(-services // SERVICES_A_CLUSTER)
    for number in range(services):
        parts.append(_service(f"api-{number}", f"soak-{number % clusters}", chance, span))
    for number in range(clusters):
        parts += _stops(f"soak-{number}", chance, span)
    return facts(*parts)


def _stack(name: str, chance: random.Random, span: tuple[float, float]) -> Builder:
    made = stack(name, at=0).itself("CREATE_COMPLETE", at=5)
    # Most stacks are idle, as in any account; each is in one operation at a time.
    moments = sorted(chance.uniform(*span) for _ in range(chance.choice((0, 0, 0, 1, 3))))
    free_from = 0.0
    for at in moments:
        if at < free_from:
            continue
        free_from = at + _OPERATION_S + 1
        made.itself("UPDATE_IN_PROGRESS", at=at)
        for step in range(chance.randint(1, 40)):
            made.event(f"R{step}", "AWS::SNS::Topic", "UPDATE_COMPLETE", at=at + step)
        made.itself("UPDATE_COMPLETE", at=at + _OPERATION_S)
    return made


def _service(name: str, cluster: str, chance: random.Random, span: tuple[float, float]) -> Builder:
    made = service(name, cluster=cluster, at=1).deployment(at=20, rolloutState="COMPLETED")
    for burst in range(chance.choice((0, 1, 1, 2))):
        at = chance.uniform(*span)
        # More than AWS keeps, now and then, in less time than lies between two polls.
        for number in range(chance.choice((1, 3, 8, 20, 130))):
            made.event(f"message {burst}.{number}", at=at + number * 0.2)
    return made


def _stops(cluster: str, chance: random.Random, span: tuple[float, float]) -> list[Builder]:
    stopped: list[Builder] = []
    for number in range(chance.randint(20, 120)):
        dying = task(
            "api-0",
            cluster=cluster,
            at=chance.uniform(*span),
            task_id=f"{number:032x}",
            last="DEPROVISIONING",
        )
        stopped.append(dying)
    return stopped
