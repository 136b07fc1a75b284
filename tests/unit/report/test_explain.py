"""The page that a person reads: the cause first, nothing cut, nothing dangerous."""

import io
import shlex

import msgspec
import pytest
from hypothesis import given

from forensics.analysis.diagnose import diagnose
from forensics.model.finding import Diagnosis
from forensics.report.explain import page
from forensics.report.ink import Ink, ink_for
from forensics.report.wrap import width_of
from tests.unit.analysis.records import CLUSTER, SERVICE, STACK, Book, uneventful
from tests.unit.analysis.test_diagnose import SECRET, failed_service
from tests.unit.report.hostile import texts, unsafe_in

PLAIN = Ink(width=80, has_colour=False)


def text_of(diagnosis: Diagnosis, ink: Ink = PLAIN) -> str:
    return "\n".join(page(diagnosis, ink))


def failed() -> Diagnosis:
    book = Book()
    failed_service(book, tasks=53)
    book.gap(f"stopped_tasks {CLUSTER}", 3, 60, kind="lost")
    return diagnose(book.records)


def test_the_cause_comes_first_with_its_count_and_its_evidence() -> None:
    text = text_of(failed())
    words = " ".join(text.split())
    assert text.startswith("FAILED  CREATE_STACK shop")
    assert "53 tasks stopped with the same reason between 2026-01-15T12:00:04.000Z and" in words
    assert SECRET in words
    assert "#5" in text


def test_a_service_without_a_stack_gives_the_page_its_name() -> None:
    book = Book()
    for _ in range(3):
        book.task(SECRET)
    book.deployment("FAILED")
    assert text_of(diagnose(book.records)).split("\n")[0] == "FAILED  service backend"


def test_the_coverage_is_stated_and_names_its_gaps() -> None:
    text = text_of(failed())
    assert "COVERAGE  has gaps: 1" in text
    assert "stopped_tasks of main could not be watched from" in " ".join(
        text.partition("COVERAGE")[2].split()
    )
    book = Book()
    failed_service(book)
    assert "COVERAGE  complete" in text_of(diagnose(book.records))


def test_consequences_are_counted() -> None:
    assert "1 further failure only followed from the above." in text_of(failed())


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal_but_addresses(width: int) -> None:
    """A broken address cannot be followed; a word of a command must not be broken either."""
    for line in page(failed(), Ink(width=width, has_colour=False)):
        assert width_of(line) <= width or "https://" in line or "--" in line or "taskDefinition" in line


def test_a_command_can_be_pasted_from_the_page() -> None:
    """Lines are joined by the shell's own continuation, and only between words."""
    evil = SERVICE.replace("/backend", "/it's a name with a great many words in it; rm -rf ~ and more words")
    book = Book()
    book.deployment("FAILED", service=evil)
    book.said("(service x) (deployment ecs-svc/1) deployment failed: tasks failed to start.", service=evil)
    diagnosis = diagnose(book.records)
    lines = text_of(diagnosis, Ink(width=60, has_colour=False)).split("\n")
    start = lines.index("  Check:") + 1
    end = lines.index("  Not seen:")
    pasted = "\n".join(lines[start:end])
    assert shlex.split(pasted.replace("\\\n", "")) == shlex.split(diagnosis.findings[0].checks[0])


def test_a_megabyte_reason_is_whole_in_text_and_json() -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource("Topic", "CREATE_FAILED", "y" * 1_000_000)
    book.stack("ROLLBACK_IN_PROGRESS")
    diagnosis = diagnose(book.records)
    assert max(len(line) for line in page(diagnosis, PLAIN)) <= 110
    lines = [line.strip() for line in page(diagnosis, PLAIN)]
    assert sum(len(line) for line in lines if not line.strip("y")) == 1_000_000
    assert b"y" * 1_000_000 in msgspec.json.encode(diagnosis)


@given(reason=texts, name=texts)
def test_hostile_texts_are_inert_on_the_page(reason: str, name: str) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS")
    book.resource(name, "CREATE_FAILED", reason, kind="AWS::ECS::Service", physical=f"{SERVICE}{name}")
    book.task(reason, containers=[{"name": name, "reason": reason, "exitCode": 1}])
    book.gap(f"stack_events {name}", 0, 1, reason=reason)
    book.stack("ROLLBACK_IN_PROGRESS", reason, stack=f"{STACK}{name}")
    diagnosis = diagnose(book.records)
    assert unsafe_in(text_of(diagnosis)) == []
    assert unsafe_in(text_of(diagnosis, Ink(width=80, has_colour=True)), colours=True) == []


@pytest.mark.parametrize(
    ("outcome", "said"), [("nothing_found", "NOTHING FOUND"), ("could_not_look", "COULD NOT LOOK")]
)
def test_finding_nothing_and_not_being_able_to_look_are_told_apart(outcome: str, said: str) -> None:
    book = uneventful()
    if outcome == "could_not_look":
        book.gap(f"stack_events {STACK}", 0, None, kind="open")
    text = text_of(diagnose(book.records))
    assert text.startswith(said)


def test_there_is_no_colour_without_a_terminal() -> None:
    assert not ink_for(io.StringIO(), {}).has_colour


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_no_color_is_respected(environment: dict[str, str], coloured: bool) -> None:
    assert ink_for(Terminal(), environment).has_colour is coloured
