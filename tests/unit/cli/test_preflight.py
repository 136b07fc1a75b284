"""What keeps a recording from starting, told apart by its exit code and by what to do."""

import pytest

from forensics.capture.selection import Site, Wanted
from forensics.cli.preflight import check_credentials
from forensics.errors import AwsError, CredentialsAbsent, CredentialsExpired, Unreachable
from forensics.model.credentials import DENIED, NEEDS_PERSON, CredentialStanding
from forensics.serve.history import History
from tests.support.capture_fakes import EndpointDoor
from tests.support.clock import ManualClock


def site(error: AwsError, state: str, command: str = "") -> Site:
    """Return a site whose credentials cannot be read."""
    door = EndpointDoor(History.of([]), ManualClock())
    door.stands = CredentialStanding(state=state, source="profile x", command=command, detail=error.message)

    def renew() -> None:
        raise error

    door.renew = renew  # type: ignore[method-assign]
    return Site(label="main", door=door, wanted=Wanted(stacks=("shop",)))


def test_a_login_that_has_ended_is_253_with_the_command_to_type() -> None:
    """The person is still there."""
    ended = site(CredentialsExpired("the token has expired"), NEEDS_PERSON, "aws sso login --profile x")
    with pytest.raises(AwsError) as caught:
        check_credentials([ended])
    assert caught.value.exit_code == 253
    assert caught.value.hint == "run `aws sso login --profile x`, then start again"


def test_a_role_that_may_not_be_assumed_is_254() -> None:
    """No login helps; a policy must change."""
    with pytest.raises(AwsError, match="not authorized") as caught:
        check_credentials([site(CredentialsAbsent("not authorized to assume"), DENIED)])
    assert caught.value.exit_code == 254


def test_a_source_that_does_not_answer_keeps_nothing_from_starting() -> None:
    """It may answer in a minute."""
    check_credentials([site(Unreachable("no answer"), NEEDS_PERSON)])
