"""The flags that say with whose credentials to record, made into settings."""

from datetime import timedelta
from typing import Any

import msgspec

from forensics.aws.choice import CredentialOptions, RoleKeys, check_role
from forensics.errors import UsageError
from forensics.settings import Settings


class IdentityFlags(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line said of credentials; None where it said nothing."""

    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    session_name: str | None = None
    duration: timedelta | None = None
    github_oidc_role: str | None = None


def credentials_given(
    flags: IdentityFlags, settings: tuple[CredentialOptions, ...]
) -> tuple[CredentialOptions, ...]:
    """Return the sources of credentials; a flag that names one takes the place of those of the file.

    Raises:
        UsageError: The flags contradict each other, or a role's ARN is none.
    """
    if flags.github_oidc_role is None:
        return settings if flags.profile is None else ()
    if flags.profile is not None:
        raise UsageError(
            "--profile and --github-oidc-role name two sources of credentials",
            hint="give one of them; [[credentials]] in a settings file tries several in order",
        )
    source = CredentialOptions(
        kind="github-oidc",
        role_arn=flags.github_oidc_role,
        session_name=flags.session_name,
        # With a second role on top, the flag is about that one.
        role_duration_s=_seconds(flags.duration) if flags.role_arn is None else None,
    )
    check_role(source, "--github-oidc-role", "--duration")
    return (source,)


def role_given(flags: IdentityFlags, settings: Settings) -> dict[str, Any]:
    """Return what the flags say of the role that is taken with whatever credentials there are.

    Raises:
        UsageError: There is no role that it could be of, or what is given is no role's ARN.
    """
    if not (flags.role_arn or settings.aws.role_arn or any(one.role_arn for one in settings.targets)):
        _refuse_without_role(flags)
        return {}
    keys = RoleKeys(
        role_arn=flags.role_arn,
        external_id=flags.external_id,
        session_name=flags.session_name,
        role_duration_s=_seconds(flags.duration),
    )
    check_role(keys, "--role-arn", "--duration")
    return {name: value for name, value in msgspec.structs.asdict(keys).items() if value is not None}


def _refuse_without_role(flags: IdentityFlags) -> None:
    """Refuse what is said of a role where there is none.

    Raises:
        UsageError: It is named.
    """
    given: dict[str, object] = {"--external-id": flags.external_id}
    if flags.github_oidc_role is None:
        given |= {"--session-name": flags.session_name, "--duration": flags.duration}
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} has no meaning without a role", hint="give --role-arn")


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else int(duration.total_seconds())
