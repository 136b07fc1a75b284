"""Findings about failed resources and failing services, each with its evidence."""

from collections.abc import Sequence

from forensics.analysis.blindness import blind_spots
from forensics.analysis.checks import (
    checks,
    region_of,
    values_of_captured,
    values_of_service,
    values_of_stack,
    values_of_task,
)
from forensics.analysis.claims import Said, claim, subject_of, subject_of_service, text_of
from forensics.analysis.classify import Match, classify
from forensics.analysis.ecs import ServiceCase
from forensics.analysis.reasons import ReasonGroup
from forensics.analysis.rules.rule import CLOUDFORMATION_GUIDE, ECS_GUIDE, STACK_FAILURES, Rule
from forensics.analysis.shapes import ServiceEvent, StackEvent
from forensics.analysis.timeline import Timeline, Window
from forensics.model.finding import Finding
from forensics.model.identity import parse_service_arn

UNKNOWN_RESOURCE = Rule(
    id="unknown-failure",
    category="unknown",
    title="A failure that no rule knows",
    cause="No rule knows the words of this failure; they stand in the evidence as AWS gave them.",
    remedy="Read AWS's words; CloudTrail may hold the call that failed.",
    docs=f"{CLOUDFORMATION_GUIDE}/troubleshooting.html",
    confidence=0.2,
    pattern="",
    checks=(STACK_FAILURES,),
)
UNKNOWN_STOP = Rule(
    id="unknown-stop",
    category="unknown",
    title="Tasks stopped for a reason that no rule knows",
    cause="No rule knows the words that the tasks give; they stand in the evidence as AWS gave them.",
    remedy="Read AWS's words and the containers' logs.",
    docs=f"{ECS_GUIDE}/stopped-task-errors.html",
    confidence=0.2,
    pattern="",
    checks=("aws ecs describe-tasks --cluster {cluster} --tasks {task}",),
)
_ALTERNATIVES = 3
_SURE = 0.8
_GENERIC = 0.65
"""Below this the texts of tasks say that they ended, and hardly why."""


def of_resource(failures: Sequence[StackEvent], timeline: Timeline, window: Window, *, why: str) -> Finding:
    """Return the finding about one resource's failure in CloudFormation's own words.

    Args:
        failures: Failures with the same reason, oldest first; the first is the subject.
        timeline: Everything known.
        window: The operation's span.
        why: Why this failure was chosen.
    """
    failure = failures[0]
    names = (failure.stack_name, failure.logical_id)
    matches = classify(failure.text, resource_type=failure.resource_type, names=names)
    match = matches[0] if matches else Match(UNKNOWN_RESOURCE, {})
    values = values_of_stack(failure) | values_of_captured(match.captured)
    return claim(
        match,
        subject=subject_of(failure),
        evidence=failures[:5],
        count=len(failures),
        first_at=failure.at,
        last_at=failures[-1].at,
        why=why,
        alternatives=_alternatives(matches),
        checks=checks(match.rule.checks, values, region=region_of(failure.stack_id)),
        gaps=blind_spots(timeline, [f"stack_events {failure.stack_id}"], window),
    )


def of_case(
    case: ServiceCase, timeline: Timeline, window: Window, *, failure: StackEvent | None, why: str
) -> list[Finding]:
    """Return the findings about a service: one for each reason its tasks stopped with, else what was said.

    Where the tasks only say that they ended and the scheduler says why, the scheduler comes first.

    Args:
        case: The service's case.
        timeline: Everything known.
        window: The span that matters.
        failure: CloudFormation's failure of the service; None where no stack is known.
        why: Why the service is looked at.
    """
    more = "The scheduler says more than the tasks do." if case.groups else ""
    said = of_service(case, timeline, window, failure=failure, why=f"{why} {more}".strip())
    if not case.groups:
        return [said] if said else []
    made = []
    for found in case.groups:
        share = f"{len(found.tasks)} of {case.task_count} stopped tasks {_whose(case)} give this reason."
        because = f"{why} {share}".strip()
        made.append(of_tasks(case, found, timeline, window, failure=failure, why=because))
    says_more = said is not None and said.confidence >= _SURE and made[0].confidence < _GENERIC
    return [said, *made] if said is not None and says_more else made


def _whose(case: ServiceCase) -> str:
    return f"of deployment {' and '.join(case.deployments)}" if case.deployments else "of the service"


def of_tasks(
    case: ServiceCase,
    found: ReasonGroup,
    timeline: Timeline,
    window: Window,
    *,
    failure: StackEvent | None,
    why: str,
) -> Finding:
    """Return the finding about tasks that stopped for one reason.

    Args:
        case: The service's case.
        found: The group of its tasks.
        timeline: Everything known.
        window: The operation's span.
        failure: CloudFormation's failure of the service; None where no stack is known.
        why: Why this was chosen.
    """
    match = found.matches[0] if found.matches else Match(UNKNOWN_STOP, {})
    first, last = found.tasks[0], found.tasks[-1]
    values = values_of_service(case.arn) | values_of_task(last, timeline) | values_of_captured(match.captured)
    said: list[Said] = [first, last, *case.messages[-1:], *([failure] if failure else [])]
    others = tuple(
        f"{len(other.tasks)} tasks stopped with another reason: {other.text}"
        for other in case.groups
        if other is not found
    )
    return claim(
        match,
        subject=subject_of_service(case.arn, failure, task=first),
        evidence=said,
        count=len(found.tasks),
        first_at=first.at,
        last_at=last.at,
        exit_codes=found.exit_codes,
        images=found.images,
        why=why,
        alternatives=others[:_ALTERNATIVES] + _alternatives(found.matches),
        checks=checks(match.rule.checks, values, region=region_of(case.arn) or region_of(first.cluster)),
        gaps=blind_spots(timeline, _resting_on(case.arn, first.cluster, failure), window),
    )


def of_service(
    case: ServiceCase, timeline: Timeline, window: Window, *, failure: StackEvent | None, why: str
) -> Finding | None:
    """Return the finding about what was said of a service.

    What the scheduler said is judged, then what CloudFormation said; where no stopped task was seen, that is
    said in ``gaps``.

    Returns:
        None where neither of them said anything.
    """
    texts: list[StackEvent | ServiceEvent] = [*case.messages, *([failure] if failure else [])]
    if not texts:
        return None
    names = _names(case, failure)
    judged = [(item, classify(text_of(item), resource_type=_type(item), names=names)) for item in texts]
    said, matches = max(judged, key=lambda pair: pair[1][0].rule.confidence if pair[1] else 0.0)
    match = matches[0] if matches else Match(UNKNOWN_RESOURCE, {})
    values = values_of_service(case.arn) | (values_of_stack(failure) if failure else {})
    values |= values_of_captured(match.captured)
    repeats = sum(1 for item in case.messages if text_of(item) == text_of(said))
    cluster = case.arn.replace(":service/", ":cluster/").rpartition("/")[0]
    whose = "the failed deployment" if case.deployments else "this service"
    unseen = f"no stopped task of {whose} is in the archive, so why its tasks ended is not known"
    notes = () if case.groups else (unseen,)
    spots = blind_spots(timeline, _resting_on(case.arn, cluster, failure), window)
    return claim(
        match,
        subject=subject_of_service(case.arn, failure),
        evidence=[said, *([failure] if failure else [])],
        count=max(repeats, case.failed_tasks, 1),
        why=why,
        alternatives=_alternatives(matches),
        checks=checks(match.rule.checks, values, region=region_of(case.arn)),
        gaps=(*notes, *spots),
    )


def streams_of(service: str, cluster: str) -> list[str]:
    """Return the streams that tell of a service and its tasks."""
    return [f"services {service}", f"stopped_tasks {cluster}"]


def _resting_on(service: str, cluster: str, failure: StackEvent | None) -> list[str]:
    """Return the streams that a finding about a service rests on: with its stack's, where that failed."""
    above = [f"stack_events {failure.stack_id}"] if failure is not None else []
    return [*streams_of(service, cluster), *above]


def _names(case: ServiceCase, failure: StackEvent | None) -> list[str]:
    service = parse_service_arn(case.arn)
    of_service = [service.cluster, service.name] if service else []
    return of_service + ([failure.stack_name, failure.logical_id] if failure else [])


def _type(item: StackEvent | ServiceEvent) -> str:
    return item.resource_type if isinstance(item, StackEvent) else ""


def _alternatives(matches: Sequence[Match]) -> tuple[str, ...]:
    """Return what else the words could mean: rules of other categories that fit less surely."""
    if not matches:
        return ()
    titles = {match.rule.title for match in matches if match.rule.category != matches[0].rule.category}
    return tuple(dict.fromkeys(match.rule.title for match in matches[1:] if match.rule.title in titles))[
        :_ALTERNATIVES
    ]
