"""`forensics iam-policy`: whoever pastes what it prints gets a policy that IAM takes, and no more."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto import mock_aws

from forensics.capture.discovery import OPERATIONS as DISCOVERY
from forensics.sources.catalog import CATALOG
from tests.support.commands import REPOSITORY, forensics
from tests.support.hcl import Reference, read_hcl

READING = ("Describe", "List", "Get")
SUBSETS = [(), ("stacks", "stack_events"), ("services",), ("stopped_tasks",)]


def printed(tmp_path: Path, *flags: str, **environment: str) -> str:
    ended = forensics("iam-policy", *flags, cwd=tmp_path, **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def policy(tmp_path: Path, sources: tuple[str, ...] = (), *flags: str) -> dict[str, Any]:
    return json.loads(printed(tmp_path, *(f"--sources={name}" for name in sources), *flags))


def allowed(document: dict[str, Any]) -> dict[str, list[str]]:
    """Return the actions of each statement by its Sid."""
    return {statement["Sid"]: statement["Action"] for statement in document["Statement"]}


def test_everything_that_is_asked_is_allowed_once_and_nothing_else(tmp_path: Path) -> None:
    """Only sts:GetCallerIdentity is left out: AWS refuses it to nobody."""
    listed = [action for actions in allowed(policy(tmp_path)).values() for action in actions]
    asked = {action for source in CATALOG for action in (*source.operations, *source.optional_operations)}
    assert sorted(listed) == sorted({*asked, *DISCOVERY})
    assert all(action.partition(":")[2].startswith(READING) for action in listed)


def test_what_is_needed_and_what_is_optional_are_two_statements(tmp_path: Path) -> None:
    """A strict reader drops the second one and still records."""
    found = allowed(policy(tmp_path))
    assert list(found) == ["DeployForensicsNeeds", "DeployForensicsUsesWhereAllowed"]
    required = {action for source in CATALOG for action in source.operations}
    assert required <= set(found["DeployForensicsNeeds"])
    assert "ecs:DescribeTaskDefinition" in found["DeployForensicsUsesWhereAllowed"]


def test_a_source_alone_needs_no_other_service(tmp_path: Path) -> None:
    listed = [
        action for actions in allowed(policy(tmp_path, ("stack_events",))).values() for action in actions
    ]
    assert {action.partition(":")[0] for action in listed} == {"cloudformation"}


def test_a_statement_without_actions_is_left_out(tmp_path: Path) -> None:
    """IAM refuses an empty list."""
    assert list(allowed(policy(tmp_path, ("stopped_tasks",)))) == ["DeployForensicsNeeds"]


@pytest.mark.parametrize("sources", SUBSETS, ids="+".join)
def test_the_three_formats_say_the_same(sources: tuple[str, ...], tmp_path: Path) -> None:
    flags = ["--sources", ",".join(sources)] if sources else []
    as_json = json.loads(printed(tmp_path, *flags))
    template = yaml.safe_load(printed(tmp_path, *flags, "-o", "cloudformation"))
    (resource,) = template["Resources"].values()
    assert resource["Type"] == "AWS::IAM::ManagedPolicy"
    assert resource["Properties"]["PolicyDocument"] == as_json

    data, policy = read_hcl(printed(tmp_path, *flags, "-o", "terraform"))
    assert (data.type, *data.labels) == ("data", "aws_iam_policy_document", "forensics")
    assert (policy.type, *policy.labels) == ("resource", "aws_iam_policy", "forensics")
    assert policy.attributes["policy"] == Reference("data.aws_iam_policy_document.forensics.json")
    assert [block.attributes for block in data.blocks] == [
        {
            "sid": statement["Sid"],
            "effect": statement["Effect"],
            "actions": statement["Action"],
            "resources": [statement["Resource"]],
        }
        for statement in as_json["Statement"]
    ]


@pytest.mark.parametrize("sources", SUBSETS, ids="+".join)
def test_iam_takes_the_policy(
    sources: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The grammar as moto checks it: Sids, the version, lists that must not be empty."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    document = printed(tmp_path, *(["--sources", ",".join(sources)] if sources else []))
    with mock_aws():
        iam = boto3.client("iam", region_name="us-east-1")
        created = iam.create_policy(PolicyName="pasted", PolicyDocument=document)["Policy"]
        version = iam.get_policy_version(PolicyArn=created["Arn"], VersionId=created["DefaultVersionId"])
    assert version["PolicyVersion"]["Document"] == json.loads(document)


def test_the_file_in_config_is_what_is_printed(tmp_path: Path) -> None:
    assert (REPOSITORY / "config/iam-policy.json").read_text() == printed(tmp_path)


def test_a_source_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    ended = forensics("iam-policy", "--sources", "stacks,stak_events", cwd=tmp_path)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "'stak_events' is not a source" in ended.stderr
    assert "did you mean stack_events?" in ended.stderr
    assert "stopped_tasks" in ended.stderr


def test_the_flag_can_come_from_a_variable(tmp_path: Path) -> None:
    """A variable's name holds no dash, as the command's does."""
    text = printed(tmp_path, FORENSICS_IAM_POLICY_SOURCES="stopped_tasks")
    assert list(allowed(json.loads(text))) == ["DeployForensicsNeeds"]


def test_nothing_of_aws_is_loaded() -> None:
    """The policy is needed before there are credentials, and nobody wants to wait for an SDK."""
    script = "import sys, forensics.cli.iam_policy\nprint([m for m in sys.modules if m.startswith('boto')])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert said.stdout == "[]\n"
