"""Secrets where a name belongs: what chance made is hidden, what people and AWS call things stays."""

import json
import random
import string
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.names import SAMPLES, harmless, passing, stays
from forensics.cli.main import run_command
from forensics.demo import incident
from forensics.model.record import Fact, Record
from forensics.redact.forms import looks_secret
from tests.support.histories import ACCOUNT, REGION
from tests.support.redaction import line, record, redactor, stack_event, task
from tests.support.reports import archive_of

NEVER_SEEN = [
    kind
    for kind, (signs, length) in SAMPLES.items()
    if length >= (32 if "-" in signs else 24) and len(signs) > 16
]
"""Kinds of which none was ever seen to pass; hexadecimal digits may be ids or commits."""
_ALNUM = string.ascii_letters + string.digits
_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
_UUID = "53ef3ecd-2736-5d51-a659-fe7b331ccd8b"
_PLACES: dict[str, Callable[[str], Record]] = {
    "stack": lambda name: stack_event(StackName=name),
    "stack's ARN": lambda name: stack_event(
        StackId=f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/{_UUID}"
    ),
    "logical id": lambda name: stack_event(LogicalResourceId=name),
    "key of an event": lambda name: stack_event(EventId=f"{name}-CREATE_FAILED-2026-01-15T02:16:07.000Z"),
    "list in a reason": lambda name: stack_event(
        ResourceStatusReason=f"The following resource(s) failed to create: [Database, {name}]. "
    ),
    "source": lambda name: record(
        "aws.ecs.service_event", f"{_ARN}:service/main/{name}", {"message": f"(service {name}) is steady."}
    ),
    "cluster": lambda name: task(
        clusterArn=f"{_ARN}:cluster/{name}",
        taskArn=f"{_ARN}:task/{name}/7ff84bf5db0b8a987faf81df9129d8af",
    ),
    "group": lambda name: task(group=f"service:{name}"),
    "container": lambda name: task(containers=[{"name": name, "exitCode": 1}]),
    "family": lambda name: task(taskDefinitionArn=f"{_ARN}:task-definition/{name}:7"),
    "repository": lambda name: task(
        containers=[{"name": "api", "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/{name}:1.2.3"}]
    ),
    "tag": lambda name: task(containers=[{"name": "api", "image": f"nginx:{name}"}]),
    "capacity provider": lambda name: task(capacityProviderName=name),
    "role of AWS's": lambda name: task(
        capacityProviderName="x", taskDefinitionArn=f"arn:aws:iam::{ACCOUNT}:role/AWSServiceRoleFor{name}"
    ),
    "subject": lambda name: msgspec.structs.replace(stack_event(), subject=name),
    "site": lambda name: record(
        "forensics.run",
        "urn:forensics:" + "a" * 32,
        {"sites": [{"stacks": [name], "services": [f"main/{name}"]}]},
    ),
}
_AROUND = ("{}", "prod-{}", "Api{}", "orders-{}-worker", "v1.{}")


def _drawn(kind: str) -> st.SearchStrategy[str]:
    signs, length = SAMPLES[kind]

    def of(seed: int) -> str:
        text = "".join(random.Random(seed).choices(signs, k=length))
        # A name begins with a letter or digit, and slashes would take an ARN apart.
        return "x" + text[1:].replace("/", "a").replace("+", "b")

    return st.builds(of, st.integers(0, 2**64))


@pytest.mark.parametrize("place", _PLACES)
@settings(max_examples=25)
@given(
    secret=st.one_of([_drawn(kind) for kind in NEVER_SEEN]),
    around=st.sampled_from(_AROUND),
)
def test_a_random_text_in_the_place_of_a_name_is_told_nowhere(place: str, secret: str, around: str) -> None:
    made = redactor()
    shown = line(made.record(_PLACES[place](around.format(secret))))
    assert shown
    assert secret[1:] not in shown, shown


@pytest.mark.parametrize("kind", SAMPLES)
def test_none_of_some_hundred_random_texts_passes_for_a_name(kind: str) -> None:
    """Figures for a million are in the explanation of redaction."""
    assert list(passing(kind, 400, seed=7)) == []


@pytest.mark.parametrize("place", ["stack", "cluster", "container", "repository", "tag", "family"])
def test_a_key_of_32_hexadecimal_digits_is_no_name(place: str) -> None:
    """Neither a commit, which has 40, nor an id, where a name stands."""
    secret = "9f86d081884c7d659a2feaa0c55ad015"
    assert secret not in line(redactor().record(_PLACES[place](secret)))


@pytest.mark.parametrize("tag", ["123456789012", "build-210987654321", "210987654321.main", "202613151030"])
def test_an_accounts_number_in_a_tag_hides_the_tag(tag: str) -> None:
    """Pipelines that copy images between accounts name them so; a minute of this century stays."""
    assert tag not in line(redactor().record(_PLACES["tag"](tag)))


def test_nearly_all_harmless_names_stay() -> None:
    names = harmless()
    lost = [name for kind, name in names if not stays(kind, name)]
    assert len(names) > 400
    assert len(lost) <= 3, lost


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("stack", "AcmePlatformSharedServicesProductionEuCentral1"),
        ("stack", "zylotrax-billing-prd"),
        ("stack", "uslugi-szczegolowe-rozliczenia"),
        ("stack", f"StackSet-guardrails-baseline-{_UUID}"),
        ("stack", "PaymentsStack-ApiNestedStackApiNestedStackResource3DD143BF-1AFPZBNR2EJBH"),
        ("logical", "ApiServiceLBPublicListenerECSGroup8A9F3C21"),
        ("logical", "ServiceSecurityGroupfromStackAlbSecurityGroup8B60413480F993BE2A"),
        ("logical", "FnCurrentVersion17A89ABBd6d2df7e2b3c9a2b9f0c8c6d7e1f2a3b"),
        ("logical", "LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8aFD4BFC8A"),
        ("tag", "ca800cf359e327561e66dbaa6e3f9452f324f3de"),
        ("tag", "sha-8e1ad7511cc22363a51b3b35dc8c4b41d240f425"),
        ("tag", "v3.1.0-12-gd002131-dirty"),
        ("tag", "20260115103044"),
        ("tag", "202601151030"),
        ("tag", "main-202612312359"),
        ("tag", "feature-PROJ-1234-fix-login-form-2026-01-15"),
    ],
)
def test_what_people_and_aws_call_things_stays(kind: str, name: str) -> None:
    assert stays(kind, name)


def test_a_long_run_of_words_is_a_name_and_what_no_arn_can_hold_is_none() -> None:
    assert not looks_secret("checkoutpaymentservice" * 10)
    assert looks_secret("checkout-" * 300)


def test_a_short_text_is_not_judged() -> None:
    """Fifteen signs may be anybody's abbreviations."""
    assert not looks_secret("x7Qp2LmZ9vKc4Wt")


@given(st.text(max_size=40), st.text(st.sampled_from(_ALNUM + "-_./+="), max_size=60))
def test_any_text_is_judged(strange: str, plain: str) -> None:
    assert looks_secret(strange + plain) in {True, False}


@settings(max_examples=50)
@given(
    before=st.sampled_from([name for kind, name in harmless() if kind == "stack"]),
    secret=_drawn(NEVER_SEEN[0]),
)
def test_no_name_before_it_hides_a_random_text(before: str, secret: str) -> None:
    assert looks_secret(f"{before}-{secret}")
    assert looks_secret(f"{secret}-{before}")


def _renamed(facts: list[Fact], names: dict[str, str]) -> list[Fact]:
    """Return facts with other names in them, wherever those stand."""
    text = msgspec.json.encode(facts).decode()
    for old, new in names.items():
        assert old in text
        text = text.replace(old, new)
    return msgspec.json.decode(text, type=list[Fact])


@pytest.mark.parametrize("kind", ["24 letters and digits", "32 of base64url", "24 small letters"])
def test_no_byte_of_a_bundle_holds_a_secret_that_was_made_a_name(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole incident whose stack, services, cluster, containers, resources and images are called so."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    signs, length = SAMPLES[kind]
    drawn = random.Random(kind)
    old = ("CourtCaseManagementStack", "court-case-backend", "court-case", "CourtCaseDocuments18F2C6AB")
    secrets = ["x" + "".join(drawn.choices(signs, k=length)) for _ in range(6)]
    names = dict(zip((*old, '"backend"', ":2026.01.15"), secrets, strict=True))
    names['"backend"'], names[":2026.01.15"] = f'"{secrets[4]}"', f":{secrets[5]}"
    archive = archive_of(_renamed(list(incident.facts()), names), tmp_path)
    ticket = tmp_path / "ticket.zip"
    assert run_command(["bundle", str(archive), "-O", str(ticket)]) == 0
    with zipfile.ZipFile(ticket) as file:
        contents = {name: file.read(name) for name in file.namelist()}
    assert json.loads(contents["manifest.json"])
    for secret in secrets:
        assert not [name for name, content in contents.items() if secret[1:].encode() in content]
