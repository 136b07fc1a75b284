"""Two attempts side by side: what differs is said, what is the same is not."""

import msgspec
from hypothesis import given, settings
from markdown_it.token import Token

from forensics.analysis.attempts import cut, roots
from forensics.analysis.course import course_of
from forensics.analysis.difference import Difference, Side, compare
from forensics.analysis.timeline import Timeline
from forensics.report.differing import document, lines
from forensics.report.ink import Ink
from forensics.report.wrap import width_of
from tests.unit.analysis.records import CHILD, SERVICE, STACK, Book
from tests.unit.analysis.test_resources import rolled_back
from tests.unit.report.hostile import unsafe_in
from tests.unit.report.test_markdown import bare, evil, links, tokens

ECS_SERVICE = "AWS::ECS::Service"


def side(book: Book) -> Side:
    timeline = Timeline.of(book.records)
    operations = [item for arn in roots(timeline.stacks) for item in cut(timeline.stacks[arn])]
    return Side(course=course_of(timeline, operations or None), definitions=timeline.task_definitions)


def deployment(
    book: Book, *, seconds: float, image: str, ends: str = "CREATE_COMPLETE", failing: int = 0
) -> Book:
    """A creation with one service and a database that takes some time."""
    book.stack("CREATE_IN_PROGRESS", second=0)
    book.resource("Database", "CREATE_IN_PROGRESS", second=1)
    book.resource("Database", "CREATE_COMPLETE", second=1 + seconds)
    book.resource("Web", "CREATE_IN_PROGRESS", kind=ECS_SERVICE, physical=SERVICE, second=2)
    for _ in range(failing):
        book.task("broken", containers=[{"name": "web", "image": image, "exitCode": 3}], second=50)
    if not failing:
        book.task(
            "Scaling activity initiated by (deployment ecs-svc/1)", code="ServiceSchedulerInitiated",
            containers=[{"name": "web", "image": image, "exitCode": 0}], second=50,
        )  # fmt: skip
    book.resource(
        "Web", ends, "gave up" if "FAILED" in ends else "", kind=ECS_SERVICE, physical=SERVICE, second=500
    )
    book.stack("ROLLBACK_IN_PROGRESS" if "FAILED" in ends else "CREATE_COMPLETE", second=501)
    return book


def difference() -> Difference:
    failed = deployment(Book(), seconds=400, image="web:2", ends="CREATE_FAILED", failing=3)
    failed.resource("Extra", "CREATE_COMPLETE", second=300)
    good = deployment(Book(), seconds=100, image="web:1")
    good.resource("Old", "CREATE_COMPLETE", second=300)
    return compare(side(failed), side(good))


def test_what_failed_what_took_longer_and_what_is_new_or_missing() -> None:
    found = difference()
    assert [(item.path, item.failed.reason) for item in found.failures if item.failed] == [("Web", "gave up")]
    assert [
        (item.path, item.failed and item.failed.seconds, item.good and item.good.seconds)
        for item in found.slower
    ] == [("Database", 400.0, 100.0)]
    assert [item.path for item in found.new] == ["Extra"]
    assert [item.path for item in found.missing] == ["Old"]


def test_a_services_images_counts_and_exit_codes_are_held_side_by_side() -> None:
    (service,) = difference().services
    assert service.failed is not None
    assert service.good is not None
    assert (service.failed.images, service.good.images) == (("web:2",), ("web:1",))
    assert (service.failed.failed_tasks, service.good.failed_tasks) == (3, 0)
    assert (service.failed.exit_codes, service.good.exit_codes) == ((3,), ())


def test_an_attempt_does_not_differ_from_itself() -> None:
    one = side(rolled_back())
    found = compare(one, one)
    assert (found.slower, found.new, found.missing, found.services) == ((), (), (), ())
    good = side(deployment(Book(), seconds=1, image="a"))
    assert "Nothing sets them apart" in document(compare(good, good))


def test_resources_of_nested_stacks_are_the_same_whatever_the_nested_stack_is_called() -> None:
    """CloudFormation gives a nested stack another name each time."""
    again = Book()
    other = CHILD.replace("shop-child", "shop-child-XYZ")
    for record in rolled_back().records:
        text = bytes(record.data).decode().replace(CHILD, other)
        again.records.append(msgspec.structs.replace(record, data=msgspec.Raw(text.encode())))
    found = compare(side(rolled_back()), side(again))
    assert (found.new, found.missing) == ((), ())
    assert [item.path for item in found.failures] == ["Child/Topic"]


def test_the_page_names_both_attempts_and_says_each_difference() -> None:
    text = "\n".join(lines(difference(), Ink(width=100, has_colour=False)))
    assert text.startswith("FAILED  0. CREATE_STACK shop: failed, ")
    assert (
        "Web (AWS::ECS::Service): CREATE_FAILED after 8m18s; CREATE_COMPLETE after 8m18s in the good one"
        in text
    )
    assert "Database (AWS::SNS::Topic): 6m40s instead of 1m40s" in text
    assert "backend, images: web:2 instead of web:1" in text
    assert "backend, exit codes: 3 instead of none known" in text


@settings(max_examples=25)
@given(reason=evil, name=evil)
def test_hostile_texts_are_inert_in_both_forms(reason: str, name: str) -> None:
    book = Book()
    book.stack("CREATE_IN_PROGRESS", stack=f"{STACK}{name}")
    book.resource(
        name, "CREATE_FAILED", reason, kind=name, physical=f"{SERVICE}{name}", stack=f"{STACK}{name}"
    )
    book.task(
        reason, group=f"service:backend{name}", containers=[{"name": name, "image": name, "exitCode": 1}]
    )
    found = compare(side(book), side(rolled_back()))
    printed = list(lines(found, Ink(width=60, has_colour=False)))
    assert unsafe_in("\n".join(printed)) == []
    assert all(width_of(line) <= 60 for line in printed)
    text = document(found)
    kinds: set[Token | str] = {token.type for token in tokens(text)}
    assert unsafe_in(text) == []
    assert not {"html_inline", "html_block", "image", "blockquote_open", "hr", "code_block"} & kinds
    assert links(text) == []
    assert not any(sign in bare(text) for sign in "@<|`\\")
