"""A diagnosis as links on GitLab's job page: the file of `artifacts:reports:annotations`.

Its form: https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsannotations.
"""

from collections.abc import Sequence

from forensics.analysis.course import Course
from forensics.model.finding import Diagnosis
from forensics.model.inert import inert
from forensics.report.console import service_address, stack_address
from forensics.report.phrases import heading_of, label_of, outcome_of
from forensics.report.plain_json import as_json

_LABEL_CHARACTERS = 250
_MOST = 20
"""Links of a kind: a job's page is no list of stacks."""


def document(diagnosis: Diagnosis, course: Course) -> str:
    """Return the JSON document: what happened, the page of each finding, stacks and services in the console.

    GitLab has links and nothing else here, so each label is a sentence and its link leads further.
    """
    findings = [
        (f"{label_of(item, place)}: {item.title}", item.docs)
        for place, item in enumerate(diagnosis.findings[:_MOST])
        if item.docs.startswith("https://")
    ]
    stacks = [(f"Stack {row.name}", stack_address(row.arn)) for row in course.stacks[:_MOST]]
    services = [(f"Service {row.name}", service_address(row.arn)) for row in course.services[:_MOST]]
    title = f"{outcome_of(diagnosis)} {heading_of(diagnosis)}".strip()
    sections = {
        _label(f"Forensics: {title}"): _links(findings),
        "In the AWS console": _links([*stacks, *services]),
    }
    return as_json(sections)


def _links(links: Sequence[tuple[str, str | None]]) -> list[dict[str, dict[str, str]]]:
    return [{"external_link": {"label": _label(label), "url": url}} for label, url in links if url]


def _label(text: str) -> str:
    label = inert(" ".join(text.split()))
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
