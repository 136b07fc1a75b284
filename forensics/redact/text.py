"""Free text as it may be told: AWS's own words stay, everything that is not known to be a word is hidden."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from urllib.parse import unquote

from forensics.redact.forms import is_exception, looks_secret
from forensics.redact.literals import Literals
from forensics.redact.naming import Naming, is_account
from forensics.redact.pseudonyms import address_of
from forensics.redact.words import (
    is_code,
    is_field_path,
    is_generated_name,
    is_number,
    is_open_word,
    is_region,
    is_resource_type,
)

Step = Callable[["Text", str], str]
"""Hides one kind of thing in a text."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HOST = re.compile(r"(?:[A-Za-z0-9_*](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z]{2,24}")
_LONGEST = 1_024
"""Characters of a run that is taken apart; what is longer is nobody's word."""
_SHORTEST = 4
"""Characters of a value that is looked for in the texts of its record: shorter ones are in many words."""
_EMAIL = re.compile(r"[^\s@:/]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DEPLOYMENT = re.compile(r"ecs-svc/\d{1,20}")
_ACTION = re.compile(r"([a-z][a-z0-9-]{1,24}):([A-Z][A-Za-z0-9]{2,60}\*?|\*)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={1,2}")
_IMAGE = re.compile(r"(?:[\w.-]+(?::\d+)?/)?[a-z0-9][\w./-]*(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?")
_PARTS = re.compile(r"[A-Za-z0-9]+")
_UNMISTAKABLE = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{8,}")
RUNS = re.compile(r"(?:(?!\.{3})[^\s\"'`“”‘’<>(){}\[\],;|…])+(?:['’](?:t|s|re|ve|ll|d|m)\b)?")
_EDGES = re.compile(r"^([*_~.:!?#=&/\\-]*)(.*?)([.:!?*_~…\\-]*)$", re.DOTALL)
_JOINTS = re.compile(r"([=&:/@+#?%~\\]+)")
_OF_REGISTRIES = frozenset(["", "v2", "manifests", "blobs", "latest"])
"""Parts of the paths of container registries."""


class Text:
    """Hides what free text holds.

    Args:
        naming: Decides about names.
        literals: What must not be told in any form.
        counts: Where it is counted what was hidden, by rule.
        steps: What is done to a text, in order.
    """

    def __init__(
        self, naming: Naming, literals: Literals, counts: Counter[str], *, steps: Sequence[Step]
    ) -> None:
        self.naming = naming
        self.literals = literals
        self.counts = counts
        self._steps = steps
        self._secrets: set[str] = set()
        self._tokens: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._version = -1

    def hide(self, value: str, rule: str) -> str:
        """Return the value's name, and count it."""
        self.counts[rule] += 1
        return self.naming.hide(value)

    def secret(self, value: str, rule: str = "secret") -> str:
        """Return the name of a secret, which is hidden from now on wherever it stands as a word."""
        if self.naming.is_settled(value) and not self.naming.is_public(value):
            return value
        if len(value) > 3 and value not in self._secrets:
            self._secrets.add(value)
            self.naming.version += 1
        return self.hide(value, rule)

    def redact(self, text: str, also: Sequence[tuple[str, str]] = ()) -> str:
        """Return a text as it may be told.

        Args:
            text: AWS's words, or anybody's.
            also: What the same record hides elsewhere and what became of it, longest first.
        """
        if not text:
            return text
        for value, shown in also:
            if len(value) >= _SHORTEST and value in text:
                alone = rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])"
                text = re.sub(alone, shown.replace("\\", "\\\\"), text)
        if self._version != self.naming.version:
            self._texts.clear()
            self._tokens.clear()
        self._version = self.naming.version
        known = self._texts.get(text)
        if known is None:
            known = text
            for step in self._steps:
                known = step(self, known)
            self._texts[text] = known
        return known

    def token(self, token: str) -> str:
        """Return one run of characters without white space as it may be told."""
        known = self._tokens.get(token)
        if known is None:
            known = self._tokens[token] = self._judge(token)
        return known

    def untold(self) -> frozenset[str]:
        """Return the words that were hidden, without those that may stand elsewhere."""
        hidden = self.naming.hidden()
        return frozenset(
            value
            for value in hidden
            if _UNMISTAKABLE.fullmatch(value)
            and not self.naming.is_settled(value)
            and not self.is_open(value)
            # What holds a name of ours is no longer what AWS sent.
            and not any(map(self.naming.is_name, _PARTS.findall(value)))
        )

    def code(self, token: str) -> str:
        """Return what stands where AWS puts the code of an error: made of words it stays, in strict too."""
        is_of_somebody = token in self._secrets or self.naming.is_hidden_name(token)
        return token if is_code(token) and not is_of_somebody else self.token(token)

    def _judge(self, token: str) -> str:
        if self.naming.is_settled(token) and token not in self._secrets:
            return token
        found = _EDGES.match(token)
        front, core, back = found.groups() if found else ("", token, "")
        if not core:
            return token
        if front.endswith(("/", "\\")):
            # A path's beginning belongs to it.
            front, core = front[:-1], front[-1] + core
        return front + self._core(core) + back

    def _core(self, core: str) -> str:
        if len(core) > _LONGEST:
            return self.hide(core, "long word")
        if core in self._secrets or self.naming.is_hidden_name(core):
            return self.hide(core, "secret")
        return core if self.naming.is_settled(core) or self.is_open(core) else self._closed(core)

    def _closed(self, core: str) -> str:
        """Return a run that may not stay as it is: as the thing that it is, taken apart, or as one name."""
        for rule, applies, become in _WHOLE:
            if applies(core):
                self.counts[rule] += 1
                return become(self, core)
        if _JOINTS.search(core) and not _is_encoded(core):
            return self._joined(core)
        if core.endswith(("'s", "’s")):
            return self._core(core[:-2]) + core[-2:]
        return self.hide(core, "unknown word")

    def is_open(self, core: str) -> bool:
        """Tell whether a word stays as it is."""
        strict = self.naming.is_strict
        return (
            is_open_word(core, strict=strict)
            or is_number(core)
            or is_region(core)
            or is_resource_type(core)
            or is_field_path(core)
            or _UUID.fullmatch(core) is not None
            or _DIGEST.fullmatch(core) is not None
            or _DEPLOYMENT.fullmatch(core) is not None
            or (not strict and (is_generated_name(core) or is_exception(core)))
        )

    def _joined(self, core: str) -> str:
        """Return words that are joined by marks: one by one where most are open, else as one name."""
        url = _URL.search(core)
        if url is not None:
            # DATABASE_URL=postgres://…, jdbc:postgresql://…
            head = core[: url.start()]
            words = head.rstrip("=:")
            return f"{self._core(words) if words else ''}{head[len(words) :]}{self.url(core[url.start() :])}"
        host, colon, rest = core.partition(":")
        if rest and _HOST.fullmatch(host) and not self.is_open(host):
            return f"{self.host(host)}{colon}{self._core(rest)}"
        parts = _JOINTS.split(core)
        is_path = "/" in core and "=" not in core
        # However plain its words are: a path of several parts is somebody's.
        is_absolute = is_path and core.startswith("/") and core.count("/") > 1
        if is_absolute or (is_path and not all(self._is_open_part(part) for part in parts[::2])):
            head, colon, tail = core.rpartition(":")
            if colon and tail.isdigit() and len(tail) < 6:
                return f"{self.hide(head, 'path')}:{tail}"
            return self.hide(core, "path")
        return "".join(part if place % 2 else self._each(part) for place, part in enumerate(parts))

    def _is_open_part(self, part: str) -> bool:
        return not part or (
            part not in self._secrets and (self.naming.is_settled(part) or self.is_open(part))
        )

    def _each(self, part: str) -> str:
        return part if self._is_open_part(part) else self._core(part)

    def url(self, url: str) -> str:
        """Return a URL without user and query; its host and path are hidden unless everybody knows them."""
        scheme, _, rest = url.partition("://")
        rest = re.split(r"[?#]", rest, maxsplit=1)[0]
        host, slash, path = rest.partition("/")
        host = host.rpartition("@")[2]
        name, colon, port = host.partition(":")
        shown = self.host(name)
        if not self.is_open(scheme):
            scheme = self.hide(scheme, "url")
        if path and not (shown == name and name.endswith(("aws.amazon.com", "docker.com", "github.com"))):
            path = "/".join(self._path_part(part, is_open=shown == name) for part in path.split("/"))
        elif path and looks_secret(unquote(path)):
            path = self.hide(path, "url")
        port = f":{port}" if colon and port.isdigit() and len(port) < 6 else ""
        return f"{scheme}://{shown}{port}{slash}{path}"

    def _path_part(self, part: str, *, is_open: bool) -> str:
        if part in _OF_REGISTRIES or _DIGEST.fullmatch(part):
            return part
        if is_open and is_open_word(part, strict=self.naming.is_strict):
            return part
        return self.naming.hide_unless_public(part)

    def host(self, name: str) -> str:
        """Return a host or an address as it may be told."""
        if address_of(name.strip("[]")) is not None:
            return name if _is_nobodys(name) else self.naming.hide(name)
        return name if name == "localhost" else self.naming.host(name) if name else ""


def _address(text: Text, core: str) -> str:
    host, mark, rest = core, "", ""
    found = re.fullmatch(r"([0-9.]+|\[[0-9A-Fa-f:]+\])([:/])(\d{1,5})", core)
    if found:
        host, mark, rest = found.groups()
    return f"{text.host(host)}{mark}{rest}"


def _is_address(core: str) -> bool:
    found = re.fullmatch(r"([0-9.]+|\[[0-9A-Fa-f:]+\])([:/])(\d{1,5})", core)
    return address_of((found.group(1) if found else core).strip("[]")) is not None


def _is_nobodys(name: str) -> bool:
    address = address_of(name.strip("[]"))
    # 169.254.170.2 is the same in every task.
    return address is not None and (address.is_loopback or address.is_unspecified or address.is_link_local)


def _is_image(core: str) -> bool:
    first, slash, _ = core.partition("/")
    has_host = bool(slash) and "." in first and _HOST.fullmatch(first.partition(":")[0]) is not None
    return has_host and "=" not in core and _IMAGE.fullmatch(core) is not None


def _is_encoded(core: str) -> bool:
    """Tell whether a run of characters is one encoded thing, whose marks join no words."""
    return (
        "%" in core
        or "\\u" in core
        or "\\x" in core
        or (core.endswith("=") and re.fullmatch(r"[A-Za-z0-9+/_-]{8,}={1,2}", core) is not None)
    )


def _is_action(core: str) -> bool:
    found = _ACTION.fullmatch(core)
    return found is not None and not looks_secret(found[2])


_WHOLE: tuple[tuple[str, Callable[[str], object], Callable[[Text, str], str]], ...] = (
    ("arn", lambda core: core.startswith("arn:"), lambda text, core: text.naming.arn(core)),
    ("url", _URL.match, Text.url),
    ("account", is_account, lambda text, core: text.naming.hide(core)),
    ("address", _is_address, _address),
    ("e-mail", _EMAIL.fullmatch, lambda text, core: text.naming.hide(core)),
    ("image", _is_image, lambda text, core: text.naming.image(core)),
    ("host", _HOST.fullmatch, lambda text, core: text.naming.host(core)),
    ("action", _is_action, lambda text, core: core),
)
"""What a run of characters may be as a whole: rule, whether it is that, what becomes of it."""
