"""An extract holds what was asked for and what that refers to, and nothing of others."""

import pytest

from forensics.model.record import Record
from forensics.sharing.extract import Wanted, extract
from tests.unit.analysis.records import CHILD, CLUSTER, SERVICE, STACK, Book, at, deployment_of

OTHER = STACK.replace("shop", "other")
OTHER_SERVICE = SERVICE.replace("backend", "mailer")


def story() -> Book:
    """Two stacks, one with a nested one and a service; tasks of two services; what the recorder says."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=10)
    book.resource(
        "Nested", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack", physical=CHILD, second=11
    )
    book.resource(
        "Service", "CREATE_COMPLETE", kind="AWS::ECS::Service", stack=CHILD, physical=SERVICE, second=12
    )
    book.service(deployment_of("IN_PROGRESS"), second=13)
    book.definition(6, "image:6")
    book.definition(7, "image:7")
    book.task("no", second=14)
    book.task("no", group="service:mailer", second=15)
    book.stack("CREATE_IN_PROGRESS", stack=OTHER, second=16)
    book.said("(service mailer) has reached a steady state.", service=OTHER_SERVICE, second=17)
    for stream in (f"stack_events {STACK}", f"stack_events {OTHER}", f"stopped_tasks {CLUSTER}"):
        gap = {"stream": stream, "from": at(1), "to": None, "reason": "credentials", "kind": "open"}
        book.add("forensics.gap", stream.partition(" ")[2], f"gap-{stream}", gap)
    for service, name in ((SERVICE, "backend"), (OTHER_SERVICE, "mailer")):
        told = {
            "type": "aws.ecs.service_event",
            "id": name,
            "data": {"message": f"(service {name}) told anew"},
        }
        book.add("forensics.conflict", service, f"{name}@0123456789ab", told)
    book.add("forensics.run", "urn:forensics:1", "run-1", {"phase": "started"})
    return book


def taken(wanted: Wanted) -> list[Record]:
    records = story().records
    holds = extract(records, wanted)
    return [record for record in records if holds(record)]


def test_everything_belongs_where_nothing_is_asked_for() -> None:
    assert taken(Wanted()) == story().records


@pytest.mark.parametrize("name", ["shop", "SHOP", STACK], ids=["name", "case", "arn"])
def test_a_stack_brings_what_it_leads_to(name: str) -> None:
    """Nested stack, service, its tasks and the definition they run, and gaps of these; nothing of others."""
    records = taken(Wanted(stacks=(name,)))
    assert {record.source for record in records if record.type == "aws.cloudformation.stack_event"} == {
        STACK,
        CHILD,
    }
    assert [record.source for record in records if record.type == "aws.ecs.service"] == [SERVICE]
    assert [
        record.id.rpartition(":")[2] for record in records if record.type.endswith("task_definition")
    ] == ["6"]
    conflicts = [record for record in records if record.type == "forensics.conflict"]
    assert [record.source for record in conflicts] == [SERVICE]
    groups = [record.payload()["group"] for record in records if record.type == "aws.ecs.task"]
    assert groups == ["service:backend"]
    gaps = [record.payload()["stream"] for record in records if record.type == "forensics.gap"]
    assert gaps == [f"stack_events {STACK}", f"stopped_tasks {CLUSTER}"]
    assert any(record.type == "forensics.run" for record in records)
    assert not any(OTHER in str(record.payload()) for record in records)


@pytest.mark.parametrize(
    "name", ["mailer", "main/mailer", OTHER_SERVICE], ids=["name", "cluster/name", "arn"]
)
def test_a_service_brings_its_tasks(name: str) -> None:
    """And no stack."""
    records = taken(Wanted(services=(name,)))
    assert [record.type for record in records if record.type.startswith("aws.")] == [
        "aws.ecs.task",
        "aws.ecs.service_event",
    ]


def test_a_time_brings_the_state_before_it() -> None:
    """A service as it stood when the time begins; definitions have no time."""
    records = taken(Wanted(since=at(14), until=at(15)))
    kinds = [record.type for record in records if record.type.startswith("aws.")]
    assert kinds == ["aws.ecs.service", *["aws.ecs.task_definition"] * 2, *["aws.ecs.task"] * 2]
