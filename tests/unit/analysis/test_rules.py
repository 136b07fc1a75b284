"""The rules: each one known by the words that AWS uses, none in another's way."""

import random
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import messages
from forensics.analysis.classify import classify, fill, sentence
from forensics.analysis.patterns.catalogue import RULES as TIME_RULES
from forensics.analysis.reasons import normalised
from forensics.analysis.rules.catalogue import RULES
from forensics.analysis.rules.literals import words_of
from forensics.analysis.rules.rule import Rule

# The categories of causes; a report or a pipeline may branch on them, so they are no free text.
_LISTED = """
    architecture-mismatch capacity-unavailable container-command-not-found container-exit-error container-oom
    credentials-expired custom-resource-failed custom-resource-timeout database-specific dependency-conflict
    deploy-cancelled dns-or-domain ephemeral-storage export-in-use health-check-container health-check-elb
    hook-or-policy-denied iam-permission image-pull-auth image-pull-network image-pull-not-found
    image-pull-rate-limit invalid-parameter kms-access log-driver nested-stack opensearch-specific
    placement-constraint placement-no-capacity port-or-network quota-exceeded resource-already-exists
    resource-in-use resource-not-found rollback-failed schedule-missing-or-disabled
    scheduler-stuck-circuit-breaker secret-or-parameter service-linked-role spot-interruption
    task-role-missing throttled timeout-not-stabilized tls-or-certificate unknown update-requires-replacement
    user-or-scaling-stop validation-template volume-mount
"""
CATEGORIES = frozenset(_LISTED.split())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_whole(rule: Rule) -> None:
    assert rule.category in CATEGORIES
    assert 0 < rule.confidence <= 1
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", rule.id)
    assert rule.title
    assert rule.cause.endswith(".")
    assert rule.remedy.endswith(".")
    assert rule.docs.startswith("https://docs.aws.amazon.com/")
    assert re.compile(rule.pattern)
    assert re.compile(rule.resource)
    assert all(check.startswith("aws ") for check in rule.checks)


@pytest.mark.parametrize("rule", [*RULES, *TIME_RULES], ids=lambda rule: rule.id)
def test_what_is_to_be_checked_is_only_read(rule: Rule) -> None:
    """Checks are pasted into a shell in the middle of an incident: none may change anything."""
    reads = re.compile(r"aws [\w-]+ (?:describe|list|get|lookup|tail)\b")
    assert all(reads.match(check) for check in rule.checks)
    assert not any(word in check for check in rule.checks for word in ("get-secret-value", "get-parameter"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_what_a_rule_names_is_what_its_pattern_captures(rule: Rule) -> None:
    """A place that no group fills would leave the sentence out for ever."""
    captured = set(re.compile(rule.pattern).groupindex)
    assert set(re.findall(r"\{(\w+)\}", rule.names + rule.cause)) <= captured


def test_ids_are_unique_and_every_category_has_a_rule() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert {rule.category for rule in RULES} == CATEGORIES


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("CannotPullContainerError: manifest for app:9 not found: manifest unknown", "image-pull-not-found"),
        ("CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout", "image-pull-network"),
        (
            "CannotPullContainerError: toomanyrequests: You have reached your pull rate limit",
            "image-pull-rate-limit",
        ),
        (
            "User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:BatchGetImage",
            "image-pull-auth",
        ),
        (
            "image Manifest does not contain descriptor matching platform 'linux/amd64'",
            "architecture-mismatch",
        ),
        ('exec: "node index.js": executable file not found in $PATH', "container-command-not-found"),
        ("exit code 127", "container-command-not-found"),
        ("exit code 2", "container-exit-error"),
        ("OutOfMemoryError: Container killed due to memory usage", "container-oom"),
        ("failed to create Cloudwatch log stream: The specified log group does not exist", "log-driver"),
        ("Task failed ELB health checks in (target-group arn:aws:x)", "health-check-elb"),
        ("Task failed container health checks", "health-check-container"),
        ("is not authorized to perform: secretsmanager:GetSecretValue", "secret-or-parameter"),
        ("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/x'", "task-role-missing"),
        ("write /var/lib: no space left on device", "ephemeral-storage"),
        ("failed to invoke EFS utils commands to set up EFS volumes: fs-0123abcd timeout", "volume-mount"),
        ("Reason: No Container Instances were found in your cluster.", "placement-no-capacity"),
        ("is missing an attribute required by your task", "placement-constraint"),
        ("Your Spot Task was interrupted.", "spot-interruption"),
        ("The maximum number of VPCs has been reached.", "quota-exceeded"),
        ("Rate exceeded (Service: Lambda, Status Code: 429)", "throttled"),
        ("shop-bucket already exists", "resource-already-exists"),
        ("Export a:b cannot be deleted as it is in use by other", "export-in-use"),
        ("The security token included in the request is expired", "credentials-expired"),
        ("explicit deny in a permissions boundary", "hook-or-policy-denied"),
        ("CloudFormation did not receive a response from your Custom Resource.", "custom-resource-timeout"),
        ("No hosted zone found with ID: Z1", "dns-or-domain"),
        ("Failed to receive 1 resource signal(s) within the specified duration", "timeout-not-stabilized"),
        (
            "Properties validation failed for resource X with message: #: required key [Y] not found",
            "validation-template",
        ),
        ("Update to resource type AWS::EC2::Volume is not supported.", "update-requires-replacement"),
        ("We currently do not have sufficient capacity in the zone", "capacity-unavailable"),
    ],
)
def test_awss_words_lead_to_their_category(text: str, category: str) -> None:
    assert classify(text)[0].rule.category == category


def winner(row: dict[str, Any]) -> str:
    matches = classify(row["text"], resource_type=row.get("resource", ""))
    return matches[0].rule.id if matches else ""


def test_labelled_texts_get_their_category() -> None:
    """Those marked as wrong are known to be wrong: a rule that mends one takes the mark away."""
    judged = [(row, messages.judged(row["text"], row.get("resource", ""))[0]) for row in messages.labelled()]
    assert [
        (said, row) for row, said in judged if messages.is_right(row, said) == row.get("wrong", False)
    ] == []


def test_every_rule_is_the_surest_for_some_text() -> None:
    """A rule that another always outdoes says nothing."""
    assert {rule.id for rule in RULES} <= {winner(row) for row in messages.labelled()}


@given(row=st.sampled_from(messages.labelled()), seed=st.integers(0, 2**32))
def test_names_ids_and_regions_do_not_decide(row: dict[str, Any], seed: int) -> None:
    """A rule fitted to one account's names would be right there and nowhere else."""
    moved = {**row, "text": messages.perturbed(row["text"], random.Random(seed))}
    assert (
        messages.judged(moved["text"], row.get("resource", ""))[0]
        == (messages.judged(row["text"], row.get("resource", ""))[0])
    )


@pytest.mark.parametrize(
    "text",
    [
        "(service web) has reached a steady state.",
        "(service web) has started 2 tasks: (task 0123456789abcdef0123456789abcdef) (task 1).",
        "(service web) has stopped 1 running tasks: (task 0123456789abcdef0123456789abcdef).",
        "(service web) registered 1 targets in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:x/y/z)",
        "(service web) deregistered 1 targets in (target-group arn:aws:elasticloadbalancing:x:1:y/z)",
        "(service web) has begun draining connections on 1 tasks.",
        "(service web) (deployment ecs-svc/1234567890123456789) deployment completed.",
        "ECS deployment ecs-svc/1234567890123456789 completed.",
        "ECS deployment ecs-svc/1234567890123456789 in progress.",
        "Resource creation Initiated",
        "Eventual consistency check initiated",
        "Transformation succeeded",
        "Requested update required the provider to create a new physical resource.",
        "Requested update requires the creation of a new physical resource; hence creating one.",
    ],
)
def test_what_a_healthy_deployment_says_is_no_failure(text: str) -> None:
    assert classify(text) == []


def test_a_rule_for_one_resource_type_leaves_the_others_alone() -> None:
    words = "zzz unheard of"
    assert (
        classify(words, resource_type="AWS::OpenSearchService::Domain")[0].rule.category
        == "opensearch-specific"
    )
    assert classify(words, resource_type="AWS::SNS::Topic") == []


def test_what_the_words_name_is_in_the_sentence() -> None:
    match = classify("User: x is not authorized to perform: ecr:BatchGetImage on resource: y")[0]
    assert "ecr:BatchGetImage" in sentence(match)


@settings(max_examples=400)
@given(data=st.data(), rule=st.sampled_from(RULES))
def test_no_text_that_a_pattern_fits_is_passed_over(data: st.DataObject, rule: Rule) -> None:
    """Patterns are compiled only for texts that hold one of their words."""
    ascii_only = st.characters(max_codepoint=127)
    text = data.draw(st.from_regex(re.compile(rule.pattern, re.IGNORECASE), alphabet=ascii_only))
    words = words_of(rule.pattern)
    assert not words or any(word in text.lower() for word in words)


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("abc", {"abc"}),
        ("abc|de(?:f|g)", {"abc", "de"}),
        (r"a\.b+c\w*defg", {"defg"}),
        ("xy(?:one|three)?z", {"xy"}),
        ("(?P<n>one|two) .{0,9}?(?!no)", {"one", "two"}),
        (".", set()),
        ("abc|.", set()),
        ("ab{0,3}c[x|y]", {"a"}),
    ],
)
def test_the_words_that_a_pattern_needs(pattern: str, words: set[str]) -> None:
    assert words_of(pattern) == words


def test_a_captured_text_is_never_read_as_a_template() -> None:
    """Names come from whoever has the account: ``{task}`` in one is only a name."""
    assert fill("a {one} b", {"one": "{two}", "two": "no"}) == "a {two} b"
    assert fill("a {one} {two}", {"one": "x"}) is None


@given(text=st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    matches = classify(text)
    assert [match.rule.confidence for match in matches] == sorted(
        (match.rule.confidence for match in matches), reverse=True
    )


@pytest.mark.parametrize("piece", ["CannotPull", "x", 'exec "', "certificate ", "exceeded ", "arn:aws:ecs:"])
def test_no_pattern_takes_more_than_moments_on_a_long_text(piece: str) -> None:
    """A pattern that backtracks without end would hang `explain` on one hostile reason."""
    began_s = time.process_time()
    classify(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began_s < 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "request id: 5f798344-1a05-44bc-ba39-41629df40791",
            "request id: 00000000-1a05-44bc-ba39-41629df40792",
        ),
        ("sha256:aaaa1111 at 10.0.0.1", "sha256:bbbb2222 at 10.0.0.2"),
        ("task 0f6b3cdf5e24f0da  failed", "task 1f6b3cdf5e24f0db failed"),
        ("retried 1 time(s)", "retried 5 time(s)"),
    ],
    ids=["request ids", "digests", "task ids", "numbers"],
)
def test_what_varies_between_equal_reasons_is_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_different_words_stay_different() -> None:
    assert normalised("manifest unknown") != normalised("access denied")
