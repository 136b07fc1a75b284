"""A diagnosis for GitHub Actions: annotations on the job, and a summary of the step.

Limits and escapes: https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
"""

from collections.abc import Iterator

from forensics.analysis.course import Course
from forensics.model.finding import CAUSE, ROLLBACK, Diagnosis, Finding
from forensics.model.inert import inert
from forensics.report import markdown
from forensics.report.phrases import subject_of

ANNOTATIONS = 10
"""GitHub shows so many of a step and hides the others without a word."""
SUMMARY_BYTES = 1_000_000
"""A summary of more than 1 MiB is dropped whole."""
_TITLE_CHARACTERS = 200
_MESSAGE_CHARACTERS = 3_000
"""The runner cuts a message at 4,096; ours says itself where it stops."""


def annotations(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield a workflow command for each failure that stands for itself, at most ten, the cause first."""
    failures = [item for item in diagnosis.findings if item.role in {CAUSE, ROLLBACK}]
    if diagnosis.outcome == "succeeded":
        # A later attempt went well: the step that asks has nothing to be red about.
        return
    shown = failures if len(failures) <= ANNOTATIONS else failures[: ANNOTATIONS - 1]
    yield from map(_annotation, shown)
    if len(failures) > len(shown):
        yield _command("More failures", f"{len(failures) - len(shown)} more stand in the step's summary")


def summary(diagnosis: Diagnosis, course: Course, *, limit: int = SUMMARY_BYTES) -> str:
    """Return the step's summary in Markdown, at most `limit` bytes.

    Raises:
        UsageError: Not even the heading fits.
    """
    return markdown.document(diagnosis, course, limit=limit)


def _annotation(finding: Finding) -> str:
    subject = finding.subject
    name = subject.logical_id or subject.service or subject.task or "deployment"
    said = [finding.cause, subject_of(finding), finding.evidence[0].text]
    return _command(f"{name}: {finding.title}", "\n".join(said))


def _command(title: str, message: str) -> str:
    line = _shortened(" ".join(title.split()), _TITLE_CHARACTERS)
    return f"::error title={_property(line)}::{_data(message)}"


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    r"""Return a text as the runner reads it back: a line feed is no end of the command."""
    lines = [inert(line) for line in _shortened(text, _MESSAGE_CHARACTERS).split("\n")]
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit} more characters stand in the archive)"
