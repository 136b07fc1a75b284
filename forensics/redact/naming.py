"""Names of things: which stay, which are hidden, and how the parts of a composed one are told apart."""

import re

from forensics.model.identity import Arn, parse_arn
from forensics.redact.forms import looks_secret
from forensics.redact.pseudonyms import Pseudonyms, address_of
from forensics.redact.words import (
    is_code,
    is_region,
    is_resource_type,
    kinds,
    open_hosts,
    services,
)

_PUBLIC_SHAPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ID = re.compile(r"[0-9a-f]{8,32}|\d{1,20}")
_DEPLOYMENT = re.compile(r"ecs-svc/\d{1,20}")
_IMAGE = re.compile(r"[A-Za-z0-9][\w.-]*(?::\d{1,5}(?=/))?(?:/[a-z0-9][\w.-]*)*(?::[\w.-]{1,128})?")
_TAG = re.compile(r"[A-Za-z0-9_][\w.-]{0,127}", re.ASCII)
_COMMIT = re.compile(r"^[0-9a-f]{7,16}$|(?:^|[-_.])(?:[0-9a-f]{40}|[0-9a-f]{64})$")
"""What a tag is, or ends with: a commit, short or whole, or a digest."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)", re.ASCII)
"""An account's number, as names of Service Catalog and of buckets have it inside."""
_MINUTE = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d", re.ASCII)
"""A tag that says when an image was built, to the minute, has as many digits as an account's number."""
_CONTENT_DIGEST = re.compile(r"[0-9a-f]{12}")
_OPEN_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_AWS_NAMES = re.compile(
    r"AWSServiceRoleFor\w+|aws-service-role|[a-z0-9.-]+\.amazonaws\.com|aws-reserved|service-role"
)
_SERVICE_ROLE = "AWSServiceRoleFor"
"""How the names of roles begin that AWS makes for itself; people call resources by them."""
_SEVERAL_WORDS = re.compile(r"[a-z][A-Z]|[-_0-9]")
_SECRET_SUFFIX = re.compile(r"(.+)-([A-Za-z0-9]{6})")
_WITHOUT_KINDS = frozenset(["s3", "sns", "sqs", "execute-api", "codecommit", "firehose"])
"""Services in whose ARNs the name stands first."""
_ECS_IDS = {
    "cluster": 0, "service": 0, "task": 1, "container": 2, "task-definition": 0, "service-deployment": 1,
    "service-revision": 1, "task-set": 1, "container-instance": 1, "capacity-provider": 0, "daemon": 0,
    "daemon-deployment": 1,
}  # fmt: skip
"""Kinds of things of ECS: how many parts at the end of an ARN are ids, the others are names."""


class Naming:
    """Decides about the names of one export.

    Args:
        names: What hidden names become.
        strict: Stacks, services, clusters and resources have no name of their own either.
    """

    def __init__(self, names: Pseudonyms, *, strict: bool = False) -> None:
        self._names = names
        self.is_strict = strict
        self._public: set[str] = set()
        self._hidden: set[str] = set()
        self._arns: dict[str, str] = {}
        self._arns_version = 0
        self.version = 0
        """Grows whenever something is learned that changes what becomes of a text."""

    def hide(self, value: str) -> str:
        """Return the value's name."""
        self._hidden.add(value)
        return self._names.name(value)

    def hidden(self) -> frozenset[str]:
        """Return everything that was hidden by this export."""
        return frozenset(self._hidden)

    def is_name(self, text: str) -> bool:
        """Tell whether a text is a name that was given."""
        return self._names.is_name(text)

    def is_hidden_name(self, text: str) -> bool:
        """Tell whether a text that reads like words of AWS's is the name of something that strict hides."""
        return self.is_strict and text in self._hidden and _SEVERAL_WORDS.search(text) is not None

    def is_settled(self, text: str) -> bool:
        """Tell whether a text needs no more: it is a name that was given, or may stand."""
        return text in self._public or self._names.is_name(text)

    def is_public(self, text: str) -> bool:
        """Tell whether a text is known as a name that may stand."""
        return text in self._public

    def learn(self, text: str) -> None:
        """Let a name stand from now on, wherever it occurs."""
        if text not in self._public:
            self._public.add(text)
            self.version += 1

    def public(self, value: str) -> str:
        """Return the name of a stack, service, cluster, container or resource as it may be told."""
        if not value or self.is_settled(value):
            return value
        # A random text may hold slashes, and its parts be too short to judge.
        is_path = "/" in value and ":" not in value and not value.startswith("/")
        if is_path and not looks_secret(value):
            return "/".join(self.public(part) for part in value.split("/"))
        if ":" in value or "/" in value:
            return self.whatever(value)
        if not _PUBLIC_SHAPE.fullmatch(value) or looks_secret(value) or _ACCOUNT.search(value):
            return self.hide(value)
        if self.is_strict and not (value.startswith(_SERVICE_ROLE) and is_code(value)):
            if value not in self._hidden:
                self.version += 1
            return self.hide(value)
        self.learn(value)
        return value

    def identifier(self, value: str) -> str:
        """Return an id that AWS gives: it tells nothing and stays where it has the shape of one."""
        if not value or _UUID.fullmatch(value) or (_ID.fullmatch(value) and not is_account(value)):
            self.learn(value)
            return value
        if _DEPLOYMENT.fullmatch(value):
            return value
        return self.whatever(value)

    def whatever(self, value: str) -> str:
        """Return a name of any kind as it may be told; what is not known to be open is hidden."""
        if not value or self.is_settled(value):
            return value
        if value.startswith("arn:"):
            return self.arn(value)
        if is_region(value) or is_resource_type(value) or _DEPLOYMENT.fullmatch(value):
            return value
        if _DIGEST.fullmatch(value):
            return value
        if value in open_hosts() or (value.endswith(_OPEN_SUFFIXES) and re.fullmatch(r"[\w.*-]+", value)):
            return self.host(value)
        return self.hide(value)

    def arn(self, value: str) -> str:
        """Return an ARN as it may be told: account and names are hidden, its parts stay apart."""
        if self._arns_version != self.version:
            self._arns.clear()
        shown = self._arns.get(value)
        if shown is None:
            shown = self._arns[value] = self._arn(value)
        # Looking at one may teach a name that stands from now on.
        self._arns_version = self.version
        return shown

    def _arn(self, value: str) -> str:
        arn = parse_arn(value)
        if arn is None:
            return self.hide(value)
        account = arn.account
        if account and account != "aws":
            account = self.hide(account)
        if not (is_plain_part(arn.partition) and is_plain_part(arn.service)):
            return self.hide(value)
        region = arn.region if not arn.region or is_region(arn.region) else self.hide(arn.region)
        # AWS's own things, such as managed policies, have no account or the account "aws".
        resource = (
            arn.resource if arn.account == "aws" and not looks_secret(arn.resource) else self._resource(arn)
        )
        return str(Arn(arn.partition, arn.service, region, account, resource))

    def _resource(self, arn: Arn) -> str:
        kind, mark, rest = _split(arn.resource)
        if arn.service == "cloudformation" and mark == "/" and kind in {"stack", "changeSet"}:
            return f"{kind}/{self._each(rest, '/')}"
        if arn.service == "ecs" and mark == "/" and kind in _ECS_IDS:
            parts = rest.split("/")
            names = max(0, len(parts) - _ECS_IDS[kind])
            return "/".join([kind, *map(self._revision, parts[:names]), *map(self._id, parts[names:])])
        if arn.service in {"secretsmanager", "ssm", "logs"} and mark:
            return f"{kind}{mark}{self._whole(rest, arn.service)}"
        has_kind = mark and kind in kinds() and arn.service not in _WITHOUT_KINDS
        head, tail = (kind + mark, rest) if has_kind else ("", arn.resource)
        return head + "".join(self._part(part) for part in re.split(r"([/:])", tail))

    def _each(self, rest: str, mark: str) -> str:
        return mark.join(
            part if _UUID.fullmatch(part) or part in {"*", "description"} else self.public(part)
            for part in rest.split(mark)
        )

    def _revision(self, part: str) -> str:
        """Return a name in an ECS ARN, or FAMILY:REVISION."""
        name, colon, number = part.partition(":")
        if colon and number.isdigit():
            return f"{self.public(name)}:{number}"
        return part if part == "*" else self.public(part)

    def _id(self, part: str) -> str:
        """Return an id in an ECS ARN; a name, where it has not the shape of one."""
        if _UUID.fullmatch(part) or (_ID.fullmatch(part) and not is_account(part)):
            self.learn(part)
            return part
        return self._revision(part)

    def _whole(self, rest: str, service: str) -> str:
        """Return a name that slashes do not take apart; what stands behind colons is hidden by itself."""
        name, *others = rest.split(":")
        found = _SECRET_SUFFIX.fullmatch(name) if service == "secretsmanager" else None
        if all(map(self.is_name, name.rsplit("-", 1))):
            head = name
        elif found is not None:
            head = f"{self.hide(found.group(1))}-{self.hide(found.group(2))}"
        else:
            head = self._part(name)
        return ":".join([head, *(self._part(part) for part in others)])

    def _part(self, part: str) -> str:
        if part in {"", "/", ":", "*", "app", "net", "log-stream", "AWSCURRENT", "AWSPREVIOUS", "root"}:
            return part
        is_awss = _AWS_NAMES.fullmatch(part) is not None and not looks_secret(part)
        return part if is_awss else self.hide_unless_public(part)

    def hide_unless_public(self, part: str) -> str:
        """Return a part of a name: a name of ours for it, unless it is known to be open."""
        return part if self.is_settled(part) else self.hide(part)

    def host(self, value: str) -> str:
        """Return a host as it may be told: AWS's own stay, without what is somebody's in front."""
        if value in open_hosts() or self.is_settled(value):
            return value
        suffix = next((end for end in _OPEN_SUFFIXES if value.endswith(end)), None)
        if suffix is None:
            return self.hide(value)
        labels = value.removesuffix(suffix).split(".")
        shown = [label if label in services() or is_region(label) else self.hide(label) for label in labels]
        return ".".join(shown) + suffix

    def image(self, value: str) -> str:
        """Return an image reference as it may be told: the registry's account is hidden, its host if private.

        Repository and tag say what ran and stay; strict hides the repository.
        """
        if not value or self.is_settled(value):
            return value
        name, at, digest = value.partition("@")
        if not _IMAGE.fullmatch(name) or (at and not _DIGEST.fullmatch(digest)):
            return self.hide(value)
        first, slash, rest = name.partition("/")
        has_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
        path = rest if has_host else name
        repository, colon, tag = path.partition(":")
        host = f"{self._registry(first)}/" if has_host else ""
        shown = "/".join(self.public(part) for part in repository.split("/"))
        return f"{host}{shown}{colon}{self.tag(tag)}{at}{digest}"

    def _registry(self, first: str) -> str:
        host, colon, port = first.partition(":")
        return f"{self.host(host)}{colon}{port if port.isdigit() and len(port) < 6 else ''}"

    def tag(self, tag: str) -> str:
        """Return an image's tag, which says which build it is; one with an account's number is hidden."""
        has_account = any(not _MINUTE.fullmatch(digits) for digits in _ACCOUNT.findall(tag))
        if not tag or (_TAG.fullmatch(tag) and not has_account and not looks_secret(_COMMIT.sub("", tag))):
            return tag
        return self.hide(tag)

    def content_digest(self, text: str) -> str:
        """Return a digest of what a payload held, made anew: it would show that a guess at it is right."""
        return (
            self.hide(text)
            if _CONTENT_DIGEST.fullmatch(text)
            else text
            if text.isdigit()
            else self.hide(text)
        )


def is_account(text: str) -> bool:
    """Tell whether a text has the shape of an account's number."""
    return len(text) == 12 and text.isdigit()


def is_plain_part(text: str) -> bool:
    """Tell whether a text is a service or a partition as ARNs and hosts name them."""
    return (
        re.fullmatch(r"[a-z][a-z0-9-]{1,30}", text) is not None
        and not looks_secret(text)
        and address_of(text) is None
    )


def _split(resource: str) -> tuple[str, str, str]:
    found = re.match(r"([^/:]*)([/:])(.*)", resource, re.DOTALL)
    return (found.group(1), found.group(2), found.group(3)) if found else (resource, "", "")
