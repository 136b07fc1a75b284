"""Which sources of credentials there are, and in which order, as settings and flags say it."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec
from msgspec.structs import replace

from forensics.aws import chain, origin
from forensics.aws.chain import Chain
from forensics.aws.github import mint
from forensics.aws.opened import CredentialSource
from forensics.aws.ordered import Ordered
from forensics.aws.origin import Origin
from forensics.aws.pushed import Pushed
from forensics.aws.roles import AssumedRole, RoleOptions, TokenRole, token_file_role
from forensics.aws.sessions import ChainOptions
from forensics.errors import SettingsError
from forensics.model.clock import Clock

Kind = Literal[
    "chain", "profile", "environment", "process", "web-identity", "container", "instance-metadata",
    "github-oidc",
]  # fmt: skip

_ROLE_KEYS = ("role_arn", "session_name", "role_duration_s")
_KEYS: dict[str, tuple[str, ...]] = {
    "profile": ("profile", "external_id", *_ROLE_KEYS),
    "process": ("command", "timeout_s", "external_id", *_ROLE_KEYS),
    "web-identity": ("token_file", *_ROLE_KEYS),
    "github-oidc": _ROLE_KEYS,
}
_OTHER_KEYS = ("external_id", *_ROLE_KEYS)
_LEAST_S, _MOST_S = 900, 43_200


class RoleKeys(msgspec.Struct, frozen=True, kw_only=True):
    """A role that is taken with other credentials."""

    role_arn: str | None = None
    """None: none is taken."""
    external_id: str | None = None
    """What the role's owner asks for; None: nothing."""
    session_name: str | None = None
    """What CloudTrail calls the role's session; None: ``forensics``."""
    role_duration_s: int | None = None
    """Seconds that one session lasts, 900 to 43200; None: an hour."""


class CredentialOptions(RoleKeys, frozen=True, kw_only=True):
    """One source of credentials, and the role to take with it.

    With ``web-identity`` and ``github-oidc`` the role is the one that the token is for.
    """

    kind: Kind = "chain"
    """What it is: ``chain`` is what the AWS CLI would find."""
    profile: str | None = None
    """With ``profile``: its name; None: that of the target or of `aws.profile`."""
    command: str | None = None
    """With ``process``: the program and its arguments, as in ``credential_process``."""
    timeout_s: float = 30.0
    """With ``process``: seconds that a run may take."""
    token_file: str | None = None
    """With ``web-identity``: the file with the token; None: AWS_WEB_IDENTITY_TOKEN_FILE."""


def check(options: CredentialOptions, path: str) -> None:
    """Refuse a source of which a key is missing, or has no meaning for its kind.

    Args:
        options: The source.
        path: What the settings call it, such as ``credentials[0]``.

    Raises:
        SettingsError: The key is named by its path.
    """
    known = _KEYS.get(options.kind, _OTHER_KEYS)
    for field in msgspec.structs.fields(CredentialOptions):
        is_given = getattr(options, field.name) != field.default
        if is_given and field.name != "kind" and field.name not in known:
            raise SettingsError(
                f'{path}.{field.name}: has no meaning with kind = "{options.kind}"',
                hint=f"known here: {', '.join(known)}",
            )
    if options.kind == "process" and not options.command:
        raise SettingsError(f'{path}.command: missing; kind = "process" needs it')
    if options.kind == "github-oidc" and not options.role_arn:
        raise SettingsError(f'{path}.role_arn: missing; kind = "github-oidc" needs it')
    if not options.role_arn and options.kind != "web-identity":
        for name in ("external_id", "session_name", "role_duration_s"):
            if getattr(options, name) is not None:
                raise SettingsError(f"{path}.{name}: has no meaning without {path}.role_arn")
    check_role(options, f"{path}.role_arn", f"{path}.role_duration_s")


def check_role(options: RoleKeys, arn_name: str, duration_name: str) -> None:
    """Refuse what can be no role, or no time of one.

    Args:
        options: The keys.
        arn_name: What the person calls the role's ARN, such as ``aws.role_arn`` or ``--role-arn``.
        duration_name: What the person calls the session's length.

    Raises:
        SettingsError: One of them is named.
    """
    role_arn, duration_s = options.role_arn, options.role_duration_s
    parts = (role_arn or "").split(":", 5)
    if role_arn is not None and not (
        len(parts) == 6 and parts[0] == "arn" and parts[2] == "iam" and parts[5].startswith("role/")
    ):
        raise SettingsError(
            f'{arn_name} = "{role_arn}": no role\'s ARN',
            hint="write it as arn:aws:iam::123456789012:role/NAME",
        )
    if duration_s is not None and not _LEAST_S <= duration_s <= _MOST_S:
        raise SettingsError(f"{duration_name} = {duration_s}: expected {_LEAST_S} to {_MOST_S} seconds")


def role_of(options: RoleKeys) -> RoleOptions | None:
    """Return the role that settings name, None where they name none."""
    if options.role_arn is None:
        return None
    return RoleOptions(
        role_arn=options.role_arn,
        external_id=options.external_id,
        session_name=options.session_name,
        duration_s=options.role_duration_s,
    )


def source_of(
    credentials: Sequence[CredentialOptions],
    role: RoleOptions | None,
    options: ChainOptions,
    clock: Clock,
    pushed: Pushed,
) -> CredentialSource:
    """Return the sources as one: what was handed over, then the others in their order.

    Args:
        credentials: In the order to try; () is botocore's chain.
        role: Taken with whatever they give; None: none.
        options: Profile and region of the target, endpoint and time limits.
        clock: What tells how long credentials still last.
        pushed: The place for credentials that are handed over.
    """
    sources = [_one(one, options, clock) for one in credentials] or [Chain(options, clock)]
    base: CredentialSource = sources[0] if len(sources) == 1 else Ordered(sources, clock)
    if role is not None:
        base = AssumedRole(base, role, options, clock)
    return Ordered((pushed, base), clock)


def profile_of(credentials: Sequence[CredentialOptions], profile: str | None) -> str | None:
    """Return the profile that may name the region: the target's, else the first among the sources."""
    return profile or next((one.profile for one in credentials if one.profile), None)


def _one(one: CredentialOptions, options: ChainOptions, clock: Clock) -> CredentialSource:
    role = role_of(one)
    if role is not None and one.kind == "github-oidc":
        return TokenRole(
            partial(mint, options.read_timeout_s), role, replace(options, profile=None), clock,
            method="github-oidc", origin=Origin(name="GitHub OIDC", renews=True),
        )  # fmt: skip
    if one.kind == "web-identity":
        return token_file_role(one.token_file, role, replace(options, profile=None), clock)
    source = _chain_of(one, options, clock)
    return source if role is None else AssumedRole(source, role, options, clock)


def _chain_of(one: CredentialOptions, options: ChainOptions, clock: Clock) -> Chain:
    bare = replace(options, profile=None)
    match one.kind:
        case "environment":
            return Chain(bare, clock, only=chain.ENVIRONMENT, origin=origin.ENVIRONMENT)
        case "container":
            return Chain(bare, clock, only=chain.CONTAINER, origin=origin.CONTAINER)
        case "instance-metadata":
            return Chain(bare, clock, only=chain.INSTANCE, origin=origin.INSTANCE)
        case "process":
            timed = replace(bare, process_timeout_s=one.timeout_s)
            place = Origin(name="credential process", renews=True)
            return Chain(timed, clock, only=chain.PROCESS, origin=place, command=one.command)
        case "profile":
            named = replace(options, profile=one.profile or options.profile or "default")
            return Chain(named, clock, only=chain.PROFILE)
        case _:
            return Chain(options, clock)
