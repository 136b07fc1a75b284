"""The scanner of finished bytes: says which rule and where, never what."""

import pytest

from forensics.redact.scan import Hit, Scanner

_JWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("key AKIAIOSFODNN7EXAMPLE", "AWS Access Key"),
        (f"Authorization: Bearer {_JWT}", "JSON Web Token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "Private Key"),
        ("postgres://app:s3cr3tpw@db/x", "Basic Auth Credentials"),
        ("arn:aws:ecs:us-east-1:123456789012:cluster/main", "account in an ARN"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=ab12", "signed URL"),
        ("ghp_" + "a1B2" * 9, "GitHub Token"),
    ],
)
def test_a_secret_is_found_and_not_repeated(text: str, rule: str) -> None:
    hits = list(Scanner().scan("events.jsonl", [b"fine\n", text.encode()]))
    assert Hit("events.jsonl", rule, "line 2") in hits
    assert text not in repr(hits)


def test_names_of_ours_are_no_hit() -> None:
    text = (
        b"arn:aws:ecs:us-east-1:999912345678:task/main/7ff84bf5db0b8a987faf81df9129d8af sha256:" + b"ab" * 32
    )
    assert list(Scanner().scan("events.jsonl", [text])) == []


def test_a_literal_is_found_in_every_encoding() -> None:
    scanner = Scanner(["Acme Rockets"])
    for text in (b"ACME rockets", b"Acme%20Rockets", b"x QWNtZSBSb2NrZXRz y"):
        assert list(scanner.scan("report.html", [text])) == [
            Hit("report.html", "a text that was to be hidden", "line 1")
        ]


def test_a_word_that_is_hidden_elsewhere_is_found() -> None:
    hits = list(Scanner(untold=["acme-ledger"]).scan("summary.md", [b"Bucket acme-ledger is there"]))
    assert [hit.rule for hit in hits] == ["a value that is hidden elsewhere"]


def test_a_member_is_not_named_after_a_secret() -> None:
    assert [hit.place for hit in Scanner(["acme"]).scan("acme.jsonl", [])] == ["name"]


def test_a_secret_far_into_a_long_line_is_found() -> None:
    line = b"x" * 50_000 + b" AKIAIOSFODNN7EXAMPLE " + b"y" * 50_000
    assert "AWS Access Key" in {hit.rule for hit in Scanner().scan("report.html", [line])}
