"""The live view: never larger than the terminal, inert, and right about what goes on."""

import io
import re
from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from forensics.analysis.progress import Progress
from forensics.report.frame import frame, shares
from forensics.report.live import LiveView
from forensics.report.vitals import Vitals
from tests.support.clock import NOON
from tests.unit.analysis.records import SERVICE, STACK, Book
from tests.unit.analysis.test_diagnose import failed_service
from tests.unit.report.hostile import texts, unsafe_in

VITALS = Vitals(
    at=NOON + timedelta(minutes=5),
    started_at=NOON,
    credentials_end=NOON + timedelta(minutes=29),
    lag_s=3.0,
    streams=4,
    open_gaps=0,
    records=12,
)


def seen(book: Book) -> Progress:
    progress = Progress()
    progress.add_all(book.records)
    return progress


def text_of(progress: Progress, vitals: Vitals = VITALS, *, width: int = 100, height: int = 40) -> str:
    return "\n".join(line.plain for line in frame(progress, vitals, width=width, height=height))


def test_the_view_says_what_to_type_before_the_credentials_end() -> None:
    """Quarter of an hour before, there is time to act; credentials that renew themselves need nobody."""
    ending = {"credentials_end": VITALS.at + timedelta(minutes=4), "renewed_by": "aws sso login"}
    soon = msgspec.structs.replace(VITALS, **ending)
    assert "the credentials end in 4m: run `aws sso login`, or there will be a gap" in text_of(
        seen(Book()), soon
    )
    assert "aws sso login" not in text_of(
        seen(Book()), msgspec.structs.replace(VITALS, renewed_by="aws sso login")
    )
    renewing = msgspec.structs.replace(soon, is_renewing=True)
    assert "aws sso login" not in text_of(seen(Book()), renewing)
    assert "credentials renew" in text_of(seen(Book()), renewing)


def test_the_view_says_what_a_stack_waits_for_and_for_how_long() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS", second=0)
    book.resource("Vpc", "CREATE_COMPLETE", kind="AWS::EC2::VPC", second=20)
    book.resource("Search", "CREATE_IN_PROGRESS", kind="AWS::OpenSearchService::Domain", second=60)
    book.resource("Search", "CREATE_IN_PROGRESS", "Resource creation Initiated", second=90)
    book.resource("Topic", "CREATE_FAILED", "no", second=100)
    text = text_of(seen(book))
    assert "shop  CREATE_IN_PROGRESS  5m  1 done  1 in progress  1 failed" in text
    assert "4m  Search  AWS::OpenSearchService::Domain" in text


def test_the_view_says_how_many_tasks_a_service_has() -> None:
    book = Book()
    book.add("aws.ecs.service", SERVICE, "s", {"desiredCount": 2, "runningCount": 1, "pendingCount": 1})
    book.deployment("IN_PROGRESS", failedTasks=7)
    book.deployment("IN_PROGRESS", failedTasks=0)
    line = next(line for line in text_of(seen(book)).split("\n") if line.startswith("backend"))
    assert line.split() == ["backend", "2", "1", "1", "7", "IN_PROGRESS"]


def test_tasks_that_stop_for_one_reason_are_one_line_with_a_count() -> None:
    """Fifty equal lines would push everything else off the screen."""
    book = Book()
    failed_service(book, tasks=53)
    assert "53 times, newest: backend task" in text_of(seen(book))


def test_the_view_says_when_credentials_end_and_what_is_wrong() -> None:
    text = text_of(Progress())
    assert "credentials 24m" in text
    ended = msgspec.structs.replace(
        VITALS, credentials_end=NOON, troubles=("paused: renew them",), open_gaps=2
    )
    text = text_of(Progress(), ended)
    assert "credentials have ended" in text
    assert "paused: renew them" in text
    assert "2 open gaps" in text


@given(
    name=texts, reason=texts, width=st.integers(20, 130), height=st.integers(1, 45), count=st.integers(0, 60)
)
def test_the_view_fits_any_terminal_and_is_inert(
    name: str, reason: str, width: int, height: int, count: int
) -> None:
    book = Book()
    for number in range(count):
        book.stack("CREATE_IN_PROGRESS", stack=f"{STACK}{number}")
        book.resource(name, "CREATE_IN_PROGRESS", reason, kind=name, stack=f"{STACK}{number}")
        book.add("aws.ecs.service", f"{SERVICE}{number}{name}", "s", {"desiredCount": number})
        book.said(f"is unable to {reason} {number}")
    vitals = msgspec.structs.replace(VITALS, troubles=(reason,), waiting_for=(name,))
    lines = frame(seen(book), vitals, width=width, height=height)
    assert len(lines) <= height
    assert all(cell_len(line.plain) <= width for line in lines)
    assert unsafe_in("\n".join(line.plain for line in lines)) == []


@given(needs=st.lists(st.integers(0, 50), min_size=1, max_size=5), room=st.integers(0, 100))
def test_lines_are_shared_out_without_waste(needs: list[int], room: int) -> None:
    given_out = shares(needs, room)
    assert all(got <= need for got, need in zip(given_out, needs, strict=True))
    assert sum(given_out) == min(room, sum(needs))


def test_markup_in_names_is_not_obeyed() -> None:
    """Rich would colour ``[red]x[/]``; names are data."""
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("[red]x[/red]", "CREATE_IN_PROGRESS", second=1)
    assert "[red]x[/red]" in text_of(seen(book))


def test_a_new_operation_begins_with_no_resources() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_COMPLETE")
    book.stack("CREATE_COMPLETE")
    book.stack("UPDATE_IN_PROGRESS")
    assert seen(book).stacks[STACK].done == 0


def test_a_summary_stays_when_the_view_ends() -> None:
    book = Book()
    failed_service(book)
    out = io.StringIO()
    view = LiveView(out, has_colour=False)
    view.start()
    view.draw(seen(book), VITALS)
    view.stop()
    rest = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue().rpartition("\x1b[?25h")[2])
    assert "shop  ROLLBACK_COMPLETE" in rest
    assert "backend" in rest


def test_the_head_leaves_out_what_does_not_fit_instead_of_cutting_it() -> None:
    """Half a number reads like another number."""
    vitals = msgspec.structs.replace(VITALS, credentials_end=None, records=123_456, streams=1)
    narrow = text_of(seen(Book()), vitals, width=80).splitlines()[0]
    assert "credentials: end not known" in narrow
    assert "1 stream" in narrow
    assert "…" not in narrow
    assert "records" not in narrow
    assert text_of(seen(Book()), vitals, width=120).splitlines()[0].endswith("123456 records")


def test_in_a_narrow_terminal_nothing_of_a_stack_is_cut_but_its_name() -> None:
    """How many resources have failed matters as much with fifty columns as with a hundred."""
    book = Book()
    book.stack("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", stack=STACK)
    book.resource("Topic", "CREATE_FAILED", "no", second=100)
    lines = text_of(seen(book), width=48).splitlines()
    assert lines[1:4] == [
        "shop",
        "    UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "    0 done  1 failed",
    ]


def test_in_a_narrow_terminal_a_service_is_said_in_words() -> None:
    """The table has no room there for what went wrong."""
    book = Book()
    book.add("aws.ecs.service", SERVICE, "s", {"desiredCount": 2, "runningCount": 1, "pendingCount": 1})
    book.deployment("IN_PROGRESS", failedTasks=7)
    text = text_of(seen(book), width=40)
    assert "backend  1 of 2 running  1 pending\n    7 failed  IN_PROGRESS" in text


def test_what_to_type_is_never_cut() -> None:
    command = "forensics credentials push --archive forensics-archive"
    ending = {"credentials_end": VITALS.at + timedelta(minutes=4), "renewed_by": command}
    text = text_of(seen(Book()), msgspec.structs.replace(VITALS, **ending), width=40)
    assert f"`{command}`" in " ".join(text.split())


def test_a_low_terminal_has_no_heading_without_an_event() -> None:
    book = Book()
    failed_service(book)
    for height in range(1, 12):
        assert not text_of(seen(book), height=height).endswith("EVENTS")
