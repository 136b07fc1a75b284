"""Several sources as one: the first that gives credentials which AWS takes."""

from datetime import datetime, timedelta

import pytest
from botocore.credentials import Credentials
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from forensics.aws.credential_files import Stamp
from forensics.aws.opened import OnePlace, Opened
from forensics.aws.ordered import Ordered
from forensics.aws.origin import Origin
from forensics.errors import AwsError, CredentialsAbsent, CredentialsExpired, CredentialsInvalid, Unreachable
from tests.support.clock import ManualClock

SESSION = Session()
CLOCK = ManualClock()


class Written(OnePlace):
    """A source that gives what a test says."""

    def __init__(self, name: str, given: str | AwsError, *, ends_at: datetime | None = None) -> None:
        self.origin = Origin(name=name)
        self.given = given
        self.ends_at = ends_at

    def open(self) -> Opened:
        if isinstance(self.given, AwsError):
            raise self.given
        credentials = Credentials(self.given, "secret", method="env")
        return Opened(
            session=SESSION, credentials=credentials, region="r", origin=self.origin, noted_end=self.ends_at
        )

    def stamp(self) -> Stamp:
        return ((self.origin.name, 0, 0, 0),)


def key_of(ordered: Ordered) -> str:
    key: str = ordered.open().credentials.access_key
    return key


def refuse(ordered: Ordered) -> str:
    opened = ordered.open()
    ordered.refuse(opened)
    key: str = opened.credentials.access_key
    return key


def test_the_first_that_gives_any_is_taken() -> None:
    nobody = Written("a", CredentialsAbsent("none"))
    assert key_of(Ordered([nobody, Written("b", "B"), Written("c", "C")], CLOCK)) == "B"


def test_what_aws_refused_is_passed_over_until_its_source_gives_something_new() -> None:
    first = Written("a", "A1")
    ordered = Ordered([first, Written("b", "B")], CLOCK)
    assert refuse(ordered) == "A1"
    assert key_of(ordered) == "B"
    first.given = "A2"
    assert key_of(ordered) == "A2"


def test_what_aws_accepts_after_all_is_passed_over_no_more() -> None:
    """Somebody pushes the same keys again, when every region has heard of them."""
    ordered = Ordered([Written("a", "A"), Written("b", "B")], CLOCK)
    first = ordered.open()
    ordered.refuse(first)
    assert key_of(ordered) == "B"
    ordered.accept(first)
    assert key_of(ordered) == "A"


def test_where_all_were_refused_each_comes_again_in_turn() -> None:
    """New keys are not known everywhere in AWS at once; a policy may have changed."""
    ordered = Ordered([Written("a", "A"), Written("b", "B"), Written("c", "C")], CLOCK)
    assert [refuse(ordered) for _ in range(7)] == ["A", "B", "C", "A", "B", "C", "A"]


def test_credentials_whose_noted_end_has_come_are_taken_only_where_there_is_nothing_else() -> None:
    """The note may be wrong, and so may be our clock."""
    ended = Written("a", "A", ends_at=CLOCK.now() - timedelta(minutes=1))
    assert key_of(Ordered([ended, Written("b", "B")], CLOCK)) == "B"
    assert key_of(Ordered([ended, Written("b", CredentialsAbsent("none"))], CLOCK)) == "A"


def test_where_none_gives_any_all_are_named_and_the_most_telling_error_comes_first() -> None:
    sources = [
        Written("a", CredentialsAbsent("no file")),
        Written("b", Unreachable("no answer")),
        Written("c", CredentialsExpired("token is gone", code="ExpiredToken")),
    ]
    ordered = Ordered(sources, CLOCK)
    with pytest.raises(CredentialsExpired, match=r"token is gone; no file; no answer") as caught:
        ordered.open()
    assert caught.value.code == "ExpiredToken"
    assert ordered.origin.name == "c"


def test_credentials_that_a_later_source_will_follow_count_as_renewed() -> None:
    """Nobody has to come for keys of the environment that a role takes over from."""
    later = Written("b", "B")
    later.origin = Origin(name="b", renews=True)
    assert Ordered([Written("a", "A"), later], CLOCK).open().origin.renews
    assert not Ordered([Written("a", "A"), Written("c", "C")], CLOCK).open().origin.renews


def test_the_stamp_is_of_all_sources() -> None:
    assert len(Ordered([Written("a", "A"), Written("b", "B")], CLOCK).stamp()) == 2


@given(
    st.lists(st.sampled_from(["good", "dead", "absent", "denied"]), min_size=1, max_size=5),
)
def test_a_good_source_is_found_wherever_it_stands(kinds: list[str]) -> None:
    """As many refusals as there are dead keys, and never one more."""
    given = {"absent": CredentialsAbsent("none"), "denied": CredentialsInvalid("no", code="AccessDenied")}
    sources = [Written(f"{place}", given.get(kind, f"{kind}{place}")) for place, kind in enumerate(kinds)]
    ordered = Ordered(sources, CLOCK)
    for _ in range(kinds.count("dead") + 1):
        try:
            opened = ordered.open()
        except AwsError:
            assert "good" not in kinds
            assert "dead" not in kinds
            return
        if opened.credentials.access_key.startswith("good"):
            return
        ordered.refuse(opened)
    assert "good" not in kinds
