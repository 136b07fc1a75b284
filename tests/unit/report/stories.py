"""Diagnoses with their course, as the formats get them."""

from forensics.analysis.course import Course, course_behind
from forensics.analysis.diagnose import judge
from forensics.analysis.timeline import Timeline
from forensics.model.finding import Diagnosis
from tests.unit.analysis.records import CLUSTER, SERVICE, STACK, Book
from tests.unit.analysis.test_diagnose import failed_service

Story = tuple[Diagnosis, Course]


def story_of(book: Book) -> Story:
    timeline = Timeline.of(book.records)
    diagnosis = judge(timeline)
    return diagnosis, course_behind(timeline, diagnosis)


def failed(*, tasks: int = 3) -> Story:
    """A service whose tasks fail, a cancelled database, and a gap."""
    book = Book()
    failed_service(book, tasks=tasks)
    book.gap(f"stopped_tasks {CLUSTER}", 3, 60, kind="lost")
    return story_of(book)


def hostile(reason: str, name: str) -> Story:
    """Every place that others write into holds hostile text."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource(f"A{name}", "CREATE_IN_PROGRESS", kind=f"AWS::{name}")
    book.resource(name, "CREATE_FAILED", reason, kind="AWS::ECS::Service", physical=f"{SERVICE}{name}")
    book.resource(f"A{name}", "CREATE_FAILED", f"Resource creation cancelled{reason}", kind=f"AWS::{name}")
    book.resource(f"B{name}", "CREATE_FAILED", f"also {reason}", kind=f"AWS::{name}")
    book.task(
        reason, group=f"service:backend{name}",
        containers=[{"name": name, "reason": reason, "exitCode": 1, "image": name}],
    )  # fmt: skip
    book.task(f"{reason}!", group=f"service:backend{name}", code=name, started_by=name)
    book.deployment("FAILED", name=f"ecs-svc/1{name}", service=f"{SERVICE}{name}", rolloutStateReason=reason)
    book.said(reason, service=f"{SERVICE}{name}")
    book.gap(f"stack_events {STACK}", 0, 1, reason=reason)
    book.gap(f"stack_events {name}", 0, 1, reason=reason)
    book.stack("ROLLBACK_IN_PROGRESS", reason)
    return story_of(book)
