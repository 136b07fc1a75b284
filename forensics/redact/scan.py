"""A second look at what is about to leave, by somebody who knows nothing of how it was redacted."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
from detect_secrets.plugins import (
    aws,
    azure_storage_key,
    basic_auth,
    cloudant,
    discord,
    github_token,
    gitlab_token,
    jwt,
    npm,
    openai,
    private_key,
    pypi_token,
    sendgrid,
    slack,
    square_oauth,
    stripe,
    telegram_token,
)
from detect_secrets.plugins.base import RegexBasedDetector

from forensics.redact.literals import Literals

# Formats alone: what guesses by entropy or by words beside a value takes digests and types for secrets, and
# what asks the network whether a secret works is never called.
_PLUGINS: tuple[RegexBasedDetector, ...] = (
    aws.AWSKeyDetector(),
    azure_storage_key.AzureStorageKeyDetector(),
    basic_auth.BasicAuthDetector(),
    discord.DiscordBotTokenDetector(),
    github_token.GitHubTokenDetector(),
    gitlab_token.GitLabTokenDetector(),
    jwt.JwtTokenDetector(),
    npm.NpmDetector(),
    openai.OpenAIDetector(),
    private_key.PrivateKeyDetector(),
    pypi_token.PypiTokenDetector(),
    sendgrid.SendGridDetector(),
    square_oauth.SquareOAuthDetector(),
    stripe.StripeDetector(),
    telegram_token.TelegramBotTokenDetector(),
)
_BESIDE = (
    (("cloudant",), cloudant.CloudantDetector()),
    (("xox", "hooks.slack.com"), slack.SlackDetector()),
)
"""Those whose patterns are slow, each with what stands in everything that they find, in lower case."""
_OURS = (
    ("account in an ARN", re.compile(r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(?!9999)\d{12}:")),
    ("AWS id of a key, user or role", re.compile(r"A(?:KIA|SIA|ROA|IDA)(?<![A-Za-z0-9]....)[A-Z0-9]{12,}")),
    ("AWS session token", re.compile(r"(?:FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9+/=%]{16,}")),
    ("signed URL", re.compile(r"X-Amz-(?:Signature|Credential|Security-Token)=", re.IGNORECASE)),
)
_LONGEST = 20_000
"""Characters of a line that are looked at together; some patterns take the square of a line's length."""
_OVERLAP = 2_000
_WORD = re.compile(r"[A-Za-z0-9_-]{6,}")


class Hit(msgspec.Struct, frozen=True):
    """Something that must not leave; what it is stays unsaid."""

    member: str
    rule: str
    place: str
    """``line 12``, or ``name`` for the name of the member."""


class Scanner:
    """Looks for secrets in finished bytes.

    Args:
        literals: What must not be there in any form.
        untold: Words that were hidden, which must not be there as they are.
    """

    def __init__(self, literals: Sequence[str] = (), untold: Collection[str] = ()) -> None:
        self._literals = Literals(literals)
        self._untold = frozenset(untold)

    def scan(self, member: str, lines: Iterable[bytes]) -> Iterator[Hit]:
        """Yield what is found in a member and its name, each rule once a line.

        Args:
            member: Name of the member.
            lines: Its bytes, line by line.
        """
        for rule in self._rules(member):
            yield Hit(member, rule, "name")
        for number, line in enumerate(lines, 1):
            text = line.decode("utf-8", "backslashreplace")
            for rule in self._rules(text):
                yield Hit(member, rule, f"line {number}")

    def _rules(self, text: str) -> list[str]:
        """Return the names of the rules that find something in a line."""
        found = {name for name, pattern in _OURS if pattern.search(text)}
        if self._literals.has(text):
            found.add("a text that was to be hidden")
        if self._untold and not self._untold.isdisjoint(_WORD.findall(text)):
            found.add("a value that is hidden elsewhere")
        step = _LONGEST - _OVERLAP
        lowered = text.lower()
        beside = [plugin for marks, plugin in _BESIDE if any(mark in lowered for mark in marks)]
        plugins = (*_PLUGINS, *beside)
        for start in range(0, max(1, len(text)), step):
            piece = text[start : start + _LONGEST]
            found |= {str(plugin.secret_type) for plugin in plugins if any(plugin.analyze_string(piece))}
        return sorted(found)
