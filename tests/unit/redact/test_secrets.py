"""Secrets that are hidden before they are written: they are gone, everything else is as AWS sent it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.demo import incident
from forensics.model.record import UNDECODABLE, Fact
from forensics.redact.secrets import FAILED, HIDDEN, without_secrets
from tests.support.redaction import CLUSTER, STACK, TASK


def _event(**fields: Any) -> Fact:
    return Fact(type="aws.cloudformation.stack_event", source=STACK, id="e1", subject="Db", data=fields)


def test_a_secret_is_gone_and_identifiers_stay() -> None:
    properties = {
        "MasterUserPassword": "sunshine",
        "DBName": "ledger",
        "SecretArn": "arn:aws:secretsmanager:x:1:secret:a",
    }
    given_fact = _event(
        StackId=STACK,
        ClientRequestToken="a0d80759-3233-5a56-a08b-6fa6e16d7dcc",
        ResourceProperties=json.dumps(properties),
        ResourceStatusReason="User arn:aws:iam::123456789012:user/alice: password is sunshine",
    )
    shown = without_secrets(given_fact)
    assert json.loads(shown.data["ResourceProperties"]) == {**properties, "MasterUserPassword": HIDDEN}
    assert (
        shown.data["ResourceStatusReason"]
        == f"User arn:aws:iam::123456789012:user/alice: password is {HIDDEN}"
    )
    assert shown.data["ClientRequestToken"] == given_fact.data["ClientRequestToken"]
    assert (shown.source, shown.id, shown.subject) == (given_fact.source, given_fact.id, given_fact.subject)


def test_what_only_sounds_like_a_secret_stays() -> None:
    """What is hidden here is gone for good."""
    properties = {
        "PrivateIpAddress": "10.0.0.7",
        "PrivateDnsName": "db.internal",
        "AuthorizationType": "AWS_IAM",
        "SecretName": "prod/db",
        "SessionName": "deploy",
    }
    fact = _event(ResourceProperties=json.dumps(properties))
    shown = json.loads(without_secrets(fact).data["ResourceProperties"])
    assert shown == properties


def test_the_environment_of_a_task_keeps_its_names() -> None:
    environment = [{"name": "DB_PASSWORD", "value": "sunshine"}, {"name": "MODE", "value": "fast"}]
    overrides = {
        "containerOverrides": [{"name": "api", "environment": environment, "command": ["--token", "x"]}]
    }
    fact = Fact(
        type="aws.ecs.task", source=CLUSTER, id=f"{TASK}@1", data={"taskArn": TASK, "overrides": overrides}
    )
    (shown,) = without_secrets(fact).data["overrides"]["containerOverrides"]
    assert shown["environment"] == [{"name": "DB_PASSWORD", "value": HIDDEN}, environment[1]]
    assert shown["name"] == "api"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgres://app:hunter2@db/x is down", "hunter2"),
        ("GET https://b.s3.amazonaws.com/k?X-Amz-Signature=ab12cd34&x=1", "ab12cd34"),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("saw wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY once", "wJalrXUtnFEMI"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----", "abc"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_ghi", "eyJzdWIiOiIxIn0"),
        ("Encoded authorization failure message: kVb3_abc", "kVb3"),
    ],
)
def test_a_secret_in_a_text_is_gone(text: str, secret: str) -> None:
    shown = without_secrets(_event(ResourceStatusReason=text)).data["ResourceStatusReason"]
    assert secret not in shown
    assert HIDDEN in shown


def test_an_incident_without_secrets_is_recorded_word_for_word() -> None:
    for fact in incident.facts():
        assert without_secrets(fact) is fact


def test_what_nobody_can_read_is_not_kept() -> None:
    body = {
        "stream": "services x",
        "body_base64": "aHVudGVyMg==",
        "body_bytes": 7,
        "is_cut": False,
        "reason": "no JSON",
    }
    shown = without_secrets(Fact(type=UNDECODABLE, source=CLUSTER, id="u", data=body))
    assert shown.data == {**body, "body_base64": "", "is_cut": True}


def test_hiding_twice_changes_nothing_more() -> None:
    once = without_secrets(
        _event(
            ResourceStatusReason="password is sunshine, token=abc",
            Parameters=[{"ParameterKey": "ApiKey", "ParameterValue": "x"}],
        )
    )
    assert without_secrets(once) == once


def test_a_payload_in_which_a_step_fails_is_not_written() -> None:
    class Odd(str):
        def __getitem__(self, place: Any) -> str:
            raise RuntimeError("sunshine")

    shown = without_secrets(_event(ResourceProperties=Odd("x")))
    assert shown.data == {"redaction": FAILED}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["ResourceProperties", "ResourceStatusReason", "Parameters", "Odd"]), _JSON
    )
)
def test_whatever_is_sent_stays_json_and_nothing_fails(payload: dict[str, Any]) -> None:
    shown = without_secrets(_event(**payload))
    assert msgspec.json.decode(msgspec.json.encode(shown.data)) is not None
    assert shown.data.get("redaction") is None
    assert set(shown.data) == set(payload)


@settings(max_examples=60)
@given(
    st.sampled_from(["Password", "DB_PASSWORD", "ApiKey", "AuthToken", "ClientSecret"]),
    st.from_regex(r"[a-z]{9,12}", fullmatch=True),
)
def test_what_a_secret_field_holds_is_gone_at_any_depth(key: str, value: str) -> None:
    inner = json.dumps({"a": [{"b": json.dumps({key: value})}]})
    shown = without_secrets(
        _event(ResourceProperties=inner, Outputs=[{"OutputKey": key, "OutputValue": value}])
    )
    assert value not in json.dumps(shown.data)
