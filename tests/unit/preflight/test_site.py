"""One site looked at through a real door: what is tried, what counts as allowed, what is there."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from forensics.aws import faults
from forensics.capture.discovery import OPERATIONS as DISCOVERY
from forensics.capture.selection import Site
from forensics.model.checkup import ALLOWED, DENIED, NOTE, OK, PROBLEM, UNDETERMINED, Check, SiteReport
from forensics.preflight.notes import Notes
from forensics.preflight.permissions import outcome_of
from forensics.preflight.policy import needed, optional
from forensics.preflight.site import examine, summed_up
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.unit.preflight.conftest import API, SHOP

Sites = Callable[..., Site]


def looked_at(site: Site, *, is_waiting: bool = True) -> SiteReport:
    notes = Notes(label=site.label, region=site.door.region)
    examine(site, ManualClock(), notes, expect=timedelta(hours=1), is_waiting=is_waiting)
    return summed_up(notes)


def checks(report: SiteReport, name: str) -> list[Check]:
    return [check for check in report.checks if check.name == name]


def outcomes(report: SiteReport) -> dict[str, str]:
    return {tried.action: tried.outcome for tried in report.actions}


def test_every_action_of_the_policy_is_tried_where_everything_is_wanted(site: Sites) -> None:
    """What the policy allows and what is tried come from the same declarations."""
    report = looked_at(site(stacks=("shop",), clusters=("ma*",), services=("main/a*",)))
    assert set(outcomes(report)) == needed() | optional()
    assert set(outcomes(report).values()) == {ALLOWED}
    assert not any(tried.is_invented for tried in report.actions)


def test_nothing_but_reading_is_asked(site: Sites, player: FaultyPlayer) -> None:
    looked_at(site(stacks=("shop*",), clusters=("main",), services=("main/a*",)))
    asked = {seen.operation.partition(":")[2] for seen in player.faults.seen}
    assert all(name.startswith(("Describe", "List", "Get")) for name in asked)


def test_actions_that_the_selection_never_uses_are_not_tried(site: Sites) -> None:
    """Whoever watches a cluster need not be allowed to see stacks."""
    tried = set(outcomes(looked_at(site(clusters=("main",)))))
    assert not any(action.startswith("cloudformation:") for action in tried)
    assert "ecs:ListServices" in tried
    assert "ecs:ListClusters" not in tried
    assert not tried & {"ecs:ListClusters", "ecs:ListServices"} - set(DISCOVERY)


def test_a_stack_leads_to_a_real_service_to_ask_about(site: Sites, player: FaultyPlayer) -> None:
    """A policy may be limited to some clusters: an invented name would be refused for nothing."""
    looked_at(site(stacks=("shop",)))
    asked = [seen for seen in player.faults.seen if seen.operation == "ecs:DescribeServices"]
    assert asked[0].parameters["cluster"] == API.cluster_arn.rsplit("/", 1)[-1]
    assert asked[0].parameters["services"] == ["api"]


def test_what_does_not_exist_proves_that_it_may_be_asked_about(site: Sites) -> None:
    """Nothing of what is asked for is there: each answer says so, and none is taken for a denial."""
    report = looked_at(site(stacks=("nix",), clusters=("nix*",), services=("nix/a*",)))
    assert outcomes(report) == dict.fromkeys(outcomes(report), ALLOWED)
    assert set(outcomes(report)) == needed() | optional()


def test_an_action_that_is_denied_is_named_alone(site: Sites, player: FaultyPlayer) -> None:
    """Whichever it is: needed ones are a problem, those that only add details a note."""
    wanted = site(stacks=("shop",), clusters=("ma*",), services=("main/a*",))
    for action in sorted(needed() | optional()):
        player.faults.clear()
        player.faults.fail(action, error="AccessDenied", times=None)
        report = looked_at(wanted)
        assert [name for name, outcome in outcomes(report).items() if outcome == DENIED] == [action]
        state = PROBLEM if action in needed() else NOTE
        assert [check.state for check in checks(report, "permissions")[1:]] == [state], action


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({"clusters": ("ma*",)}, "main"),
        ({"clusters": ("other-*",)}, "other-forensics-doctor"),
        ({"services": ("other-?/api",)}, "other-x"),
        ({"stacks": ("shop-two",)}, "forensics-doctor"),
    ],
    ids=["a cluster that is found", "a cluster's glob", "a service's glob", "nothing known"],
)
def test_what_is_asked_about_is_as_real_as_can_be(
    wanted: dict[str, tuple[str, ...]], asked: str, site: Sites, player: FaultyPlayer
) -> None:
    """A policy that is limited to the wanted names allows what a glob would match, too."""
    report = looked_at(site(**wanted))
    calls = [
        seen.parameters["cluster"] for seen in player.faults.seen if seen.operation == "ecs:DescribeTasks"
    ]
    assert calls == [asked]
    invented = {tried.is_invented for tried in report.actions if tried.action == "ecs:DescribeTasks"}
    assert invented == {asked != "main"}


def test_one_of_several_stacks_that_may_not_be_read_is_a_problem(site: Sites, player: FaultyPlayer) -> None:
    """A policy may name some stacks: that the first may be read says nothing about the second."""
    player.faults.fail("cloudformation:DescribeStacks", error="AccessDenied", skip=1, times=1)
    player.faults.fail("cloudformation:DescribeStackEvents", error="AccessDenied", times=1)
    report = looked_at(site(stacks=("shop", "shop-two")))
    denied = [(tried.action, tried.about) for tried in report.actions if tried.outcome == DENIED]
    assert denied == [("cloudformation:DescribeStackEvents", "stack shop-two")]
    assert PROBLEM in [check.state for check in checks(report, "permissions")]


def test_an_explicit_deny_is_not_answered_with_a_policy(site: Sites, player: FaultyPlayer) -> None:
    """No statement that allows helps against it."""
    said = (
        "User: arn:aws:iam::1:user/x is not authorized to perform: ecs:ListTasks on resource: * "
        "with an explicit deny in a service control policy"
    )
    player.faults.fail("ecs:ListTasks", error="AccessDenied", message=said, times=None)
    denied = checks(looked_at(site(services=("main/api",))), "permissions")[1]
    assert "explicit deny in a service control policy" in denied.text
    assert "denies it explicitly" in denied.remedy


@pytest.mark.parametrize(
    ("action", "code", "message", "status", "proved"),
    [
        ("ecs:ListTasks", "ClusterNotFoundException", "Cluster not found.", 400, ALLOWED),
        ("ecs:ListServiceDeployments", "ServiceNotFoundException", "Service not found.", 400, ALLOWED),
        ("ecs:ListServiceDeployments", "UnsupportedFeatureException", "Not for CODE_DEPLOY.", 400, ALLOWED),
        ("cloudformation:DescribeStacks", "ValidationError", "Stack with id x does not exist", 400, ALLOWED),
        ("cloudformation:DescribeStackEvents", "ValidationError", "Stack [x] does not exist", 400, ALLOWED),
        (
            "ecs:DescribeTaskDefinition",
            "ClientException",
            "Unable to describe task definition.",
            400,
            ALLOWED,
        ),
        ("ecs:DescribeTasks", "ClientException", "Something else.", 400, UNDETERMINED),
        (
            "cloudformation:DescribeStacks",
            "ValidationError",
            "1 validation error detected",
            400,
            UNDETERMINED,
        ),
        ("ecs:DescribeTasks", "InvalidParameterException", "taskId length should be", 400, UNDETERMINED),
        ("ecs:ListTasks", "AccessDeniedException", "not authorized to perform", 400, DENIED),
        ("cloudformation:ListStacks", "AccessDenied", "not authorized to perform", 403, DENIED),
        ("ecs:ListTasks", "ThrottlingException", "Rate exceeded", 400, UNDETERMINED),
        ("ecs:ListTasks", "ExpiredTokenException", "The security token is expired", 400, UNDETERMINED),
        ("ecs:ListTasks", "ServerException", "", 500, UNDETERMINED),
        ("ecs:ListTasks", "403", "", 403, UNDETERMINED),
    ],
)
def test_what_an_error_proves(action: str, code: str, message: str, status: int, proved: str) -> None:
    """AWS looks for a thing only after it has decided whether the caller may ask about it."""
    assert outcome_of(action, faults.from_answer(action, code, message, status)) == proved


def test_throttling_for_a_while_is_waited_for(site: Sites, player: FaultyPlayer) -> None:
    player.faults.fail("ecs:ListTasks", error="Throttling", times=2)
    assert outcomes(looked_at(site(services=("main/api",))))["ecs:ListTasks"] == ALLOWED


def test_throttling_without_end_is_said_and_is_no_denial(site: Sites, player: FaultyPlayer) -> None:
    player.faults.fail("ecs:ListTasks", error="Throttling", times=None)
    report = looked_at(site(services=("main/api",)))
    assert outcomes(report)["ecs:ListTasks"] == UNDETERMINED
    said = checks(report, "permissions")[-1]
    assert (said.state, "Rate exceeded" in said.text) == (NOTE, True)


def test_a_service_that_is_silent_is_waited_for_once(site: Sites, player: FaultyPlayer) -> None:
    """Ten calls of ten seconds each would be a hang; the other services are looked at all the same."""
    player.faults.reset("ecs:*", times=None)
    report = looked_at(site(stacks=("shop",)))
    assert {seen.operation for seen in player.faults.seen if seen.operation.startswith("ecs")} == {
        "ecs:ListTasks"
    }
    silent, answering = checks(report, "endpoint")
    assert (silent.state, answering.text) == (PROBLEM, "cloudformation, sts answer")
    assert silent.text.startswith("ecs does not answer: ")
    assert outcomes(report)["cloudformation:DescribeStackEvents"] == ALLOWED


def test_a_sign_in_page_in_place_of_aws_is_named(site: Sites, player: FaultyPlayer) -> None:
    player.faults.html("*", times=None)
    report = looked_at(site(stacks=("shop",)))
    (said,) = checks(report, "endpoint")
    assert (said.state, report.actions) == (PROBLEM, ())
    assert "begins with '<!DOCTYPE html>" in said.text
    assert "sign-in page" in said.remedy


def test_keys_that_aws_does_not_take_end_the_look(site: Sites, player: FaultyPlayer) -> None:
    """Every further answer would be the same; none of the actions is called denied because of it."""
    player.faults.fail("*", error="ExpiredToken", times=None)
    report = looked_at(site(stacks=("shop",)))
    (said,) = checks(report, "credentials")
    assert (said.state, report.actions) == (PROBLEM, ())
    assert "expired" in said.text


@pytest.mark.parametrize(
    ("off_s", "state", "words"),
    [
        (0, OK, "agrees"),
        (60, NOTE, "1m ahead of"),
        (-60, NOTE, "1m behind"),
        (900, PROBLEM, "15m ahead of"),
    ],
)
def test_the_clock_is_compared_with_awss(
    off_s: int, state: str, words: str, site: Sites, player: FaultyPlayer, clock: ManualClock
) -> None:
    theirs = clock.now() - timedelta(seconds=off_s)
    player.faults.date = lambda: theirs
    (said,) = checks(looked_at(site(stacks=("shop",))), "clock")
    assert (said.state, said.facts["skew_s"]) == (state, off_s)
    assert words in said.text


def test_a_clock_that_aws_refuses_is_reported_with_its_size(
    site: Sites, player: FaultyPlayer, clock: ManualClock
) -> None:
    """The refusal itself says only that the signature is too old."""
    theirs = clock.now() - timedelta(hours=2)
    player.faults.date = lambda: theirs
    said = "Signature not yet current: 20260115T140000Z is still later than 20260115T121500Z"
    player.faults.fail("*", error="SignatureDoesNotMatch", message=said, times=None)
    report = looked_at(site(stacks=("shop",)))
    (clock_check,) = checks(report, "clock")
    assert (clock_check.state, checks(report, "credentials")) == (PROBLEM, [])
    assert "2h ahead of" in clock_check.text


def test_what_is_there_is_said_with_its_state(site: Sites) -> None:
    report = looked_at(site(stacks=("shop", "shop*"), clusters=("main",), services=("main/api", "main/*")))
    assert {check.target: (check.state, check.text) for check in checks(report, "target")} == {
        "stack shop": (OK, "is there, CREATE_IN_PROGRESS"),
        "cluster main": (OK, "is there"),
        "service main/api": (OK, "is there, ACTIVE"),
        "stack shop*": (OK, "matches 2 stacks now"),
        "service main/*": (OK, "matches 1 service now"),
    }


@pytest.mark.parametrize(("is_waiting", "state"), [(True, NOTE), (False, PROBLEM)], ids=["wait", "no wait"])
def test_what_is_not_there_is_waited_for_or_a_problem(is_waiting: bool, state: str, site: Sites) -> None:
    wanted = site(stacks=("nix", "nix-*"), clusters=("nix",), services=("main/nix", "nix/*"))
    found = checks(looked_at(wanted, is_waiting=is_waiting), "target")
    assert {check.state for check in found} == {state}
    assert len(found) == 5


def test_a_mistyped_stack_is_met_with_the_right_name(site: Sites) -> None:
    (said,) = checks(looked_at(site(stacks=("shpo",))), "target")
    assert said.remedy == "did you mean shop?"


def test_a_stack_is_found_without_being_allowed_to_describe_it(site: Sites, player: FaultyPlayer) -> None:
    player.faults.fail("cloudformation:DescribeStacks", error="AccessDenied", times=None)
    (said,) = checks(looked_at(site(stacks=("shop",))), "target")
    assert (said.state, said.text) == (OK, "is there")


def test_an_arn_of_a_stack_is_as_good_as_its_name(site: Sites) -> None:
    report = looked_at(site(stacks=(SHOP.arn,)))
    assert [check.state for check in checks(report, "target")] == [OK]
    assert set(outcomes(report).values()) == {ALLOWED}


def test_a_glob_that_cannot_be_looked_up_is_not_called_absent(site: Sites, player: FaultyPlayer) -> None:
    player.faults.fail("cloudformation:ListStacks", error="AccessDenied", times=None)
    (said,) = checks(looked_at(site(stacks=("shop*",)), is_waiting=False), "target")
    assert (said.state, "could not be looked for" in said.text) == (NOTE, True)
