"""The settings file: TOML into each part's own options, every mistake named by its path."""

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from forensics.archive.end import WriterOptions
from forensics.archive.retention import RetentionOptions
from forensics.aws.budget import BudgetOptions
from forensics.aws.choice import CredentialOptions, RoleKeys, check, check_role
from forensics.aws.client import ClientOptions
from forensics.capture.options import CaptureOptions
from forensics.capture.selection import Wanted
from forensics.errors import SettingsError
from forensics.model.strict import fit
from forensics.notify import KINDS, NotifyOptions, split_command

DEFAULT_ARCHIVE = "./forensics-archive"
ENDS = ("signal", "done")
"""When a recording may end: when told, or when everything that was wanted is at rest."""

REDACTIONS = ("nothing", "secrets")
"""What may be hidden before it is written."""
_RANGES = {
    "capture.jitter": (0.0, 0.5),
    "budget.floor": (0.0, 1.0),
    "budget.recovery": (0.0, 1.0),
}
_ZERO_MEANS = {("capture.jitter", 0.0), ("capture.settle_s", 0.0)}


class ArchiveSettings(WriterOptions, frozen=True, kw_only=True):
    """Where the archive is, and its writer's options."""

    directory: str = DEFAULT_ARCHIVE
    """The archive's directory, relative to the working directory; created where missing, else continued."""


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Our own log, on stderr."""

    format: Literal["text", "json"] = "text"
    """text for people, json for one object a line."""
    level: Literal["debug", "info", "warning", "error"] | None = None
    """The least level shown; None: warning for `run` and the live view, else info."""


class Target(RoleKeys, frozen=True, kw_only=True):
    """What to watch in one account and region; of a role, what is None is taken from `[aws]`."""

    name: str | None = None
    """Names it in logs; None: made from the profile and the region."""
    profile: str | None = None
    """AWS profile; None: that of `aws.profile`, else AWS_PROFILE and the default chain."""
    region: str | None = None
    """AWS region; None: that of `aws.region`, else AWS_REGION, AWS_DEFAULT_REGION or the profile."""
    endpoint_url: str | None = None
    """Where to send calls instead of AWS; None: `aws.endpoint_url`, else AWS_ENDPOINT_URL or the profile."""
    credentials: tuple[CredentialOptions, ...] = ()
    """Where its credentials come from, in the order to try; (): as `credentials` says for all targets."""
    stacks: tuple[str, ...] = ()
    """Stack names, stack ARNs or globs over names."""
    clusters: tuple[str, ...] = ()
    """Cluster names, cluster ARNs or globs over names."""
    services: tuple[str, ...] = ()
    """CLUSTER/NAME, globs in either part, or service ARNs."""

    def label(self) -> str:
        """Return what logs call this target."""
        return self.name or "/".join(part for part in (self.profile, self.region) if part) or "default"

    def wanted(self) -> Wanted:
        """Return the selection alone."""
        return Wanted(stacks=self.stacks, clusters=self.clusters, services=self.services)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a settings file can say."""

    archive: ArchiveSettings = ArchiveSettings()
    retention: RetentionOptions = RetentionOptions()
    targets: tuple[Target, ...] = ()
    aws: ClientOptions = ClientOptions()
    credentials: tuple[CredentialOptions, ...] = ()
    """Where credentials come from, in the order to try; (): what the AWS CLI would find."""
    budget: BudgetOptions = BudgetOptions()
    capture: CaptureOptions = CaptureOptions()
    on_event: NotifyOptions = NotifyOptions()
    log: LogSettings = LogSettings()


def load(path: Path) -> Settings:
    """Return what a settings file says, with defaults for what it leaves out.

    Raises:
        SettingsError: The file is missing, unreadable, not TOML (with the line), or says something that
            is unknown, of the wrong type or impossible (with the key's path).
    """
    try:
        values = tomllib.loads(path.read_bytes().decode())
    except FileNotFoundError as error:
        raise SettingsError(
            f"{path}: no such settings file", hint="config/forensics.toml shows every key"
        ) from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 at byte {error.start}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}") from error
    try:
        return parse(values)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error.message}", hint=error.hint) from error


def parse(values: dict[str, Any]) -> Settings:
    """Return settings from decoded TOML.

    Raises:
        SettingsError: As `load`, without the file's name.
    """
    settings = fit(values, Settings)
    _check_numbers(settings, "")
    _check_credentials(settings)
    _check_choice("capture.until", settings.capture.until, ENDS)
    _check_choice("capture.redact", settings.capture.redact, REDACTIONS)
    for index, kind in enumerate(settings.on_event.kinds):
        _check_choice(f"on_event.kinds[{index}]", kind, KINDS)
    if settings.on_event.command:
        split_command(settings.on_event.command)
    check_labels(settings.targets)
    # A rate in the file stands beside the defaults for the other services, not in their place.
    rates = {**BudgetOptions().rates, **settings.budget.rates}
    return msgspec.structs.replace(settings, budget=msgspec.structs.replace(settings.budget, rates=rates))


def _check_numbers(value: Any, path: str) -> None:
    """Refuse numbers that no option can mean, wherever they stand.

    Raises:
        SettingsError: A number is not finite, is negative, or is 0 where 0 would mean never or nothing.
    """
    match value:
        case msgspec.Struct():
            for field in value.__struct_fields__:
                _check_numbers(getattr(value, field), f"{path}.{field}" if path else field)
        case dict():
            for key, inner in value.items():
                _check_numbers(inner, f"{path}.{key}")
        case tuple():
            for index, inner in enumerate(value):
                _check_numbers(inner, f"{path}[{index}]")
        case int() | float() if not isinstance(value, bool):
            least, most = _RANGES.get(path, (0.0, math.inf))
            if not (least < value < math.inf and value <= most) and (path, value) not in _ZERO_MEANS:
                limit = (
                    "a finite number above 0" if most == math.inf else f"above {least:g}, at most {most:g}"
                )
                raise SettingsError(f"{path} = {value}: expected {limit}")
        case _:
            pass


def _check_credentials(settings: Settings) -> None:
    _check_role(settings.aws, "aws")
    for index, one in enumerate(settings.credentials):
        check(one, f"credentials[{index}]")
    for place, target in enumerate(settings.targets):
        _check_role(target, f"targets[{place}]")
        for index, one in enumerate(target.credentials):
            check(one, f"targets[{place}].credentials[{index}]")


def _check_role(options: RoleKeys, path: str) -> None:
    check_role(options, f"{path}.role_arn", f"{path}.role_duration_s")


def _check_choice(path: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(f'{path} = "{value}": unknown', hint=f"one of {', '.join(choices)}")


def check_labels(targets: Sequence[Target]) -> None:
    """Refuse targets that logs and reloads could not tell apart.

    Raises:
        SettingsError: Two have the same name.
    """
    seen: dict[str, int] = {}
    for index, target in enumerate(targets):
        first = seen.setdefault(target.label(), index)
        if first != index:
            raise SettingsError(
                f'targets[{index}] has the same name as targets[{first}]: "{target.label()}"',
                hint="give each its own name",
            )
