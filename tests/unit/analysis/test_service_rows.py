"""Services over time: their tasks, deployments and counts."""

from forensics.analysis.ecs import case
from forensics.analysis.service_rows import ServiceRow, services_of, strays_of
from forensics.analysis.timeline import Timeline, Window
from tests.unit.analysis.records import CLUSTER, SERVICE, Book, at


def row_of(book: Book) -> ServiceRow:
    (row,) = services_of(Timeline.of(book.records), [], [SERVICE])
    return row


def test_a_task_says_when_it_started_and_how_it_ended() -> None:
    book = Book()
    book.task("Essential container in task exited", code="EssentialContainerExited",
              containers=[{"name": "web", "exitCode": 1, "image": "web:2"}])  # fmt: skip
    (task,) = row_of(book).tasks
    assert (task.stopped_at, task.exit_codes, task.images) == (at(0), (1,), ("web:2",))
    assert task.has_failed
    assert task.reason == "Essential container in task exited; container web: exit code 1"


def test_times_as_the_aws_cli_prints_them_are_understood() -> None:
    book = Book()
    book.add("aws.ecs.task", CLUSTER, f"{CLUSTER}/1@1", {
        "clusterArn": CLUSTER, "group": "service:backend", "lastStatus": "STOPPED",
        "createdAt": "2026-01-15T13:00:00.500000+01:00", "startedAt": "soon",
    }, time=at(60))  # fmt: skip
    (task,) = row_of(book).tasks
    assert (task.created_at, task.started_at) == ("2026-01-15T12:00:00.500Z", "")


def test_a_task_that_was_no_longer_wanted_has_not_failed() -> None:
    book = Book()
    book.task("Scaling activity initiated by (deployment ecs-svc/1)", code="ServiceSchedulerInitiated")
    (task,) = row_of(book).tasks
    assert task.is_wanted
    assert not task.has_failed


def test_a_deployment_keeps_the_most_failed_tasks_and_ends_where_its_last_state_began() -> None:
    book = Book()
    book.deployment("IN_PROGRESS", failedTasks=7, createdAt="2026-01-15T11:59:00Z")
    book.deployment("IN_PROGRESS", failedTasks=9, createdAt="2026-01-15T11:59:00Z")
    book.deployment("FAILED", createdAt="2026-01-15T11:59:00Z")
    book.deployment("FAILED", createdAt="2026-01-15T11:59:00Z")
    (deployment,) = row_of(book).deployments
    assert deployment.started_at == "2026-01-15T11:59:00.000Z"
    assert (deployment.ended_at, deployment.state, deployment.failed_tasks) == (at(2), "FAILED", 9)


def test_tasks_of_another_cluster_or_service_do_not_belong() -> None:
    book = Book()
    book.task("x", cluster=CLUSTER.replace("/main", "/other"))
    book.task("x", group="service:frontend")
    assert row_of(book).tasks == ()


def test_scheduled_tasks_have_a_row_of_their_own() -> None:
    book = Book()
    book.deployment("COMPLETED")
    book.task("Out of memory", group="family:nightly")
    (nightly,) = strays_of(Timeline.of(book.records), [SERVICE])
    assert (nightly.arn, nightly.name, nightly.cluster) == ("", "family:nightly", "main")
    assert len(nightly.tasks) == 1


def test_what_lies_outside_the_span_leaves_no_trace() -> None:
    book = Book()
    book.task("x", second=10)
    book.task("y", second=100)
    book.said("(service backend) failed", second=100)
    book.gap(f"stopped_tasks {CLUSTER}", 10, 20)
    book.gap(f"stopped_tasks {CLUSTER}", 100, 110)
    timeline = Timeline.of(book.records)
    (row,) = services_of(timeline, [Window(since=at(5), until=at(50))], [SERVICE])
    assert [task.reason for task in row.tasks] == ["x"]
    assert row.messages == ()
    assert [gap.since for gap in row.gaps] == [at(10)]


def test_counts_are_kept_in_the_order_they_were_seen() -> None:
    book = Book()
    for running in (0, 2):
        book.add(
            "aws.ecs.service", SERVICE, f"{SERVICE}@{running}", {"desiredCount": 2, "runningCount": running}
        )
    assert [(item.desired, item.running, item.pending) for item in row_of(book).counts] == [
        (2, 0, 0),
        (2, 2, 0),
    ]


def test_a_cluster_of_the_same_name_in_another_account_is_another_one() -> None:
    """One recorder for development and production, where everything has the same names."""
    book = Book()
    book.task("ours", name="a" * 32)
    book.task("theirs", name="b" * 32, cluster=CLUSTER.replace("123456789012", "999999999999"))
    book.task("elsewhere", name="c" * 32, cluster=CLUSTER.replace("eu-west-1", "us-east-1"))
    timeline = Timeline.of(book.records)
    assert [task.reason for task in row_of(book).tasks] == ["ours"]
    assert len(strays_of(timeline, [SERVICE])) == 2
    found = case(timeline, SERVICE, Window(since="", until=None))
    assert [task.stopped_reason for some in found.groups for task in some.tasks] == ["ours"]
