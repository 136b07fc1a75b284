"""Tasks that start, fail and are started again, on and on."""

import re
from itertools import pairwise

from forensics.analysis.claims import Said
from forensics.analysis.patterns.trouble import Trouble, lasting, middle, seconds_from
from forensics.analysis.rules.rule import DESCRIBE_SERVICE, ECS_GUIDE, Rule
from forensics.analysis.shapes import ServiceEvent
from forensics.model.finding import Finding

RULE = Rule(
    id="start-fail-loop",
    category="scheduler-stuck-circuit-breaker",
    title="Tasks start, fail, and are started again",
    cause="The scheduler starts task after task, and each one fails.",
    remedy="Mend why the tasks fail: a further try of the same gives the same.",
    docs=f"{ECS_GUIDE}/service-throttle-logic.html",
    confidence=0.9,
    pattern="",
    checks=(DESCRIBE_SERVICE,),
)
_FEWEST = 3
_SAME_ROUND_S = 15.0
"""Tasks that are started closer together belong to one try."""
_STARTED = re.compile(r"has started \d+ tasks?:", re.IGNORECASE)


def retrying(trouble: Trouble) -> Finding | None:
    """Return the finding that tasks fail again and again, with period, count and how long it has gone on."""
    if trouble.failed_count < _FEWEST:
        return None
    starts, evidence = _starts(trouble)
    rounds = _rounds(starts)
    if len(rounds) < 2:
        return None
    period_s = middle([seconds_from(one, other) for one, other in pairwise(rounds)])
    span_s = seconds_from(rounds[0], rounds[-1])
    goes_on = "" if trouble.is_failed or trouble.is_over else ", and it goes on"
    cause = (
        f"{trouble.failed_count} tasks failed one after the other: {len(rounds)} tries are known, "
        f"about one every {lasting(period_s)}, over {lasting(span_s)}{goes_on}."
    )
    return trouble.finding(
        RULE,
        cause,
        evidence,
        why="The starts of the deployment's tasks repeat at a steady distance and none stays.",
        count=trouble.failed_count,
        first_at=rounds[0],
    )


def _starts(trouble: Trouble) -> tuple[list[str], list[Said]]:
    """Return when tasks were started, ascending, with the first and the last record that say so."""
    tasks = [task for task in trouble.tasks if task.created_at]
    if len(tasks) >= _FEWEST:
        return sorted(task.created_at for task in tasks), [tasks[0], tasks[-1]]
    began = trouble.deployment.created_at if trouble.deployment else trouble.window.since
    messages: list[ServiceEvent] = [
        item
        for item in trouble.timeline.service_events.get(trouble.case.arn, [])
        if _STARTED.search(item.message) and began <= item.at <= trouble.until
    ]
    return [item.at for item in messages], [*messages[:1], *messages[-1:]]


def _rounds(starts: list[str]) -> list[str]:
    """Return when each try began: starts close together are one."""
    rounds: list[str] = []
    last = ""
    for at in starts:
        if not last or seconds_from(last, at) > _SAME_ROUND_S:
            rounds.append(at)
        last = at
    return rounds
