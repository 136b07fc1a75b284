"""Names of ours: one for each value, each of one value, in the shape the value had."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis.reasons import normalised
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.reveal import revealed
from tests.support.redaction import KEY

_VALUES = st.one_of(
    st.text(min_size=1),
    st.from_regex(r"\d{1,14}", fullmatch=True),
    st.from_regex(r"[a-z]{1,9}-[0-9a-f]{8}", fullmatch=True),
    st.from_regex(r"[a-z]{1,3}@[a-z]{1,3}\.[a-z]{2}", fullmatch=True),
    st.ip_addresses().map(str),
    st.uuids().map(str),
)


@given(st.lists(_VALUES, unique=True, max_size=50))
def test_no_two_values_have_one_name(values: list[str]) -> None:
    names = Pseudonyms(KEY)
    given_names = {value: names.name(value) for value in values if not names.is_name(value)}
    assert len(set(given_names.values())) == len(given_names)
    assert all(names.name(value) == name for value, name in given_names.items())
    assert all(names.known()[name] == value for value, name in given_names.items())


@given(st.lists(_VALUES, unique=True, max_size=20))
def test_a_name_does_not_depend_on_when_it_was_asked_for(values: list[str]) -> None:
    """Else bundles of one case would call a value by several names: the map is lost, the key is not."""
    one, two = Pseudonyms(KEY), Pseudonyms(KEY)
    plain = [value for value in values if len(value) > 8]
    assert [one.name(value) for value in plain] == [two.name(value) for value in reversed(plain)][::-1]


def test_values_that_would_share_a_name_get_longer_ones() -> None:
    """Numbers of six digits are few: more values than that many names still have one each."""
    names = Pseudonyms(KEY)
    given_names = {names.name(f"10.{high}.{low}.1") for high in range(40) for low in range(250)}
    assert len(given_names) == 10_000


def test_another_key_gives_other_names() -> None:
    assert Pseudonyms(KEY).name("acme") != Pseudonyms(b"x" * 32).name("acme")


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("123456789012", r"9999\d{8}"),
        ("10.20.0.7", r"198\.1[89]\.\d+\.\d+"),
        ("2600:1f18::7", r"2001:db8:.+"),
        ("0a:1b:2c:3d:4e:5f", r"02(:[0-9a-f]{2}){5}"),
        ("alice@acme.com", r"anon[a-z]+@anon[a-z]+\.example"),
        ("db.internal.acme.com", r"anon[a-z]+\.example"),
        ("subnet-0e5e5e67a1f6d6a8a", r"subnet-0[0-9a-f]{16}"),
        ("sg-12345678", r"sg-0[0-9a-f]{7}"),
        ("53ef3ecd-2736-5d51-a659-fe7b331ccd8b", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("sha256:" + "ab" * 32, r"sha256:[0-9a-f]{64}"),
        ("acme-ledger", r"anon[a-z]{8}"),
    ],
)
def test_a_name_has_the_shape_of_its_value(value: str, shape: str) -> None:
    name = Pseudonyms(KEY).name(value)
    assert re.fullmatch(shape, name)
    assert name != value
    if "." in value and value[0].isdigit():
        ipaddress.ip_address(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ip-10-0-1-5", "ip-10-0-1-77"),
        ("task-1", "task-2"),
        ("host1.acme.com", "host2.acme.com"),
        ("user1@acme.com", "user2@acme.com"),
        ("assets-1a2b3c4d5e6f", "assets-f6e5d4c3b2a1"),
        ("job-53ef3ecd-2736-5d51-a659-fe7b331ccd8b", "job-0b6f4e3a-31de-5d51-a659-fe7b331ccd8b"),
    ],
)
def test_values_that_differ_in_numbers_have_names_that_do(one: str, other: str) -> None:
    """Tasks are grouped by their reason without its numbers: redacted ones group alike."""
    names = Pseudonyms(KEY)
    assert names.name(one) != names.name(other)
    assert normalised(names.name(one)) == normalised(names.name(other))


@given(st.lists(st.from_regex(r"[a-z]{3,9}[0-9]{0,3}", fullmatch=True), unique=True, min_size=1, max_size=9))
def test_what_was_hidden_can_be_revealed(values: list[str]) -> None:
    names = Pseudonyms(KEY)
    hidden = " and ".join(f"arn:aws:s3:::{names.name(value)}/x" for value in values)
    shown, count = revealed(hidden, names.known())
    assert shown == " and ".join(f"arn:aws:s3:::{value}/x" for value in values)
    assert count == len(values)


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Pseudonyms(b"short")
