"""What the AWS CLI prints, saved to files and read in place of an archive."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from forensics.archive.reader import Archive
from forensics.aws.budget import Budget, BudgetOptions, Rate
from forensics.aws.client import Client, ClientOptions
from forensics.capture.past import Past
from forensics.cli.opening import opened
from forensics.demo import incident, scene
from forensics.demo.incident import INCIDENT_ENDS_AT
from forensics.demo.services import TRIPPED_AT
from forensics.model.identity import parse_stream
from forensics.model.record import Fact
from forensics.serve.endpoint import EndpointOptions
from forensics.sources.base import Batch, Source
from forensics.sources.catalog import CATALOG
from forensics.sources.services import Services
from forensics.sources.stack_events import StackEvents
from forensics.sources.stopped_tasks import StoppedTasks
from tests.support.archives import abandon, open_writer
from tests.support.clients import Served, aws, served
from tests.support.clock import ManualClock
from tests.support.commands import FORENSICS, environment, forensics
from tests.support.histories import START

_HISTORY = incident.facts()
_KEY = incident.SECOND_KEY
_TRIPPED_S = (TRIPPED_AT - START).total_seconds() + 60
_END_S = (INCIDENT_ENDS_AT - START).total_seconds()


class Saved(NamedTuple):
    """What a person saved, and what a recorder would have kept at the same moments."""

    files: dict[str, Path]
    polled: dict[str, tuple[Fact, ...]]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """Files that a person saved while and after the demo's deployment failed, by what they hold."""
    folder = tmp_path_factory.mktemp("saved")
    with served(EndpointOptions(keys=incident.keys())) as own, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", _KEY)
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        found = Saved({}, {})
        _save(found, own, folder)
        yield found


def _save(found: Saved, own: Served, folder: Path) -> None:
    budget = Budget(BudgetOptions(rates={}, otherwise=Rate(burst=1000, per_s=1000)))
    door = Client(ClientOptions(region="us-east-1", endpoint_url=own.url), ManualClock(), budget)

    def save(name: str, *arguments: str) -> Any:
        done = aws(own.url, *arguments, home=folder, key=_KEY)
        assert done.stderr == ""
        found.files[name] = folder / f"{name}.json"
        found.files[name].write_text(done.stdout)
        return json.loads(done.stdout)

    def poll(name: str, source: Source, target: str) -> None:
        (batch,) = source.fetch(door, [target], {}, now=INCIDENT_ENDS_AT, polled_at={}, wanted_since={})
        assert isinstance(batch, Batch)
        found.polled[name] = batch.facts

    own.play(_HISTORY, at=_END_S)
    stack, cluster = ("--stack-name", incident.STACK_ARN), ("--cluster", scene.CLUSTER_NAME)
    save("events", "cloudformation", "describe-stack-events", *stack)
    save("stacks", "cloudformation", "describe-stacks", *stack)
    poll("events", StackEvents(), incident.STACK_ARN)
    own.play(_HISTORY, at=_TRIPPED_S)
    answer = save("services", "ecs", "describe-services", *cluster, "--services", scene.BACKEND_NAME)
    service = answer["services"][0]
    poll("services", Services(), service["serviceArn"])
    done = aws(own.url, "ecs", "list-tasks", *cluster, "--desired-status", "STOPPED", home=folder, key=_KEY)
    save("tasks", "ecs", "describe-tasks", *cluster, "--tasks", *json.loads(done.stdout)["taskArns"])
    poll("tasks", StoppedTasks(), service["clusterArn"])


def _explained(*inputs: Path, cwd: Path) -> Any:
    process = forensics("explain", *inputs, "-o", "json", cwd=cwd)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_saved_answers_lead_to_the_cause_as_a_recording_does(saved: Saved, tmp_path: Path) -> None:
    """Four commands typed during the outage are enough: nobody had started a recorder."""
    answer = _explained(*saved.files.values(), cwd=tmp_path)
    first = answer["findings"][0]
    assert (answer["outcome"], first["rule"], first["count"]) == ("failed", "ecs-secret-unreadable", 53)
    assert answer["coverage"]["complete"] is False
    assert answer["coverage"]["notes"][0].startswith("read from saved output, not from a recording")


@pytest.mark.parametrize("name", ["events", "services", "tasks"])
def test_facts_are_those_of_a_recording(name: str, saved: Saved) -> None:
    """Whoever adds saved output to a recording must not get each fact twice."""
    polled = {(fact.type, fact.source, fact.id): fact for fact in saved.polled[name]}
    records = opened([saved.files[name]]).records()
    found = [item for item in records if item.type.startswith("aws.")]
    assert len(found) > 5
    for item in found:
        fact = polled.get((item.type, item.source, item.id))
        if fact is None:
            # A poll leaves out what happened before the last operation began.
            assert item.type == "aws.cloudformation.stack_event"
            continue
        assert item.payload() == fact.data
        assert item.subject == fact.subject
        assert item.time == (fact.time or item.time)
    kinds = ("aws.ecs.service_deployment", "aws.ecs.task_definition", "aws.cloudformation.stack_description")
    assert {key for key in polled if key[0] not in kinds} <= {
        (item.type, item.source, item.id) for item in found
    }


def test_a_described_stack_has_the_key_of_a_recording(saved: Saved) -> None:
    """CloudFormation's numbers and truth values are texts on the wire; a digest tells the difference."""
    described = [fact for fact in saved.polled["events"] if fact.type.endswith("stack_description")]
    (item, _origin) = opened([saved.files["stacks"]]).records()
    assert (item.id, item.payload()) == (described[0].id, described[0].data)


def test_records_are_numbered_from_one_in_the_order_of_time(saved: Saved) -> None:
    """AWS lists the newest event first, a person reads them the other way round."""
    records = list(opened(list(saved.files.values())).records())
    assert [item.seq for item in records] == list(range(1, len(records) + 1))
    times = [item.time for item in records if item.time]
    assert times == sorted(times)


def test_an_import_explains_as_its_files_do(saved: Saved, tmp_path: Path) -> None:
    """What was saved is handed on as an archive: whoever gets it must read the same."""
    files = list(saved.files.values())
    made = forensics("import", *files, "--archive", tmp_path / "made", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("imported  ")
    assert _explained(tmp_path / "made", cwd=tmp_path) == _explained(*files, cwd=tmp_path)
    assert forensics("verify", tmp_path / "made", cwd=tmp_path).returncode == 0
    again = forensics("import", *files, "--archive", tmp_path / "made", cwd=tmp_path)
    assert again.stdout.startswith("imported  nothing: ")


def test_coverage_says_of_saved_output_that_nothing_was_watched(saved: Saved, tmp_path: Path) -> None:
    """An empty table of streams would look like a recording that saw everything."""
    process = forensics("coverage", *saved.files.values(), "--fail-on", "missing", cwd=tmp_path)
    assert process.returncode == 1
    assert process.stdout.splitlines()[:2] == [
        "no stream was watched",
        "read from saved output, not from a recording: nothing tells what was not saved",
    ]


def test_an_import_into_a_recording_adds_what_it_lacks_and_claims_no_poll(
    saved: Saved, tmp_path: Path
) -> None:
    """A recorder that began late, and somebody who had saved the beginning."""
    later = sorted(saved.polled["events"], key=lambda fact: fact.time or "")[100:]
    stream = f"stack_events {incident.STACK_ARN}"
    opening = Fact(
        type="forensics.stream",
        source=incident.STACK_ARN,
        id="stream-1",
        data={"number": 1, "stream": stream, "opened_because": "wanted"},
    )
    writer = open_writer(tmp_path / "a")
    writer.append([opening, *later], poll="1")
    abandon(writer)
    made = forensics("import", saved.files["events"], "--archive", tmp_path / "a", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    keys = [(record.source, record.id) for record in Archive.open(tmp_path / "a").records()]
    assert len(keys) == len(set(keys))
    assert {fact.id for fact in saved.polled["events"] if fact.type.endswith("stack_event")} <= {
        key for _, key in keys
    }
    continued = open_writer(tmp_path / "a")
    position = Past(continued, CATALOG).position(parse_stream(stream))
    continued.close()
    assert position is not None
    assert position["recent"][-1] == later[-1].id
    assert continued.state.streams[stream].polled_at is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("hello", "is neither JSON nor YAML"),
        ("{not json", "has the beginning of JSON and is none"),
        ('{"clusters": []}', "holds nothing that AWS answers"),
        ("services:\n  web:\n    image: nginx\n", "holds nothing that AWS answers"),
        ("[" * 100_000, "is nested too deeply"),
    ],
    ids=["empty", "words", "broken", "another answer", "compose file", "nested"],
)
def test_what_is_no_answer_is_said_in_a_sentence_and_nothing_is_written(
    content: str, says: str, saved: Saved, tmp_path: Path
) -> None:
    """One bad file among good ones: half an import would look like a whole one."""
    (tmp_path / "bad").write_text(content)
    is_other = says.startswith("holds")
    files = [tmp_path / "bad"] if is_other else [saved.files["tasks"], tmp_path / "bad"]
    for command in (["explain", *files], ["import", *files, "--archive", tmp_path / "made"]):
        process = forensics(*command, cwd=tmp_path)
        assert process.returncode == 3
        assert process.stdout == ""
        assert says in process.stderr
        assert "hint: " in process.stderr
        assert "Traceback" not in process.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["explain", "archive", "file"], 2),
        (["events", "-f", "file"], 2),
        (["import", "archive", "--archive", "made"], 2),
        (["import", "file"], 2),
        (["import", "file", "--archive", "file"], 3),
        (["explain", "file", "absent"], 3),
    ],
    ids=["archive and file", "follow", "import an archive", "no archive", "onto a file", "absent"],
)
def test_what_does_not_fit_is_refused(arguments: list[str], code: int, saved: Saved, tmp_path: Path) -> None:
    open_writer(tmp_path / "archive").close()
    (tmp_path / "file").write_bytes(saved.files["tasks"].read_bytes())
    process = forensics(*arguments, cwd=tmp_path)
    assert process.returncode == code
    assert process.stdout == ""
    assert "hint: " in process.stderr
    assert sorted(item.name for item in tmp_path.iterdir()) == ["archive", "file"]


def test_standard_input_is_read_in_place_of_a_file(saved: Saved, tmp_path: Path) -> None:
    """`aws … | forensics explain -` is what one types first."""
    with saved.files["tasks"].open() as file:
        shown = subprocess.run(
            [*FORENSICS, "explain", "-", "-o", "json"],
            stdin=file, capture_output=True, cwd=tmp_path, env=environment(tmp_path), check=True,
        )  # fmt: skip
    assert json.loads(shown.stdout)["findings"][0]["rule"] == "ecs-secret-unreadable"
