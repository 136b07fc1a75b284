"""What is due when."""

from hypothesis import given
from hypothesis import strategies as st

from forensics.capture.schedule import Schedule


def test_what_is_due_first_comes_first() -> None:
    """The order of polls follows the clock, not the order of planning."""
    schedule: Schedule[str] = Schedule()
    schedule.put("late", 3.0)
    schedule.put("early", 1.0)
    schedule.put("future", 9.0)
    assert schedule.take_due(5.0) == ["early", "late"]
    assert schedule.next_s() == 9.0


def test_a_new_time_replaces_the_old_one() -> None:
    """A stream that was woken must not be polled a second time at its old moment."""
    schedule: Schedule[str] = Schedule()
    schedule.put("stack", 60.0)
    schedule.put("stack", 1.0)
    assert schedule.take_due(100.0) == ["stack"]
    assert len(schedule) == 0


def test_pull_never_delays() -> None:
    """Waking a stream that is about to be polled changes nothing."""
    schedule: Schedule[str] = Schedule()
    schedule.put("stack", 1.0)
    schedule.pull("stack", 5.0)
    assert schedule.due_s("stack") == 1.0
    schedule.pull("stack", 0.5)
    assert schedule.due_s("stack") == 0.5


def test_a_dropped_key_does_not_come_back() -> None:
    """A stack that ended is not polled any more."""
    schedule: Schedule[str] = Schedule()
    schedule.put("stack", 1.0)
    schedule.drop("stack")
    schedule.drop("unknown")
    assert schedule.take_due(9.0) == []
    assert schedule.next_s() is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["put", "pull", "drop", "take"]), st.sampled_from("abc"), st.floats(0, 100))
    )
)
def test_the_schedule_agrees_with_a_plain_dict(steps: list[tuple[str, str, float]]) -> None:
    """The heap is only a faster way to ask the dict for its smallest value."""
    schedule: Schedule[str] = Schedule()
    model: dict[str, float] = {}
    for step, key, at_s in steps:
        if step == "put":
            schedule.put(key, at_s)
            model[key] = at_s
        elif step == "pull":
            schedule.pull(key, at_s)
            model[key] = min(at_s, model.get(key, float("inf")))
        elif step == "drop":
            schedule.drop(key)
            model.pop(key, None)
        else:
            due = {name for name, due_s in model.items() if due_s <= at_s}
            assert set(schedule.take_due(at_s)) == due
            model = {name: due_s for name, due_s in model.items() if name not in due}
        assert schedule.next_s() == min(model.values(), default=None)
        assert len(schedule) == len(model)
