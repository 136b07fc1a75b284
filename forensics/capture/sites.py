"""One way to AWS as it stands: whose credentials, whether they work, when to ask again."""

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from forensics.aws.door import Door
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site
from forensics.errors import AwsError, CredentialsError
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream, parse_arn
from forensics.model.record import Gap, JsonObject


class SiteState(msgspec.Struct, kw_only=True, eq=False):
    """What is known of a site in this run."""

    site: Site
    account: str | None = None
    partition: str = "aws"
    who: JsonObject | None = None
    """The identity as last recorded."""
    paused_because: str | None = None
    paused_since: datetime | None = None
    blind_since: datetime | None = None
    """Start of the last outage: stacks deleted after it may have come and gone unseen."""
    paused_reason: str = "credentials"
    checked: Any = None
    """Which credentials were in use when it was last asked whose they are; None before the first look."""
    is_stale: bool = False
    """Others have come since then, and it must be asked whose they are."""
    verified_s: float | None = None
    """When the last answer to it came, on the recording's seconds."""
    held_until_s: float = 0.0
    """Polls wait until then for the answer."""
    is_identifying: bool = False
    said: JsonObject | None = None
    """How the credentials stand, as last recorded."""
    warned: tuple[datetime | None, float] | None = None
    """Which end was warned of, and so many seconds ahead at the latest."""
    swept_before: datetime | None = None
    """Before which end every stream has been polled once more."""
    probes: int = 0
    """Probes since the last good poll: their delay grows with it."""
    identify_failures: int = 0
    discover_failures: int = 0
    is_looked_for: bool = False
    """The first look for what names and globs mean has been sent."""
    is_resolved: bool = False
    """Names and globs of stacks have been looked up once since the selection was set."""
    survey: Stream | None = None
    is_listing_refused: bool = False
    """IAM does not allow ListStacks: names are asked for one by one."""
    refused_actions: set[str] = msgspec.field(default_factory=set)
    looked_at: datetime | None = None
    """When it was last seen, of everything that was asked for, what there is; None before."""
    look_error: AwsError | None = None
    """Why the last look failed; None after a good one."""
    look_gap: Gap | None = None
    """The time in which nobody could look, as it stands in the archive; None while one can."""
    look_number: int = 0
    parked: set[Stream] = msgspec.field(default_factory=set)
    """Streams that came due while the site was paused."""
    in_flight: Counter[str] = msgspec.field(default_factory=Counter)
    """Calls that have not come back, by lane: a source's name, or an errand's kind."""
    heard: dict[str, bool] = msgspec.field(default_factory=dict)
    """Whether the last call of each lane was answered at all, be it with an error."""
    calls: int = 0

    @property
    def label(self) -> str:
        """The site's name."""
        return self.site.label

    @property
    def region(self) -> str:
        """The region that its calls go to."""
        return self.site.door.region

    @property
    def may_answer(self) -> bool:
        """Whether a call that is out will probably be answered; a lane that is new is as the others."""
        is_there = any(self.heard.values())
        return any(count and self.heard.get(lane, is_there) for lane, count in self.in_flight.items())

    @property
    def is_paused(self) -> bool:
        """Whether nothing of it is polled now."""
        return self.paused_because is not None


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """What came of asking whose credentials are in use."""

    label: str
    who: JsonObject | None = None
    error: AwsError | None = None
    calls: int = 1
    in_use: object = None
    """What `in_use` said just before AWS was asked."""


def in_use(door: Door) -> object:
    """Return what differs whenever a door may have other credentials than before."""
    return door.credentials_stamp(), door.standing().source


def identify(label: str, door: Door, *, renew: bool, insist: bool) -> Identified:
    """Ask AWS whose credentials are in use.

    Args:
        label: The site's.
        door: The site's way to AWS.
        renew: Read the credentials anew first.
        insist: Where they cannot be read anew, do not ask with the old ones: those do not work.

    Returns:
        The identity, or the error; both where the old ones are still in use. Nothing escapes as an exception.
    """
    # Before they are read: a file that changes in between is then seen to have changed since.
    stamp = door.credentials_stamp()
    who: JsonObject | None = None
    unread: AwsError | None = None
    calls = 1
    try:
        if renew:
            unread = _renew(door)
        if unread is not None and insist:
            calls = 0
        else:
            who = door.whoami()
    except AwsError as error:
        unread = error
    except Exception as error:  # noqa: BLE001  a credential plug-in may raise anything; probing goes on
        unread = AwsError(f"credentials: {type(error).__name__}: {error}")
    used = (stamp, door.standing().source)
    return Identified(label=label, who=who, error=unread, calls=calls, in_use=used)


def _renew(door: Door) -> CredentialsError | None:
    try:
        door.renew()
    except CredentialsError as error:
        return error
    return None


def probe_delay_s(state: SiteState, options: CaptureOptions) -> float:
    """Return the delay before the next probe of the credentials, seconds, without jitter."""
    return min(options.probe_ceiling_s, options.probe_base_s * 2.0 ** min(state.probes, 20))


def place_from(who: JsonObject) -> tuple[str, str]:
    """Return the partition and account that an identity names."""
    arn = parse_arn(str(who.get("arn", "")))
    account = str(who.get("account") or (arn.account if arn else ""))
    return (arn.partition if arn else "aws"), account


def identity_of(state: SiteState, who: JsonObject) -> JsonObject:
    """Return what the archive keeps of an identity: six named values, never anything else.

    The expiry is the door's own, so that two ways of writing one moment are not two identities.
    """
    expires_at = state.site.door.expires_at()
    return {
        "site": state.label,
        "account": who.get("account"),
        "arn": who.get("arn"),
        "source": who.get("source"),
        "region": who.get("region") or state.region,
        "expires_at": to_rfc3339(expires_at) if expires_at else who.get("expires_at"),
    }
