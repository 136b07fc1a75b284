"""Secrets planted anywhere in what AWS sends: none is in any byte of what is told."""

import base64
import json
import string
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.demo import incident
from forensics.model.record import Record
from forensics.redact.literals import forms_of
from forensics.redact.redactor import Redactor
from tests.support.redaction import SERVICE, line, record, redactor, stack_event, task

_ALNUM = string.ascii_letters + string.digits
_BASE64 = _ALNUM + "+/"
_URLSAFE = _ALNUM + "-_"


def _text(alphabet: str, shortest: int, longest: int | None = None) -> st.SearchStrategy[str]:
    """Return texts as chance makes them; hypothesis's own prefer zeros, which no secret does."""

    def of(seed: int, length: int) -> str:
        return "".join(Random(seed).choices(alphabet, k=length))

    return st.builds(of, st.integers(0, 2**64), st.integers(shortest, longest or shortest))


_KEY_IDS = st.builds(
    str.__add__,
    st.sampled_from(["AKIA", "ASIA"]),
    st.text(string.ascii_uppercase + "234567", min_size=16, max_size=16),
)
_JWTS = st.builds(
    lambda header, body, end: f"eyJhbGciOiJ{header}.eyJzdWIiOiJ{body}.{end}",
    _text(_URLSAFE, 20),
    _text(_URLSAFE, 30),
    _text(_URLSAFE, 43),
)
_PEMS = st.builds(
    lambda body: f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----", _text(_BASE64, 64)
)
SECRETS = st.one_of(
    _KEY_IDS,
    _text(_BASE64, 40),
    st.builds(lambda text: f"IQoJb3JpZ2luX2Vj{text}==", _text(_BASE64, 120)),
    _JWTS,
    _PEMS,
    _text(_ALNUM, 24, 40),
    _text(_URLSAFE, 32),
    _text(_URLSAFE, 43),
    _text(string.ascii_lowercase, 24, 32),
    _text(string.ascii_lowercase + string.digits, 24, 32),
    st.builds(lambda text: f"ghp_{text}", _text(_ALNUM, 36)),
)
"""Secrets that are known by their form, wherever they stand."""
_WORDS = st.sampled_from(
    [
        "sunshine",
        "Dragonfly",
        "monkey",
        "iloveyou",
        "trustno1",
        "S3cr3t!",
        "zaphod",
        "welcome",
        "unicorn",
        "mischief",
    ]
)
_SENTENCES = (
    "password is {}",
    "The password was {}.",
    "password={}",
    "DB_PASSWORD: {}",
    'Login failed: password "{}" rejected',
    "Secret '{}' is wrong",
    "connect to postgres://app:{}@db.internal:5432/ledger failed",
    "Server=db;User Id=app;Password={};Timeout=3",
    "https://bucket.s3.amazonaws.com/key?X-Amz-Credential=x&X-Amz-Signature={} expired",
    "https://hooks.example.com/services?token={}",
    "Value '{}' at 'masterUserPassword' failed to satisfy constraint: Member must have length greater than 8",
    "Value ({}) for parameter masterUserPassword is invalid.",
    '{{"password": "{}"}}',
    'sent {{"Authorization": "Bearer {}"}} and got 401',
    "api_key={} is not known",
    "--password {} given twice",
)
_AROUND = (
    "{}",
    "see {}",
    "token {}.",
    "({})",
    '"{}"',
    "x={}",
    "Authorization: Bearer {}",
    "AWS_SESSION_TOKEN={}",
    "a,{},b",
)


def _shapes() -> list[Record]:
    """Return one record of each type and set of fields that the demo's incident has, and some beside."""
    found: dict[Any, Record] = {}
    for seq, fact in enumerate(incident.facts(), 1):
        key = (fact.type, tuple(sorted(fact.data)))
        given = {"id": fact.id, "subject": fact.subject, "time": fact.time, "seq": seq}
        found.setdefault(key, record(fact.type, fact.source, fact.data, **given))
    return [
        *found.values(),
        stack_event(
            ResourceStatusReason="Resource creation cancelled",
            ResourceProperties='{"Port":"5432","Tags":[{"Key":"a","Value":"b"}]}',
        ),
        stack_event(
            HookStatus="HOOK_COMPLETE_FAILED", HookStatusReason="not compliant", HookType="AWS::Hooks::Check"
        ),
        task(
            overrides={
                "containerOverrides": [
                    {"name": "api", "environment": [{"name": "MODE", "value": "fast"}], "command": ["run"]}
                ]
            }
        ),
        task(
            stoppedReason="Essential container in task exited",
            containers=[{"name": "api", "reason": "exit", "exitCode": 1}],
        ),
        record(
            "forensics.gap",
            SERVICE,
            {
                "stream": f"services {SERVICE}",
                "from": "2026-01-15T02:16:09Z",
                "to": None,
                "reason": "throttled",
                "kind": "open",
                "detail": "Rate exceeded",
            },
        ),
        record(
            "forensics.refusal",
            SERVICE,
            {
                "stream": f"services {SERVICE}",
                "operation": "ecs:DescribeServices",
                "code": "AccessDenied",
                "message": "not authorized",
            },
        ),
        record(
            "forensics.command",
            "urn:forensics:" + "a" * 32,
            {"phase": "started", "at": "2026-01-15T02:16:09Z", "argv0": "deploy.sh"},
        ),
        record(
            "forensics.import",
            "urn:forensics:" + "a" * 32,
            {"files": [{"name": "events.json", "documents": 1}], "facts": 2, "notes": ["nothing"]},
        ),
    ]


SHAPES = _shapes()


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every leaf, and of a new key in every object; JSON in a text is an object too."""
    if isinstance(value, str) and value[:1] == "{" and path:
        return [path, *((*path, "(json)", *rest) for rest in _places(json.loads(value)))]
    if isinstance(value, dict):
        inside = [place for key, item in value.items() for place in _places(item, (*path, key))]
        return [*inside, (*path, "(new)"), (*path, "(key)")]
    if isinstance(value, list) and value:
        return [place for number, item in enumerate(value) for place in _places(item, (*path, number))]
    return [path]


def _plant(value: Any, path: tuple[Any, ...], secret: str) -> Any:
    """Return a copy of a value with the secret at a place."""
    if not path:
        return secret
    first, rest = path[0], path[1:]
    if first == "(json)":
        return json.dumps(_plant(json.loads(value), rest, secret))
    if first == "(new)":
        return {**value, "Invented": secret}
    if first == "(key)":
        return {**value, secret: "x"}
    if isinstance(value, list):
        return [_plant(item, rest, secret) if number == first else item for number, item in enumerate(value)]
    return {**value, first: _plant(value[first], rest, secret)}


def _planted(data: st.DataObject, text: str) -> Record:
    shape = data.draw(st.sampled_from(SHAPES), label="shape")
    payload = shape.payload()
    path = data.draw(st.sampled_from(_places(payload)), label="path")
    raw = msgspec.json.encode(_plant(payload, path, text))
    return msgspec.structs.replace(shape, data=msgspec.Raw(raw))


def _assert_nowhere(secret: str, made: Redactor, given_record: Record) -> None:
    """Fail where the secret, or a part of it, is told in any form; the redactor's own account included."""
    shown = line(made.record(given_record)) + json.dumps(made.summary())
    for piece in [
        secret,
        *(part for part in secret.split("\n") if len(part) > 30),
        *(part for part in secret.split(".") if len(part) > 20),
    ]:
        for form in forms_of(piece):
            assert form not in shown, (form, shown)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), SECRETS, st.sampled_from(_AROUND), st.sampled_from(["standard", "strict"]))
def test_a_secret_known_by_its_form_is_told_nowhere(
    data: st.DataObject, secret: str, around: str, policy: str
) -> None:
    _assert_nowhere(secret, redactor(policy), _planted(data, around.format(secret)))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_FORMS = {
    "base64": _base64,
    "URL": lambda text: quote(text, safe=""),
    "JSON in a text": lambda text: json.dumps({"inner": json.dumps({"a": [text]})}),
    "escapes": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "base64 in JSON": lambda text: json.dumps({"UserData": _base64(text)}),
}


@pytest.mark.parametrize("form", _FORMS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data(), secret=SECRETS)
def test_an_encoded_secret_is_told_nowhere(form: str, data: st.DataObject, secret: str) -> None:
    encoded = _FORMS[form](secret)
    made = redactor()
    given_record = _planted(data, f"see {encoded} there")
    _assert_nowhere(secret, made, given_record)
    assert encoded not in line(made.record(given_record))


@settings(max_examples=300)
@given(st.data(), _WORDS, st.sampled_from(_SENTENCES))
def test_a_word_that_a_text_calls_a_secret_is_told_nowhere(
    data: st.DataObject, word: str, sentence: str
) -> None:
    _assert_nowhere(word, redactor(), _planted(data, sentence.format(word)))


@settings(max_examples=100)
@given(
    st.sampled_from(
        ["Password", "MasterUserPassword", "AuthToken", "ApiKey", "DB_PASSWORD", "ConnectionString", "Pin"]
    ),
    _WORDS | st.sampled_from(["1234", "true1", "service"]),
)
def test_whatever_a_secret_field_holds_is_hidden_in_the_reason_too(key: str, word: str) -> None:
    made = redactor()
    given_record = stack_event(
        ResourceProperties=json.dumps({key: word}), ResourceStatusReason=f"cannot use {word} here"
    )
    assert word not in line(made.record(given_record))
