"""What stays and what is hidden in records."""

import json

import pytest

from forensics.errors import UsageError
from forensics.model.conflict import told_otherwise
from forensics.model.record import Record
from tests.support.histories import ACCOUNT
from tests.support.redaction import (
    SERVICE,
    STACK,
    TASK,
    line,
    reason,
    record,
    redactor,
    stack_event,
    task,
    told,
)


def test_fields_that_say_nothing_stay() -> None:
    shown = told(stack_event(ResourceStatusReason="Resource creation cancelled"))
    assert shown["ResourceType"] == "AWS::RDS::DBInstance"
    assert shown["ResourceStatus"] == "CREATE_FAILED"
    assert shown["Timestamp"] == "2026-01-15T02:16:07.000Z"
    assert shown["ResourceStatusReason"] == "Resource creation cancelled"
    assert (shown["LogicalResourceId"], shown["StackName"]) == ("Database", "Shop")


def test_the_account_is_nowhere_and_its_arns_are_still_arns() -> None:
    shown = redactor().record(
        task(taskDefinitionArn=f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/api:7")
    )
    assert ACCOUNT not in line(shown)
    assert shown is not None
    assert shown.payload()["taskArn"].startswith("arn:aws:ecs:us-east-1:9999")
    assert shown.payload()["taskArn"].endswith(TASK.rpartition(":")[2])
    assert shown.payload()["taskDefinitionArn"].endswith(":task-definition/api:7")


@pytest.mark.parametrize(
    "name",
    ["SC-123456789012-pp-shop", "assets-123456789012-eu-west-1", "x123456789012", "Api123456789012Role"],
)
def test_the_account_is_nowhere_though_it_is_a_part_of_a_name(name: str) -> None:
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:stack/{name}/11111111-1111-1111-1111-111111111111"
    made = redactor()
    shown = line(
        made.record(
            stack_event(
                StackName=name,
                StackId=arn,
                LogicalResourceId=name,
                ResourceStatusReason=f"stack {name} is gone",
            )
        )
    )
    assert "123456789012" not in shown
    assert shown.count(made.text(name)) == 4


def test_every_leaf_of_properties_is_hidden_unless_it_is_harmless() -> None:
    properties = {
        "MasterUserPassword": "sunshine",
        "DBName": "ledger",
        "Port": "5432",
        "MultiAZ": "true",
        "Nested": [{"Key": "Owner", "Value": "alice"}],
    }
    shown = told(stack_event(ResourceProperties=json.dumps(properties)))["ResourceProperties"]
    inside = json.loads(shown)
    assert inside["Port"] == "5432"
    assert inside["MultiAZ"] == "true"
    assert list(inside) == list(properties)
    for value in ("sunshine", "ledger", "alice", "Owner"):
        assert value not in shown


def test_an_unknown_field_is_dropped_and_listed() -> None:
    made = redactor()
    shown = made.record(stack_event(NewThing={"Secret": "hunter2"}, hunter3="x"))
    assert "hunter" not in line(shown)
    assert made.summary()["dropped_fields"] == {
        "aws.cloudformation.stack_event": {"(unnamed)": 1, "NewThing": 1}
    }


def test_an_unknown_kind_of_record_is_left_out_and_counted() -> None:
    made = redactor()
    assert made.record(record("aws.lambda.invocation", "arn:aws:lambda:x", {"a": 1})) is None
    assert made.summary()["left_out_records"] == {"aws.lambda.invocation": 1}


def test_bytes_that_could_not_be_read_are_dropped() -> None:
    body = {"stream": f"services {SERVICE}", "operation": "DescribeServices", "body_base64": "aHVudGVyMg=="}
    assert "aHVudGVyMg" not in line(redactor().record(record("forensics.undecodable", SERVICE, body)))


def test_the_same_value_has_the_same_name_in_every_field() -> None:
    made = redactor()
    text = json.dumps({"BucketName": "acme-ledger"})
    shown = made.record(
        stack_event(
            PhysicalResourceId="acme-ledger",
            ResourceProperties=text,
            ResourceStatusReason="acme-ledger already exists",
        )
    )
    assert shown is not None
    payload = shown.payload()
    name = payload["PhysicalResourceId"]
    assert json.loads(payload["ResourceProperties"])["BucketName"] == name
    assert payload["ResourceStatusReason"] == f"{name} already exists"


def test_strict_hides_the_names_of_stacks_services_and_resources() -> None:
    shown = line(redactor("strict").record(stack_event(ResourceStatusReason="Resource creation cancelled")))
    assert "Shop" not in shown
    assert '"Database' not in shown
    assert "Resource creation cancelled" in shown
    assert "AWS::RDS::DBInstance" in shown


def test_strict_lets_awss_error_codes_stand_where_aws_gives_them() -> None:
    """A rule rests on them; elsewhere a name of several words may be somebody's."""
    text = "Refused (Service: Elb; Error Code: TrustStoreCertificateWrong)"
    assert reason(text, "strict") == text
    assert "TrustStoreCertificateWrong" not in reason("Refused TrustStoreCertificateWrong", "strict")
    assert "Falcon" not in reason("Refused (Service: Elb; Error Code: FalconTunnel)", "strict")
    own = stack_event(LogicalResourceId="DatabaseTable", ResourceStatusReason="Error Code: DatabaseTable")
    assert "DatabaseTable" not in line(redactor("strict").record(own))


def test_strict_lets_the_names_of_awss_own_roles_stand() -> None:
    """What a service-linked role is called says whose it is: AWS's."""
    name = "AWSServiceRoleForEC2SpotFleetServiceLinkedRole"
    assert told(stack_event(LogicalResourceId=name), "strict")["LogicalResourceId"] == name
    other = told(stack_event(LogicalResourceId="AWSServiceRoleForFalcon"), "strict")["LogicalResourceId"]
    assert other.startswith("anon")


def test_off_hides_nothing() -> None:
    given = stack_event(ResourceStatusReason="password is hunter2")
    made = redactor("off")
    assert made.record(given) == given
    assert made.text("hunter2") == "hunter2"
    assert made.policy_id == "off"


def test_a_policy_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no policy 'lax': use standard, strict, off"):
        redactor("lax")


@pytest.mark.parametrize(
    "form", ["Acme Rockets", "ACME ROCKETS", "Acme%20Rockets", "QWNtZSBSb2NrZXRz", "Acme+Rockets"]
)
def test_a_literal_is_hidden_in_every_spelling(form: str) -> None:
    shown = reason(f"Access denied for {form} now", literals=["Acme Rockets"])
    assert form.casefold() not in shown.casefold()
    assert shown.startswith("Access denied for anon")


def test_a_nested_stacks_arn_reads_alike_in_its_field_and_in_the_reason() -> None:
    nested = STACK.replace("/Shop/", "/Shop-Api4F1C2A9E-1K7QZ0M3VX5TB/")
    shown = told(
        stack_event(
            PhysicalResourceId=nested,
            ResourceStatusReason=f"Embedded stack {nested} was not successfully created",
        )
    )
    assert shown["ResourceStatusReason"] == (
        f"Embedded stack {shown['PhysicalResourceId']} was not successfully created"
    )


def test_a_value_is_not_looked_for_inside_words() -> None:
    shown = told(
        stack_event(PhysicalResourceId="main", ResourceStatusReason="The domain main is in use by domains")
    )
    assert shown["ResourceStatusReason"] == f"The domain {shown['PhysicalResourceId']} is in use by domains"


@pytest.mark.parametrize("name", ["CourtCaseVPC2E9B8A40", "BackendServiceLB6C2D94F8", "S3Bucket07682993"])
def test_logical_ids_that_a_tool_made_stay(name: str) -> None:
    assert told(stack_event(LogicalResourceId=name))["LogicalResourceId"] == name


def test_a_path_is_hidden_however_plain_its_words_are() -> None:
    assert "/backup/archive" not in reason("cannot read /backup/archive of the volume")


@pytest.mark.parametrize(
    "text", ["pull postgres://app:sunshine@db/x failed", "app:sunshine@db", "a b:sunshine"]
)
def test_what_is_no_image_is_hidden_where_an_image_belongs(text: str) -> None:
    assert "sunshine" not in line(redactor().record(task(containers=[{"name": "api", "image": text}])))


@pytest.mark.parametrize(
    "image",
    ["nginx", "nginx:1.27", "ghcr.io/acme/api:v1.2", "localhost:5000/a/b:c", f"a/b:1@sha256:{'ab' * 32}"],
)
def test_public_images_stay(image: str) -> None:
    assert told(task(containers=[{"name": "api", "image": image}]))["containers"][0]["image"] == image


def conflict(held: object) -> Record:
    """Return a conflict as an archive holds it."""
    return record("forensics.conflict", STACK, held, id="0b6f4e3a-31de-5d51-a659-fe7b331ccd8b@0123456789ab")


def test_what_was_told_in_another_way_is_redacted_as_if_it_stood_by_itself() -> None:
    """The other account of a failure may hold the password that the first one does not."""
    plain = stack_event(ResourceStatusReason="password=hunter2hunter2 is wrong", Invented="x")
    held = {"type": plain.type, "id": plain.id, "subject": "Database", "data": plain.payload()}
    redacting = redactor()
    redacting.learn(conflict(held))
    shown = redacting.record(conflict(held))
    assert shown is not None
    assert shown.type == "forensics.conflict"
    inner = told_otherwise(shown)
    assert inner is not None
    assert inner.payload() == told(plain)
    assert inner.subject == "Database"
    assert shown.id.startswith(f"{inner.id}@")
    assert "hunter2" not in line(shown)
    hidden = redactor(literals=["Database"]).record(conflict(held))
    assert "Database" not in line(hidden)


@pytest.mark.parametrize(
    "held",
    [None, [], {}, {"type": "aws.invented", "id": "1", "data": {"x": "hunter2"}},
     {"type": "forensics.conflict", "id": "1", "data": {"type": "aws.ecs.task"}}],
)  # fmt: skip
def test_a_conflict_over_what_is_not_known_is_left_out(held: object) -> None:
    redacting = redactor()
    redacting.learn(conflict(held))
    assert redacting.record(conflict(held)) is None
    assert redacting.summary()["left_out_records"] == {"forensics.conflict": 1}
