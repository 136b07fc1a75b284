"""What an archive's records come to: when each stream was seen, and when it was not."""

import msgspec
import pytest

from forensics.analysis.coverage import Coverage
from forensics.analysis.coverage_selection import StreamSelection
from forensics.analysis.coverage_statement import statement
from tests.unit.analysis.records import STACK, at
from tests.unit.analysis.watched import EVENTS, SERVICES, SURVEY, TASKS, Log, gaps, intervals


def watched() -> Log:
    """Return a recorder that was started and has read a stack's events once."""
    return Log().start(0).open(EVENTS, 0).poll(1, EVENTS)


def test_between_two_polls_that_join_everything_was_seen() -> None:
    """The second poll met what the first one knew: nothing can be missing between them."""
    said = watched().poll(300, EVENTS, back_to=1).stop(310).said()
    assert intervals(said, EVENTS) == [(0, 300, "polled")]
    assert (said.coverage.share, said.coverage.missing_s) == (1.0, 0.0)


def test_a_stack_that_only_the_survey_looked_after_was_vouched_for() -> None:
    """How something was seen is told apart: a listing showed that the stack did not move."""
    log = watched().calm(60, 120, vouched=(EVENTS,)).calm(120, 180, vouched=(EVENTS,)).calm(180, 240, EVENTS)
    assert intervals(log.stop(240).said(), EVENTS) == [
        (0, 1, "polled"),
        (1, 120, "vouched"),
        (120, 180, "polled"),
    ]


def test_a_statement_about_a_minute_proves_no_more_than_its_beginning() -> None:
    """The quiet poll was somewhere in that minute, perhaps in its first second."""
    assert intervals(watched().calm(60, 120, EVENTS).said(is_live=True), EVENTS) == [(0, 60, "polled")]


def test_an_outage_that_a_later_walk_made_up_for_counts_as_seen() -> None:
    log = watched().poll(60, EVENTS).gap(EVENTS, 60, None, "open").gap(EVENTS, 60, 100, "recovered")
    said = log.poll(100, EVENTS, back_to=60).poll(120, EVENTS).stop(120).said()
    assert intervals(said, EVENTS) == [(0, 60, "polled"), (60, 100, "recovered"), (100, 120, "polled")]
    assert gaps(said, EVENTS) == [(60, 100, "recovered", "throttled")]
    assert said.coverage.share == 1.0


def test_what_an_outage_lost_is_missing_and_the_rest_of_it_was_read_afterwards() -> None:
    """The window held the last minutes of the outage, not its beginning."""
    log = watched().open(SERVICES, 1, EVENTS).poll(10, SERVICES).gap(SERVICES, 10, None, "open")
    log.gap(SERVICES, 10, 70, "lost", lower_bound=3).poll(110, SERVICES, back_to=70).stop(110)
    said = log.said()
    assert intervals(said, SERVICES) == [(1, 10, "polled"), (10, 70, "lost"), (70, 110, "recovered")]
    assert gaps(said, SERVICES) == [(10, 70, "lost", "throttled")]
    (found,) = [item for item in said.streams if item.stream == SERVICES]
    assert found.gaps[0].sentence.endswith("(AWS throttled the calls): at least 3 facts are missing")
    assert found.coverage.share == pytest.approx(49 / 109, abs=1e-6)


def test_an_open_gap_lasts_until_the_end_of_the_archive() -> None:
    log = watched().open(TASKS, 1).poll(2, TASKS).gap(EVENTS, 1, None, "open", "credentials")
    said = log.poll(500, TASKS).stop(501).said()
    assert intervals(said, EVENTS) == [(0, 1, "polled"), (1, 501, "open")]
    assert said.coverage.gaps == {"recovered": 0, "lost": 0, "unknown": 0, "open": 1}


def test_the_time_without_a_process_is_a_gap_though_no_record_says_so() -> None:
    """A kill -9 leaves no closing record, and the next start may die before it says anything."""
    said = watched().poll(60, EVENTS).start(900).poll(905, EVENTS, back_to=400).said(is_live=True)
    assert gaps(said, EVENTS) == [(60, 400, "unknown", "daemon-down"), (400, 905, "recovered", "daemon-down")]
    assert [(run.ended_at, run.run) for run in said.runs] == [(None, "run-1"), (None, "run-2")]


def test_what_a_restart_says_of_the_time_without_a_process_holds() -> None:
    log = watched().poll(60, EVENTS).start(900).gap(EVENTS, 0, 905, "recovered", "daemon-down")
    said = log.poll(905, EVENTS).poll(950, EVENTS).said(is_live=True)
    assert gaps(said, EVENTS) == [(0, 905, "recovered", "daemon-down")]
    assert intervals(said, EVENTS) == [(0, 905, "recovered"), (905, 950, "polled")]


def test_a_killed_recorder_that_nobody_started_again_leaves_its_streams_unwatched() -> None:
    said = watched().poll(60, EVENTS).open(TASKS, 60, EVENTS).poll(61, TASKS).said()
    assert gaps(said, EVENTS) == [(60, None, "open", "daemon-down")]
    assert gaps(watched().poll(60, EVENTS).said(is_live=True), EVENTS) == []
    assert gaps(watched().poll(60, EVENTS).stop(61).said(), EVENTS) == []


def test_a_restart_that_has_not_read_a_stream_yet_leaves_it_open() -> None:
    """The recorder is at work again; of this stream it has said nothing so far."""
    said = watched().poll(60, EVENTS).stop(61).start(900).said(is_live=True)
    assert gaps(said, EVENTS) == [(60, None, "open", "daemon-down")]


@pytest.mark.parametrize(
    ("asked", "is_asked_for"),
    [
        ({"stacks": ["sh*"]}, True),
        ({"stacks": [STACK]}, True),
        ({"stacks": ["other"]}, False),
        ({"clusters": ["main"]}, False),
    ],
    ids=["glob", "arn", "another stack", "a cluster"],
)
def test_a_stream_that_a_later_run_was_not_asked_for_ends_with_the_run_before(
    asked: dict[str, list[str]], is_asked_for: bool
) -> None:
    """Who records another stack into the same archive has not lost sight of the first one."""
    log = watched().open(TASKS, 2, EVENTS).poll(60, EVENTS, TASKS).stop(61).start(900, **asked)
    said = log.stop(1000).said()
    assert bool(gaps(said, EVENTS)) == is_asked_for
    # What was found through the stack goes with it, unless its cluster was asked for by itself.
    assert bool(gaps(said, TASKS)) == (is_asked_for or "clusters" in asked)


def test_a_first_poll_that_does_not_reach_back_to_the_opening_leaves_it_unknown() -> None:
    said = Log().start(0).open(SERVICES, 0).poll(500, SERVICES, back_to=200).said(is_live=True)
    assert gaps(said, SERVICES) == [(0, 200, "unknown", "window")]
    assert intervals(said, SERVICES) == [(0, 200, "unknown"), (200, 500, "polled")]


def test_the_survey_reaches_back_to_nothing_and_misses_nothing() -> None:
    """It lists what is; what happened before is told by the stacks' own events."""
    said = Log().start(0).open(SURVEY, 0).poll(5, SURVEY, back_to=5).said(is_live=True)
    assert gaps(said, SURVEY) == []


def test_a_stream_that_was_never_read_is_no_stream_without_gaps() -> None:
    said = watched().open(SERVICES, 10).poll(60, EVENTS).stop(70).said()
    assert gaps(said, SERVICES) == [(10, None, "open", "never-read")]


def test_a_stream_that_ended_in_an_outage_keeps_its_doubt() -> None:
    """The service was deleted while nobody could look: its last events will never be known."""
    log = watched().gap(EVENTS, 1, None, "open").end(EVENTS, 90, "gone").stop(100)
    assert gaps(log.said(), EVENTS) == [(1, 90, "unknown", "throttled")]


def test_a_stream_that_two_runs_did_not_read_before_it_ended_is_unknown_from_its_opening() -> None:
    """The first run was killed at once, the second was refused, the third found the cluster deleted."""
    log = Log().start(0).open(TASKS, 5).start(900, clusters=["main"])
    log.gap(TASKS, 900, None, "open", "access-denied").start(2000, clusters=["main"]).end(TASKS, 2010, "gone")
    said = log.stop(2020).said()
    assert gaps(said, TASKS) == [(5, 2010, "unknown", "access-denied")]
    assert intervals(said, TASKS) == [(5, 2010, "unknown")]


def test_the_time_between_an_end_and_a_new_opening_was_not_watched() -> None:
    log = watched().poll(50, EVENTS).end(EVENTS, 50).open(EVENTS, 500, SURVEY).poll(510, EVENTS).stop(520)
    said = log.said()
    assert intervals(said, EVENTS) == [(0, 50, "polled"), (500, 510, "polled")]
    assert said.coverage.share == 1.0


def test_a_clock_that_is_set_back_hides_no_time_without_a_process() -> None:
    """What was last seen "at 13:00" by the old clock lies before noon by the new one."""
    log = watched().poll(3600, EVENTS).clock(3660, 60).calm(60, 120, EVENTS)
    said = log.start(1000).poll(1010, EVENTS, back_to=1010).said(is_live=True)
    assert gaps(said, EVENTS) == [(60, 1010, "unknown", "daemon-down")]
    assert [step.jumped_s for step in said.clock_steps] == [-3600]


def test_a_thousand_calm_streams_cost_nothing_while_they_stay_calm() -> None:
    """Their statements are folded: only the last one counts."""
    log = Log().start(0)
    names = tuple(f"stack_events {STACK[:-1]}{number}" for number in range(50))
    for name in names:
        log.open(name, 0)
    for minute in range(100):
        log.calm(minute * 60, minute * 60 + 60, vouched=names)
    log.gap(names[3], 5990, None, "open").calm(6000, 6060, vouched=(*names[:3], *names[4:]))
    said = log.stop(6060).said()
    assert intervals(said, names[0]) == [(0, 6000, "vouched")]
    assert intervals(said, names[3]) == [(0, 5940, "vouched"), (5940, 5990, "polled"), (5990, 6060, "open")]


@pytest.mark.parametrize(
    "payload", [None, [], {"streams": 7}, {"to": "x", "from": 3, "stream": EVENTS}], ids=str
)
def test_records_of_a_shape_that_nobody_foresaw_change_nothing(payload: object) -> None:
    """An archive may be written by a later version."""
    log = watched().poll(60, EVENTS)
    before = msgspec.json.encode(log.said().streams)
    for record in list(log.records):
        if record.type not in ("forensics.run", "forensics.stream"):
            log.add(record.type, 60, payload)  # type: ignore[arg-type]
    log.add("forensics.invented", 60, {"stream": EVENTS})
    assert msgspec.json.encode(log.said().streams) == before


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("forensics.coverage", {"from": at(60), "to": at(120), "streams": "1-99999999999999999999"}),
        ("forensics.clock", {"before": at(60), "after": at(61), "jumped_s": 1e300}),
    ],
    ids=["a range without end", "a step without end"],
)
def test_a_hostile_record_takes_neither_memory_nor_the_answer(kind: str, payload: dict[str, object]) -> None:
    """Archives and bundles come from others."""
    log = watched().poll(60, EVENTS)
    log.add(kind, 130, payload)
    assert intervals(log.stop(140).said(), EVENTS) == [(0, 60, "polled")]


def test_a_stack_is_shown_with_everything_that_it_led_to() -> None:
    log = (
        watched().open(SERVICES, 1, EVENTS).open(TASKS, 1, SERVICES).open(SURVEY, 1).poll(5, SERVICES, TASKS)
    )
    found = Coverage(log.records, is_live=True)

    def shown(**asked: tuple[str, ...]) -> list[str]:
        takes = StreamSelection(**asked).over(found.traces)
        return [item.source for item in statement(found, takes=takes).streams]

    assert shown(stacks=("Shop",)) == ["stack_events", "services", "stopped_tasks"]
    assert shown(services=("main/backend",)) == ["services", "stopped_tasks"]
    assert shown(clusters=("main",)) == ["services", "stopped_tasks"]
    assert shown(streams=(SURVEY, "stopped_tasks")) == ["stopped_tasks", "stacks"]
    assert shown(stacks=("other",)) == []
    assert len(shown()) == 4
