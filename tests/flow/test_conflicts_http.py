"""An AWS that tells the same thing in two ways, over real HTTP, and what readers make of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from forensics.archive.reader import Archive
from forensics.archive.verify import verify
from forensics.model.conflict import told_otherwise
from forensics.model.record import Fact, Record
from forensics.serve.endpoint import Answer, Endpoint
from forensics.serve.history import History
from tests.flow.test_capture_http import Scene, log_in, scene
from tests.support.clock import ManualClock
from tests.support.commands import forensics
from tests.support.faults import FaultyPlayer
from tests.support.histories import facts, service, stack, task

CONFLICT = "forensics.conflict"
SECRET = "hunter2hunter2"
STARTED = "(service api) has started 1 tasks: (task 1)."

API = service("api", at=1).event("has started 1 tasks: (task 1).", at=2)
API.event("is unable to place a task.", at=90)
SHOP = stack("Shop").event("Api", "AWS::ECS::Service", "CREATE_IN_PROGRESS", at=2, physical=API.arn)
SHOP.event("Topic", "AWS::SNS::Topic", "CREATE_FAILED", at=3, reason="no such topic")
SHOP.event("Queue", "AWS::SQS::Queue", "CREATE_FAILED", at=91, reason="Resource creation cancelled")
SHOP.itself("ROLLBACK_IN_PROGRESS", at=92).itself("ROLLBACK_COMPLETE", at=95)
DEAD = task("api", at=40, reason="Essential container in task exited", exit_code=1)
TRUTH = facts(SHOP, API, DEAD)


def otherwise(truth: list[Fact], kind: str, field: str, old: str, new: str) -> list[Fact]:
    """Return a history in which one thing of a kind is told in another way, under the same key."""

    def told(fact: Fact) -> Fact:
        is_it = fact.type == kind and fact.data.get(field) == old
        return replace(fact, data={**fact.data, field: new}) if is_it else fact

    changed = [told(fact) for fact in truth]
    assert changed != truth
    return changed


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    log_in(tmp_path, "AKIAFIRST")


def conflicts(directory: Path) -> list[Record]:
    found = [record for record in Archive.open(directory).records() if record.type == CONFLICT]
    assert verify(directory).is_sound
    return [told for record in found if (told := told_otherwise(record)) is not None]


def recorded(tmp_path: Path, changed: list[Fact], *, restarts_at: float = 0.0) -> Scene:
    """Record a history that is told in another way after a minute; return where."""
    clock = ManualClock()
    endpoint = Endpoint(History.of(TRUTH), clock)
    with FaultyPlayer(endpoint) as player:
        play = Scene(tmp_path / "archive", player, clock)
        play.at(60, lambda: endpoint.play(History.of(changed)))
        if restarts_at:
            play.run_for(restarts_at)
        play.run_for(150 - restarts_at)
    return play


CASES = {
    "stack events": ("aws.cloudformation.stack_event", "ResourceStatusReason", "no such topic", "no topic"),
    "service events": ("aws.ecs.service_event", "message", STARTED, "(service api) has started 2."),
}


@pytest.mark.parametrize("restarts_at", [0.0, 70.0], ids=["in one run", "after a restart"])
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_an_event_that_is_told_in_another_way_later_is_kept_in_both(
    case: tuple[str, str, str, str], restarts_at: float, tmp_path: Path
) -> None:
    """It stands in the list beside new ones, so it is held against what was written; once is enough."""
    kind, field, old, new = case
    play = recorded(tmp_path, otherwise(TRUTH, *case), restarts_at=restarts_at)
    [told] = conflicts(play.directory)
    [first] = [
        r for r in Archive.open(play.directory).records() if (r.source, r.id) == (told.source, told.id)
    ]
    assert told.type == first.type == kind
    assert (first.payload()[field], told.payload()[field]) == (old, new)


class Twice(Endpoint):
    """An endpoint that tells each thing of a list twice in one answer, the second time in another way."""

    def __init__(self, clock: ManualClock, operation: str, change: Callable[[Any], None]) -> None:
        super().__init__(History.of(TRUTH), clock)
        self._operation, self._change = operation, change

    def answer(self, headers: Any, body: bytes) -> Answer:
        told = super().answer(headers, body)
        if headers.get("x-amz-target", "").rpartition(".")[2] != self._operation:
            return told
        values = orjson.loads(told.body)
        self._change(values)
        return Answer(status=told.status, headers=told.headers, body=orjson.dumps(values))


def test_a_task_that_one_answer_tells_in_two_ways_is_kept_in_both(tmp_path: Path) -> None:
    """The other order of its lists says nothing else, and is no third way."""

    def twice(values: Any) -> None:
        other = [{**task, "stoppedReason": "Task failed to start"} for task in values["tasks"]]
        same = [dict(reversed(task.items())) for task in values["tasks"]]
        values["tasks"] += [*other, *same]

    clock = ManualClock()
    with FaultyPlayer(Twice(clock, "DescribeTasks", twice)) as player:
        play = Scene(tmp_path / "archive", player, clock)
        play.run_for(400)
    [told] = conflicts(play.directory)
    assert told.payload()["stoppedReason"] == "Task failed to start"
    tasks = [r for r in Archive.open(play.directory).records() if r.type == "aws.ecs.task"]
    assert [(r.id, r.payload()["stoppedReason"]) for r in tasks] == [
        (told.id, "Essential container in task exited")
    ]


def test_an_aws_that_keeps_to_its_word_leaves_no_conflict(tmp_path: Path) -> None:
    with scene(tmp_path, TRUTH) as play:
        play.run_for(70)
        play.run_for(330)
    assert conflicts(play.directory) == []


def test_readers_count_it_once_and_say_so(tmp_path: Path) -> None:
    """Two accounts of one failure are no two failures."""
    kind, field, old, _ = CASES["stack events"]
    plain = recorded(tmp_path / "plain", TRUTH).directory
    archive = recorded(tmp_path / "other", otherwise(TRUTH, kind, field, old, f"password={SECRET}")).directory

    def said(where: Path, *command: str) -> str:
        done = forensics(*command[:1], where, *command[1:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    before, now = (json.loads(said(where, "explain", "-o", "json")) for where in (plain, archive))
    texts = [[item["title"] for item in found["findings"]] for found in (before, now)]
    assert texts[0] == texts[1]
    assert before["consequences"] == now["consequences"]
    assert now["coverage"]["complete"] == before["coverage"]["complete"]
    [note] = [note for note in now["coverage"]["notes"] if note not in before["coverage"]["notes"]]
    assert note.startswith("AWS told Shop Topic CREATE_FAILED in two ways: the first counts here")
    assert note in " ".join(said(archive, "explain").split())
    assert "in two ways: the first counts here" in said(archive, "explain", "-o", "markdown")
    assert "(AWS told this in another way before)" in " ".join(said(archive, "events").split())
    assert "Shop" in said(archive, "coverage")
    said(archive, "verify")
    bundle = tmp_path / "ticket.zip"
    said(archive, "bundle", "-O", str(bundle))
    assert note[:60] in " ".join(said(bundle, "explain").split())
    lines = said(bundle, "events", "--all", "-o", "jsonl")
    assert CONFLICT in lines
    assert SECRET not in lines
    saved = tmp_path / "saved.jsonl"
    saved.write_text(said(archive, "events", "--all", "-o", "jsonl"))
    assert "in two ways" in said(saved, "explain")
