"""`forensics run` around a command that ends before anything was polled."""

from pathlib import Path

import pytest

from forensics.archive.verify import verify
from forensics.model.record import Record
from tests.flow.shop import played, quick, records
from tests.support.commands import forensics


def ran(tmp_path: Path, *given: str) -> list[Record]:
    """Run a command that ends at once, without a settle time; return what the archive has then."""
    with played() as (player, _):
        ended = forensics(
            "run", *given, "--settle", "0s", "--settings", quick(tmp_path), "--", "true",
            cwd=tmp_path, url=player.url,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert verify(tmp_path / "forensics-archive").verdict == "intact"
    return records(tmp_path / "forensics-archive")


def test_the_stacks_state_is_in_the_archive_all_the_same(tmp_path: Path) -> None:
    """A deploy tool that refuses at once is over in a second; how the stack stood then is what to know."""
    kept = ran(tmp_path, "--stack", "shop")
    types = {record.type for record in kept}
    assert {"aws.cloudformation.stack", "aws.cloudformation.stack_event", "aws.ecs.service"} <= types
    reasons = [str(record.payload().get("ResourceStatusReason")) for record in kept]
    assert any("failed to create: [Api]" in reason for reason in reasons)


@pytest.mark.parametrize(
    "given", [("--service", "main/api"), ("--cluster", "main")], ids=["service", "cluster"]
)
def test_what_a_name_means_is_looked_up_before_the_end(tmp_path: Path, given: tuple[str, str]) -> None:
    """Names of ECS need a look that takes an answer of its own."""
    assert "forensics.coverage" in {record.type for record in ran(tmp_path, *given)}
    kept = records(tmp_path / "forensics-archive", "forensics.stream")
    assert any(record.payload()["stream"].startswith("stopped_tasks ") for record in kept)
