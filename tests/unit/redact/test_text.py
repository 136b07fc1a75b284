"""Free text: AWS's words stay, and everything that could be somebody's is hidden."""

import pytest

from bench.redaction import words_kept
from tests.support.redaction import reason, redactor

STAYS = [
    "Resource handler returned message: \"Resource of type 'AWS::EC2::Subnet' was not found\" "
    "(RequestToken: a52bba65-ee8c-9488-cf6c-709717b9a279, HandlerErrorCode: NotFound)",
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed",
    "CannotPullContainerError: Error response from daemon: dial tcp: i/o timeout after 5 time(s) in "
    "us-east-1a",
    "(service api) was unable to place a task because no container instance met all of its requirements.",
    "(service api) deployment ecs-svc/7254018836120954417 deployment failed: tasks failed to start.",
    "The following resource(s) failed to create: [BackendLogGroup5C3B0E1D, Database]. Rollback "
    "requested by user.",
    "The password is invalid; the security token included in the request is expired.",
    "OutOfMemoryError: Container killed due to memory usage, exit code 137, limit 512MiB, at "
    "2026-01-15T02:16:07Z",
    "is not authorized to perform: secretsmanager:GetSecretValue because no identity-based policy allows it",
    "The secret can't be found; MasterUserPassword must be at least 8 characters.",
    "See https://docs.aws.amazon.com/AmazonECS/latest/developerguide/troubleshooting.html",
]


@pytest.mark.parametrize("text", STAYS)
def test_awss_words_stay(text: str) -> None:
    assert reason(text) == text


HIDDEN = [
    ("User alice@acme.com in 123456789012", ["alice", "acme", "123456789012"]),
    ("DATABASE_URL=postgres://app:welcome@db/master?token=hello", ["app", "welcome", "master", "hello"]),
    ("jdbc:postgresql://db.internal:5432/app?user=admin&x=welcome", ["internal", "app", "admin", "welcome"]),
    ("Your password Hello123 has expired", ["Hello123"]),
    ("open /home/alice/.ssh/id_rsa: permission denied", ["alice", "id_rsa"]),
    ("lookup db.prod.acme.internal on 10.0.0.2:53: no such host", ["acme", "prod", "10.0.0.2"]),
    ("mysql://admin:hunter@10.2.3.4:3306/ledger?ssl=1", ["admin", "hunter", "10.2.3.4", "ledger", "ssl"]),
    ("the passphrase is correct horse battery staple.", ["horse", "battery", "staple"]),
    ("user root with pin 4821 and password sunshine", ["4821", "sunshine"]),
    ("run --token sunshine --api-key=moonlight", ["sunshine", "moonlight"]),
    ("arn:aws:s3:::reports/may.csv is not readable", ["reports", "may"]),
    (
        "arn:aws:sns:us-east-1:123456789012:payments:53ef3ecd-2736-5d51-a659-fe7b331ccd8b",
        ["payments", "1234567"],
    ),
    (
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf:password::",
        ["prod/db", "password"],
    ),
    ("internal-payments-alb-123.us-east-1.elb.amazonaws.com", ["payments"]),
    ("Encoded authorization failure message: kVb3_abc-DEF", ["kVb3"]),
    ("eni 0a:1b:2c:3d:4e:5f has 2600:1f18:abcd::7", ["0a:1b", "2600:1f18"]),
    ("bucket ledger-of-acme is there", ["ledger-of-acme"]),
    ('Invalid request provided: {\\"Password\\":\\"sunshine\\"}', ["sunshine"]),
    ("Value (sunshine) for parameter masterUserPassword is invalid", ["sunshine"]),
    ("1 validation error detected: Value 'moon' at 'name' failed to satisfy constraint", ["moon"]),
]


def test_an_arn_of_a_secret_is_still_an_arn() -> None:
    shown = reason("resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf is denied")
    assert shown.startswith("resource: arn:aws:secretsmanager:us-east-1:9999")
    assert ":secret:anon" in shown


@pytest.mark.parametrize(("text", "secrets"), HIDDEN)
def test_what_could_be_somebodys_is_hidden(text: str, secrets: list[str]) -> None:
    shown = reason(text)
    for secret in secrets:
        assert secret not in shown, shown


@pytest.mark.parametrize(("text", "secrets"), HIDDEN)
def test_redacting_twice_changes_nothing_more(text: str, secrets: list[str]) -> None:
    made = redactor()
    once = made.text(text)
    assert made.text(once) == once


@pytest.mark.parametrize(("policy", "share"), [("standard", 0.97), ("strict", 0.96)])
def test_nearly_all_of_awss_documented_words_stay(policy: str, share: float) -> None:
    kept, words = words_kept(policy)
    assert kept / words > share
