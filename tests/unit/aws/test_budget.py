"""The token bucket: never more calls than allowed, fewer after a throttle, all of them again later."""

from hypothesis import given
from hypothesis import strategies as st

from forensics.aws.budget import Budget, BudgetOptions, Rate

OPERATION = "ecs:ListTasks"
OPTIONS = BudgetOptions(rates={"ecs": Rate(burst=5, per_s=2)}, otherwise=Rate(burst=1, per_s=1))


def take(budget: Budget, now_s: float, *, region: str = "r", operation: str = OPERATION) -> float | None:
    return budget.take(region, operation, now_s, longest_s=60)


def test_a_burst_is_free_and_then_calls_are_spaced() -> None:
    """Five at once, then one every half second."""
    budget = Budget(OPTIONS)
    assert [take(budget, 0) for _ in range(8)] == [0, 0, 0, 0, 0, 0.5, 1.0, 1.5]


def test_regions_and_operations_do_not_share() -> None:
    """AWS counts each by itself."""
    budget = Budget(OPTIONS)
    for _ in range(5):
        take(budget, 0)
    assert take(budget, 0, region="other") == 0
    assert take(budget, 0, operation="ecs:DescribeTasks") == 0
    assert take(budget, 0) == 0.5


def test_an_operation_may_have_a_rate_of_its_own() -> None:
    """Some operations are far more limited than their service."""
    options = BudgetOptions(rates={"ecs": Rate(burst=5, per_s=2), OPERATION: Rate(burst=1, per_s=1)})
    budget = Budget(options)
    assert [take(budget, 0) for _ in range(2)] == [0, 1]


def test_a_wait_that_is_too_long_reserves_nothing() -> None:
    """Whoever gives up must not push the others further back."""
    budget = Budget(OPTIONS)
    for _ in range(5):
        take(budget, 0)
    assert budget.take("r", OPERATION, 0, longest_s=0.4) is None
    assert take(budget, 0) == 0.5


def test_a_throttle_halves_and_success_restores() -> None:
    """Quickly down, slowly up, and never to nothing."""
    budget = Budget(OPTIONS)
    budget.throttled("r", OPERATION, 0)
    assert budget.rate("r", OPERATION, 0) == 1
    for _ in range(20):
        budget.throttled("r", OPERATION, 0)
    assert budget.rate("r", OPERATION, 0) == 2 / 16
    for _ in range(100):
        budget.succeeded("r", OPERATION, 0)
    assert budget.rate("r", OPERATION, 0) == 2


def test_a_throttle_takes_the_stored_calls_away() -> None:
    """A burst right after a throttle would be throttled again."""
    budget = Budget(OPTIONS)
    budget.throttled("r", OPERATION, 0)
    assert take(budget, 0) == 1


def test_a_clock_that_stands_or_jumps_back_gives_nothing() -> None:
    """Only time that went by earns calls."""
    budget = Budget(OPTIONS)
    for _ in range(5):
        take(budget, 100)
    assert take(budget, 50) == 0.5


def test_the_defaults_leave_most_of_the_account_to_others() -> None:
    """AWS documents 20 reads a second for ECS; we take a quarter."""
    budget = Budget()
    assert budget.rate("r", OPERATION, 0) <= 5
    assert budget.rate("r", "cloudformation:DescribeStackEvents", 0) <= 2
    assert budget.rate("r", "new:Operation", 0) <= 1


@given(gaps=st.lists(st.floats(0, 3), max_size=60), throttles=st.sets(st.integers(0, 60)))
def test_no_window_sees_more_calls_than_burst_and_rate_allow(gaps: list[float], throttles: set[int]) -> None:
    """The hard cap on our calls, whatever the pattern of asking."""
    budget, now_s, made = Budget(OPTIONS), 0.0, []
    for place, gap in enumerate(gaps):
        now_s += gap
        if place in throttles:
            budget.throttled("r", OPERATION, now_s)
        wait_s = take(budget, now_s)
        if wait_s is not None:
            made.append(now_s + wait_s)
    for begin in made:
        inside = [at for at in made if begin <= at < begin + 10]
        assert len(inside) <= 5 + 2 * 10 + 1
