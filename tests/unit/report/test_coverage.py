"""The coverage as a page, as lines and as Markdown."""

import re

import pytest

from forensics.report.coverage import axis_of, bar, lines, page, percent
from forensics.report.coverage_markdown import markdown
from forensics.report.ink import Ink
from forensics.report.wrap import width_of
from tests.unit.analysis.records import STACK
from tests.unit.analysis.watched import EVENTS, SERVICES, SURVEY, TASKS, Log
from tests.unit.report.hostile import EVIL, unsafe_in

PLAIN = Ink(width=100, has_colour=False)


def story() -> Log:
    """Return a recording in which everything that can become of a gap has become of one."""
    log = Log().start(0).open(SURVEY, 0).open(EVENTS, 0).open(SERVICES, 0, EVENTS).open(TASKS, 0, SERVICES)
    log.poll(1, SURVEY, back_to=1).poll(2, EVENTS).poll(3, SERVICES, TASKS).poll(1000, SURVEY)
    log.gap(EVENTS, 1000, None, "open", "credentials").gap(SURVEY, 1000, None, "open", "credentials")
    log.gap(EVENTS, 1000, 1200, "recovered", "credentials", detail="ExpiredToken: it is over")
    log.gap(SURVEY, 1000, 1205, "recovered", "credentials").poll(1200, EVENTS).poll(1205, SURVEY)
    log.gap(SERVICES, 900, 1100, "lost", "window", lower_bound=7).poll(1300, SERVICES, back_to=1100)
    log.gap(TASKS, 3, 1500, "unknown", "unreachable").poll(1600, TASKS)
    return log.gap(EVENTS, 1700, None, "open", "access-denied").poll(3600, SURVEY).stop(3600)


def test_each_stream_has_a_bar_and_each_gap_its_sentence() -> None:
    text = " ".join(" ".join(page(story().said(), PLAIN)).split())
    assert text.startswith("COVERAGE 64.3% of the watched time was seen")
    assert "and something is lost for ever" in text
    order = [text.index(word) for word in ("LOST FOR EVER", "MAY BE MISSING", "NOT SEEN YET", "RECOVERED")]
    assert order == sorted(order)
    assert "at least 7 facts are missing of services of backend." in text
    assert "ExpiredToken: it is over" in text
    assert "X lost for ever" in text


def test_one_outage_of_many_streams_is_told_once() -> None:
    """The credentials end for all streams alike: a hundred lines of the same hide the ones that differ."""
    recovered = " ".join(" ".join(page(story().said(), PLAIN)).partition("RECOVERED")[2].split())
    assert recovered.count("the credentials did not work") == 1
    assert "nothing is missing of stacks of 123456789012/eu-west-1, stack_events of shop" in recovered


@pytest.mark.parametrize("width", [40, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(width: int) -> None:
    printed = list(page(story().said(), Ink(width=width, has_colour=False)))
    assert max(width_of(line) for line in printed) <= width
    assert "123456789012/eu-west-1" in re.sub(r"\s+", "", "".join(printed))


def test_colour_adds_nothing_but_colour() -> None:
    said = story().said()
    painted = "\n".join(page(said, Ink(width=100, has_colour=True)))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == "\n".join(page(said, PLAIN))


def test_a_terminal_without_block_characters_gets_ascii() -> None:
    assert "\n".join(page(story().said(), PLAIN, is_unicode=False)).isascii()


def test_a_gap_of_a_second_shows_in_a_bar_of_a_day() -> None:
    """A part of the bar shows the gravest that happened in it."""
    log = Log().start(0).open(EVENTS, 0).poll(1, EVENTS).poll(40_000, EVENTS)
    log.gap(EVENTS, 40_000, 40_001, "lost").poll(86_400, EVENTS).stop(86_400)
    (stream,) = log.said().streams
    axis = axis_of([stream], 20)
    assert axis is not None
    cells = bar(stream.intervals, axis).line(PLAIN)
    assert (cells.count("X"), cells.count("█")) == (1, 19)
    assert percent(stream.coverage) == "99.9%"


def test_of_many_streams_those_with_something_missing_have_a_bar() -> None:
    log = Log().start(0)
    names = [f"stack_events {STACK[:-1]}{number}" for number in range(60)]
    for name in names:
        log.open(name, 0)
    log.poll(100, *names).gap(names[7], 100, 200, "lost").poll(300, *names).stop(300)
    said = log.said()
    text = "\n".join(page(said, PLAIN))
    assert "59 streams of which nothing is missing; --all shows them" in text
    assert len(list(page(said, PLAIN, shows_all=True))) > 60


def test_an_outage_of_streams_that_met_different_trouble_tells_each() -> None:
    log = Log().start(0).open(SERVICES, 0).open(TASKS, 0).poll(1, SERVICES, TASKS)
    log.gap(SERVICES, 5, 9, "unknown", "window", detail="The service was deleted.")
    log.gap(TASKS, 6, 9, "unknown", "window", detail="The cluster was deleted.").stop(10)
    text = " ".join(" ".join(page(log.said(), PLAIN)).split())
    assert "of services of backend, stopped_tasks of main. The service was deleted; The cluster was" in text


def test_the_least_number_of_what_is_missing_is_told_only_of_streams_that_miss_it() -> None:
    log = Log().start(0).open(SERVICES, 0).open(TASKS, 0).poll(1, SERVICES, TASKS)
    log.gap(SERVICES, 5, 9, "unknown", "window").gap(TASKS, 6, 9, "unknown", "window", lower_bound=3).stop(10)
    text = " ".join(" ".join(page(log.said(), PLAIN)).split())
    assert "something may be missing of services of backend." in text
    assert "at least 3 facts are missing of stopped_tasks of main." in text


def many_gaps() -> Log:
    """Return a recording of a service that overflowed its window a hundred times."""
    log = Log().start(0).open(SERVICES, 0).poll(1, SERVICES)
    for number in range(100):
        log.gap(SERVICES, 10 + number, 10.5 + number, "lost", "window", lower_bound=20)
    return log.stop(200)


def test_thousands_of_gaps_are_summed_up_for_a_terminal_and_none_is_dropped_unsaid() -> None:
    """What is told at the top must not scroll away; a pipe and --all have every gap."""
    said = many_gaps().said()
    printed = list(page(said, PLAIN))
    assert "LOST FOR EVER  100 gaps, at least 2,000 facts" in printed
    assert printed[-1] == "  80 more; --all shows them"
    assert " ".join(printed).count("facts are missing of services of backend") == 20
    whole = "\n".join(page(said, PLAIN, shows_all=True))
    assert whole.replace("\n    ", " ").count("facts are missing of services of backend") == 100
    assert "--all" not in whole


@pytest.mark.parametrize(
    ("width", "length_s", "head"),
    [
        (40, 60, "12:00    12:01"),
        (80, 60, "12:00:00                  12:01:00"),
        (80, 3 * 86_400, "01-15 12:00            01-18 12:00"),
    ],
)
def test_the_ends_of_the_bars_stay_apart_and_name_the_day_where_there_are_several(
    width: int, length_s: float, head: str
) -> None:
    log = Log().start(0).open(EVENTS, 0).poll(1, EVENTS).poll(length_s, EVENTS).stop(length_s)
    printed = [line.strip() for line in page(log.said(), Ink(width=width, has_colour=False))]
    assert head in printed


def test_a_stream_that_was_never_read_says_so_once() -> None:
    log = Log().start(0).open(EVENTS, 0).stop(10)
    (line,) = [line for line in lines(log.said()) if line.startswith("stream")]
    assert line.count("never read") == 1


def test_markdown_tells_of_the_clock_and_of_runs_that_were_killed() -> None:
    """A ticket must not call whole what the terminal qualifies."""
    log = Log().start(0).open(EVENTS, 0).poll(5, EVENTS).clock(60, 20).start(100).open(EVENTS, 100)
    text = "\n".join(markdown(log.poll(110, EVENTS).stop(120).said())).replace("`", "")
    assert "2 runs" in text
    assert "1 run ended without saying so" in text
    assert "The clock was set from 2026-01-15T12:01:00.000Z to 2026-01-15T12:00:20.000Z" in text


def test_a_pipe_gets_a_line_for_each_stream_and_each_gap() -> None:
    """So that grep and wc work: nothing is broken, however long it is."""
    said = story().said()
    printed = list(lines(said))
    assert sum(line.startswith("stream  ") for line in printed) == 4
    assert sum(line.startswith("gap     ") for line in printed) == 5
    assert [line.split("  ")[2] for line in printed if line.startswith("gap")].count("lost") <= 1


@pytest.mark.parametrize("hostile", EVIL)
def test_hostile_text_reaches_no_terminal_and_becomes_no_markup(hostile: str) -> None:
    log = Log().start(0).open(f"stack_events {hostile}", 0, hostile).poll(5, f"stack_events {hostile}")
    log.gap(f"stack_events {hostile}", 5, 9, "lost", hostile, detail=hostile).stop(10)
    said = log.said()
    for printed in (page(said, PLAIN), lines(said), markdown(said)):
        assert not unsafe_in("\n".join(printed).replace("█", "").replace("▒", ""))


def test_markdown_is_a_table_and_lists_in_which_nothing_of_awss_is_markup() -> None:
    log = Log().start(0).open(EVENTS, 0).poll(5, EVENTS)
    log.gap(EVENTS, 5, 9, "lost", detail="<b>x</b> | [y](https://z) `q` @all").poll(10, EVENTS).stop(10)
    text = "\n".join(markdown(log.said()))
    assert "| Stream | Seen |" in text
    assert "``<b>x</b> | [y](https://z) `q` @all``" in text


def test_nothing_watched_is_said_to_be_nothing() -> None:
    assert next(iter(lines(Log().said()))) == "no stream was watched"
    assert "never read" in "\n".join(lines(Log().start(0).open(EVENTS, 0).said()))
