"""Which credentials calls are signed with, when many threads ask and one door follows another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.aws.choice import CredentialOptions
from forensics.aws.client import Client
from forensics.aws.pushed import Keys
from forensics.errors import CredentialsExpired
from tests.support.clock import ManualClock
from tests.support.faults import FaultyPlayer
from tests.unit.aws.test_credentials import NEW_KEY, ask, keys_seen, write_keys

PUSHED = "AKIDPUSHED0000000001"


def test_many_threads_follow_a_rewritten_file_with_one_reading(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client]
) -> None:
    """Sixteen polls in flight must not read the file sixteen times, nor wait for each other."""
    write_keys(home)
    door = door_to(player.url)
    ask(door)
    write_keys(home, NEW_KEY)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, [door] * 48))
    assert door.renewals == 1
    assert keys_seen(player)[-1] == NEW_KEY


def test_many_threads_whose_keys_ended_take_the_next_source_together(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], keys: None
) -> None:
    """Each refused call is asked again with the new keys, and none is lost."""
    write_keys(home, NEW_KEY, profile="spare")
    sources = [CredentialOptions(kind="environment"), CredentialOptions(kind="profile", profile="spare")]
    door = door_to(player.url, credentials=sources)
    ask(door)
    player.faults.fail("*", error="ExpiredToken", access_key=keys_seen(player)[0], times=None)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, [door] * 48))
    assert door.renewals == 1
    assert door.whoami()["source"] == "shared-credentials-file"


def test_pushed_keys_survive_a_reload_and_end_when_they_end(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], clock: ManualClock
) -> None:
    """A reload makes new doors; whoever pushed keys has gone to bed."""
    write_keys(home)
    former, door = door_to(player.url), door_to(player.url)
    ends_at = clock.now() + timedelta(hours=1)
    former.adopt(Keys(access_key_id=PUSHED, secret_access_key="any", expires_at=ends_at), account=None)
    door.succeed(former)
    ask(door)
    assert keys_seen(player)[-1] == PUSHED
    assert door.expires_at() == ends_at
    player.faults.fail("*", error="ExpiredToken", access_key=PUSHED, times=None)
    ask(door)
    assert keys_seen(player)[-1] != PUSHED
    assert door.standing().source == "profile default"


def test_a_call_gives_up_where_every_source_is_refused(
    home: Path, player: FaultyPlayer, door_to: Callable[..., Client], keys: None
) -> None:
    """As many calls as there are sources, then the error: no loop."""
    write_keys(home, NEW_KEY, profile="spare")
    sources = [CredentialOptions(kind="environment"), CredentialOptions(kind="profile", profile="spare")]
    door = door_to(player.url, credentials=sources)
    player.faults.fail("*", error="ExpiredToken", times=None)
    with pytest.raises(CredentialsExpired):
        ask(door)
    assert len(keys_seen(player)) == 2
