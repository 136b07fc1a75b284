"""What the page's charts and tables hold, before anything is drawn."""

import base64
import zlib

import msgspec

from forensics.analysis.course import course_of
from forensics.analysis.shapes import ECS_SERVICE
from forensics.analysis.timeline import Timeline, Window
from forensics.model.record import Record
from forensics.report.html import gantt, lanes, payloads, provenance, scale, slowest, streams, table
from tests.unit.analysis.records import CHILD, SERVICE, STACK, Book, at

ALWAYS = Window(since="", until=None)


def failed_creation() -> Book:
    """A stack whose service fails while a database is still on its way."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=0)
    book.resource("Database", "CREATE_IN_PROGRESS", kind="AWS::RDS::DBInstance", second=1)
    book.resource("Backend", "CREATE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE, second=2)
    book.resource("Backend", "CREATE_FAILED", "broken", kind=ECS_SERVICE, physical=SERVICE, second=60)
    book.resource(
        "Database", "CREATE_FAILED", "Resource creation cancelled", kind="AWS::RDS::DBInstance", second=61
    )
    book.stack("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Backend].", second=62)
    book.resource("Backend", "DELETE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE, second=70)
    book.resource("Backend", "DELETE_COMPLETE", kind=ECS_SERVICE, physical=SERVICE, second=90)
    book.stack("ROLLBACK_COMPLETE", second=120)
    return book


def charted(book: Book, causes: frozenset[int] = frozenset()) -> gantt.Chart:
    course = course_of(Timeline.of(book.records))
    axis = scale.scale_of([course.since, course.until])
    assert axis is not None
    return gantt.chart(course.stacks, axis, causes)


def test_a_stack_is_known_by_how_it_ended_and_a_resource_by_its_failure() -> None:
    group = charted(failed_creation()).groups[0]
    assert group.own.state == "ROLLBACK_COMPLETE"
    assert [(line.name, line.state, line.tone) for line in group.lines] == [
        ("Database", "CREATE_FAILED, cancelled", "cancelled"),
        ("Backend", "CREATE_FAILED", "failed"),
    ]
    assert [bar.kind for bar in group.lines[1].bars] == ["failed", "undone"]


def test_only_what_a_finding_blames_is_marked_as_the_cause() -> None:
    """Its evidence may hold other records of the same resource."""
    book = failed_creation()
    blamed = next(record.seq for record in book.records if b"broken" in bytes(record.data))
    lines = charted(book, frozenset({blamed, 1})).groups[0].lines
    assert [(line.name, line.is_cause) for line in lines] == [("Database", False), ("Backend", True)]
    assert [mark.kind for line in lines for mark in line.marks] == ["cause"]


def test_what_was_under_way_when_the_rollback_began_is_said() -> None:
    (text,) = charted(failed_creation()).interrupted
    assert text.startswith("Database (AWS::RDS::DBInstance): CREATE since 12:00:01, 1m1s")


def test_the_slowest_resources_say_whether_they_were_cancelled() -> None:
    """A database that was stopped after a minute did not take a minute by itself."""
    found = slowest.slowest(course_of(Timeline.of(failed_creation().records)).stacks)
    assert [(row.name, row.length, row.status, row.tone) for row in found.rows] == [
        ("Database", "1m", "CREATE_FAILED, cancelled", "cancelled"),
        ("Backend", "58s", "CREATE_FAILED", "failed"),
    ]


def test_a_rollback_and_gaps_lie_behind_a_stacks_rows() -> None:
    book = failed_creation()
    book.gap(f"stack_events {STACK}", 30, 40)
    book.gap(f"stack_events {STACK}", 70, 80, kind="recovered")
    group = charted(book).groups[0]
    assert [band.kind for band in group.ground] == ["rollback", "gap", "recovered"]


def test_a_nested_stack_is_a_group_under_its_name_in_the_parent() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Child", "CREATE_IN_PROGRESS", kind="AWS::CloudFormation::Stack", physical=CHILD)
    book.stack("CREATE_IN_PROGRESS", stack=CHILD)
    book.resource("Queue", "CREATE_IN_PROGRESS", stack=CHILD)
    groups = charted(book).groups
    assert [(group.name, group.depth, len(group.lines)) for group in groups] == [
        ("shop", 0, 0),
        ("Child", 1, 1),
    ]


def test_too_many_resources_keep_the_failed_ones() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    for number in range(gantt.LINES_SHOWN + 50):
        book.resource(f"Fine{number}", "CREATE_IN_PROGRESS", second=number)
        book.resource(f"Fine{number}", "CREATE_COMPLETE", second=number + 5 + number % 9)
    book.resource("Broken", "CREATE_FAILED", "no")
    chart = charted(book)
    assert (chart.shown, chart.total) == (gantt.LINES_SHOWN, gantt.LINES_SHOWN + 51)
    assert chart.groups[0].hidden == 51
    assert "Broken" in {line.name for line in chart.groups[0].lines}


def test_too_many_stacks_keep_the_failed_ones() -> None:
    """A fleet that is deployed at once: the one that failed is the one to see."""
    book = Book()
    arns = [f"{STACK[:-1]}{number:03d}".replace("stack/shop", f"stack/shop-{number}") for number in range(80)]
    for number, arn in enumerate(arns):
        book.stack("CREATE_IN_PROGRESS", stack=arn, second=0)
        book.resource("Broken" if number == 77 else "Fine", "CREATE_IN_PROGRESS", stack=arn, second=1)
        if number == 77:
            book.resource("Broken", "CREATE_FAILED", "no", stack=arn, second=5)
            book.stack("CREATE_FAILED", "no", stack=arn, second=6)
    chart = charted(book)
    assert (len(chart.groups), chart.stacks_total) == (gantt.STACKS_SHOWN, 80)
    assert "shop-77" in {group.name for group in chart.groups}
    assert (chart.shown, chart.total) == (gantt.STACKS_SHOWN, 80)


def test_tasks_are_grouped_by_how_they_ended() -> None:
    book = Book()
    for number in range(3):
        book.task(
            "Essential container in task exited",
            code="EssentialContainerExited",
            containers=[{"name": "app", "exitCode": 137}],
            second=number * 30,
        )
    book.task(
        "Scaling activity initiated by deployment ecs-svc/2", code="ServiceSchedulerInitiated", second=99
    )
    book.task("unable to pull", code="TaskFailedToStart", second=100)
    book.said("(service backend) was unable to place a task.", second=110)
    course = course_of(Timeline.of(book.records))
    axis = scale.scale_of([course.since, course.until])
    assert axis is not None
    (lane,) = lanes.lanes(course.services, axis, ())
    assert [(row.name, row.count, row.tone) for row in lane.rows] == [
        ("stopped: exit code 137", 3, "failed"),
        ("stopped: TaskFailedToStart", 1, "failed"),
        ("stopped: by the scheduler", 1, "wanted"),
        ("scheduler's messages", 1, "said"),
    ]
    assert [tick.kind for tick in lane.rows[-1].ticks] == ["trouble"]


def rows_of(records: list[Record]) -> table.Table:
    return table.table(records, evidence=frozenset(), window=ALWAYS, names={})


def test_the_table_is_in_the_order_of_what_happened_without_bookkeeping() -> None:
    book = Book()
    book.resource("Late", "CREATE_COMPLETE", second=50)
    book.resource("Early", "CREATE_COMPLETE", second=10)
    book.add("forensics.poll", "urn:forensics:x", "poll-1", {"streams": [], "calls": 1})
    found = rows_of(book.records)
    assert [row.what for row in found.rows] == ["Early", "Late"]
    assert (found.total, found.bookkeeping, found.records) == (2, 1, 3)


def test_a_whole_second_comes_before_its_fractions() -> None:
    """As texts they compare the other way round."""
    book = Book()
    for name, time in (("Half", "2026-01-15T02:00:07.500Z"), ("Whole", "2026-01-15T02:00:07Z")):
        payload = {"LogicalResourceId": name, "ResourceStatus": "CREATE_COMPLETE"}
        book.add("aws.cloudformation.stack_event", STACK, name, payload, time=time)
    assert [row.what for row in rows_of(book.records).rows] == ["Whole", "Half"]


def test_evidence_is_never_left_out() -> None:
    book = Book()
    for number in range(6):
        book.resource(f"Broken{number}", "CREATE_FAILED", "no", second=number)
    book.resource("Proof", "CREATE_IN_PROGRESS", second=9)
    found = table.table(book.records, evidence=frozenset({7}), window=ALWAYS, names={}, limit=3)
    assert [row.what for row in found.rows] == ["Broken0", "Broken1", "Proof"]
    assert found.total == 7


def test_long_words_end_with_how_much_is_missing() -> None:
    book = Book()
    book.resource("Talker", "CREATE_FAILED", "x" * 5000)
    (row,) = rows_of(book.records).rows
    assert row.reason.endswith("… and 3000 more characters: see raw")
    assert "x" * 5000 in row.raw


def test_payloads_are_text_while_all_fit_and_packed_after_that() -> None:
    book = Book()
    for number in range(400):
        book.resource(f"Thing{number}", "CREATE_COMPLETE", "y" * 300, second=number)
    rows = rows_of(book.records).rows
    roomy = payloads.payloads(rows, room_bytes=1_000_000, evidence=frozenset())
    assert (len(roomy.texts), roomy.packed, roomy.missing) == (400, "", 0)
    narrow = payloads.payloads(rows, room_bytes=payloads.LEAST_BYTES + 40_000, evidence=frozenset({400}))
    assert 400 in narrow.texts
    unpacked = msgspec.json.decode(zlib.decompress(base64.b64decode(narrow.packed), -zlib.MAX_WBITS))
    assert {int(seq) for seq in unpacked} == narrow.packed_seqs
    assert narrow.packed_seqs | set(narrow.texts) == set(range(1, 401))
    assert unpacked[str(max(narrow.packed_seqs))] == rows[max(narrow.packed_seqs) - 1].raw
    crowded = payloads.payloads(rows, room_bytes=0, evidence=frozenset())
    assert crowded.missing == 400 - len(crowded.texts) > 0


def test_a_payload_too_long_for_any_page_is_counted_as_missing() -> None:
    book = Book()
    book.resource("Huge", "CREATE_FAILED", "z" * (payloads.LONGEST + 1))
    found = payloads.payloads(rows_of(book.records).rows, room_bytes=10_000_000, evidence=frozenset())
    assert (found.texts, found.packed, found.missing) == ({}, "", 1)


def test_calls_are_the_runs_own_count_or_those_of_its_polls() -> None:
    """A run that was killed has no count of its own."""
    book = Book()
    ours = "urn:forensics:x"
    book.add("forensics.run", ours, "run-1", {"phase": "started"})
    book.add("forensics.poll", ours, "poll-1", {"streams": [], "calls": 2})
    book.add("forensics.coverage", ours, "coverage-1", {"polls": 5, "calls": 5})
    book.gap(f"services {SERVICE}", 1, 2, reason="throttled")
    killed = provenance.provenance(book.records)
    assert (killed.calls, killed.polls, killed.throttled_gaps, killed.throttles) == (7, 6, 1, None)
    book.add("forensics.run", ours, "run-2", {"phase": "ended", "reason": "done", "calls": 9, "throttles": 4})
    ended = provenance.provenance(book.records)
    assert (ended.calls, ended.polls, ended.throttles) == (9, 6, 4)


def test_streams_that_miss_most_come_first() -> None:
    book = Book()
    for number, name in enumerate((f"stack_events {STACK}", f"services {SERVICE}"), start=1):
        target = name.partition(" ")[2]
        book.add("forensics.stream", target, name, {"number": number, "stream": name}, time=at(0))
        book.add("forensics.poll", target, f"{name}-1", {"streams": [name], "to": at(10)}, time=at(10))
    book.gap(f"services {SERVICE}", 20, 40)
    book.add(
        "forensics.poll", STACK, "end", {"streams": [f"stack_events {STACK}"], "to": at(60)}, time=at(60)
    )
    found = streams.streams(book.records)
    assert found is not None
    assert [line.name for line in found.lines] == ["services of backend", "stack_events of shop"]
    assert [line.seen for line in found.lines][1] == "100%"
    assert "gap" in {span.kind for span in found.lines[0].spans}


def test_nobody_who_watched_means_no_streams() -> None:
    assert streams.streams([]) is None
