"""`make soak` in small: it must not rot between the times when somebody runs it whole."""

from pathlib import Path

from bench.soak import Plan, Soak, lines


def test_a_short_soak_breaks_no_promise(tmp_path: Path) -> None:
    """Kills, restarts and trouble over real HTTP: whatever is missing lies in a gap that says so."""
    figures = Soak(Plan(seconds=4, targets=20, speed=60, seed=3), tmp_path).run()
    assert figures.verdict.startswith("intact")
    assert figures.kills + figures.stops > 0
    assert figures.calls > 0
    assert figures.records > 100
    assert figures.streams > 20
    assert any(line.startswith("memory") for line in lines(figures))
