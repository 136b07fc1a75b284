"""One way to AWS as it stands: whose credentials, whether they work, when to ask again."""

from collections import Counter
from datetime import datetime
from typing import Any

import msgspec

from forensics.aws.door import Door
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Site
from forensics.errors import AwsError
from forensics.model.clock import to_rfc3339
from forensics.model.identity import Stream, parse_arn
from forensics.model.record import JsonObject


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
    stamp: Any = None
    """State of the credential files when the site paused."""
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


def identify(label: str, door: Door, *, renew: bool) -> Identified:
    """Ask AWS whose credentials are in use.

    Args:
        label: The site's.
        door: The site's way to AWS.
        renew: Read the credentials anew first.

    Returns:
        The identity, or the error; nothing escapes as an exception.
    """
    try:
        if renew:
            door.renew()
        return Identified(label=label, who=door.whoami())
    except AwsError as error:
        return Identified(label=label, error=error)
    except Exception as error:  # noqa: BLE001  a credential plug-in may raise anything; probing goes on
        return Identified(label=label, error=AwsError(f"credentials: {type(error).__name__}: {error}"))


def probe_delay_s(state: SiteState, options: CaptureOptions) -> float:
    """Return the delay before the next probe of the credentials, seconds, without jitter."""
    return min(options.probe_ceiling_s, options.probe_base_s * 2.0 ** min(state.probes, 20))


def place_from(who: JsonObject) -> tuple[str, str]:
    """Return the partition and account that an identity names."""
    arn = parse_arn(str(who.get("arn", "")))
    account = str(who.get("account") or (arn.account if arn else ""))
    return (arn.partition if arn else "aws"), account


def identity_of(state: SiteState, who: JsonObject) -> JsonObject:
    """Return what the archive keeps of an identity: five named values, never anything else.

    The expiry is the door's own, so that two ways of writing one moment are not two identities.
    """
    expires_at = state.site.door.expires_at()
    return {
        "account": who.get("account"),
        "arn": who.get("arn"),
        "source": who.get("source"),
        "region": who.get("region") or state.region,
        "expires_at": to_rfc3339(expires_at) if expires_at else who.get("expires_at"),
    }
