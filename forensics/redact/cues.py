"""Where a text says that a secret follows, whatever the secret looks like."""

import re

from forensics.redact.words import is_code, is_word

_SPOKEN = (
    r"pass(?:word|wd|phrase|code)?s?|pwd|secrets?|tokens?|credentials?|"
    r"(?:api|access|private|signing|encryption|shared|account|secret|auth|master|license|client)"
    r"[ _-]?(?:access[ _-]?)?(?:keys?|secret)|"
    r"auth(?:orization)?|bearer|cookies?|session[ _-]?id|signature|otp|pin|connection[ _-]?strings?|sas|jwt|"
    r"login|dsn|salt|seed|mnemonic|webhook"
)
SECRET_KEY = re.compile(
    r"pass(?:w(?:or)?d|phrase|code)|pwd|secret|token|credential|auth|cookie|session|signature|jwt|bearer|webhook"
    r"|(?:api|access|private|signing|encryption|shared|account|master|license)[ _-]?key|private"
    r"|otp$|(?:^|[ _-])pin$|dsn$|salt$|connection[ _-]?string|user_?data|certificate_?body",
    re.IGNORECASE,
)
"""Names of fields and variables whose value is a secret, however harmless it looks."""

_NOT_VALUES = (
    r"not?|in(?:valid|correct|cluded|sufficient|active|complete)|un(?:known|available|set|authorized|supported|able|encrypted|expected|defined|reachable|readable)|"
    r"mis(?:sing|matched|configured|spelled)|required|expired?|empty|null|none|"
    r"too|longer|shorter|the|an?|for|from|of|in|on|at|by|with|without|was|were|is|are|be|been|being|has|have|had|"
    r"and|or|to|that|this|which|must|can(?:not|'t)?|could|may|should|will|would|does|do|did|only|already|yet|set|used|"
    r"specified|provided|given|denied|rejected|refused|wrong|malformed|disabled|deleted|rotated|stored|blank|weak|"
    r"exists?|found|allowed|authorized|successful(?:ly)?|valid|available|associated|managed|encrypted|expected|"
    r"marked|scheduled|pending|contains?|equal|less|more|greater|between|due|because|as|if|when|retrieved|fetched|"
    r"plain|optional|supported|configured|enabled|please|after|before|mounted|revoked|limited|out|over|under|up"
)
NAMES = ("name", "Name", "key", "Key", "ParameterKey", "OutputKey")
"""Fields that name what stands in the field beside."""
_STRONG = re.compile(
    r"pass(?:word|wd|phrase|code)s?|pwd|secret[ _-]?(?:access[ _-]?)?key|connection[ _-]?string",
    re.IGNORECASE,
)
_PIN = re.compile(r"(?:^|[ _-])(?:pin|otp|passcode)\W*$", re.IGNORECASE)
_OPEN_TOKENS = re.compile(r"(?:client)?requesttoken|nexttoken|idempotencytoken", re.IGNORECASE)
"""Words in which a token is no secret."""

CUE = re.compile(
    rf"""(?P<cue>
      (?<![A-Za-z])[\w.-]{{0,64}}?(?:{_SPOKEN})[\w.-]{{0,64}}     # masterUserPassword, DB_TOKEN, api key
      (?:\\*["'”’`\]\)])?
      (?:
        \s*(?:=|:=?|=>|->)\s*
        | \s+(?:is|was|are|were|equals?|to|of|as)(?:\s+now)?\s*:?\s+
        | \s+
      )
    )
    (?:
      (?P<quote>\\*["'`“‘])(?P<quoted>(?:(?!(?P=quote)).){{1,4096}})
      | (?P<bare>[^\s"'`,;(){{}}\[\]<>]+)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""A word for a secret, what joins it, and what follows."""

_STEMS = (
    "pass", "pwd", "secret", "token", "credential", "key", "auth", "bearer", "cookie", "session", "signature",
    "otp", "pin", "connection", "sas", "jwt", "login", "dsn", "salt", "seed", "mnemonic", "webhook",
)  # fmt: skip
"""One of them is in whatever `CUE` finds."""

_JOINED = re.compile(r"(?:=|:=?|=>|->)\s*$|\s(?:is|was|are|were|equals?|to|as|now)\s*:?\s+$", re.IGNORECASE)
_CONTINUES = re.compile(rf"(?:{_NOT_VALUES})[.:!?]*", re.IGNORECASE)
_NEXT_WORD = re.compile(r"\s+[A-Za-z]")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Z][a-z]+(?:[A-Z][a-z]*)+")
"""Of IAM, such as secretsmanager:GetSecretValue."""
_SCHEME = re.compile(r"(?:Bearer|Basic|Digest|Token|AWS4-HMAC-SHA256)", re.IGNORECASE)

AFTER_SCHEME = re.compile(r"(?P<cue>\b(?:Bearer|Basic|Digest)\s+)(?P<bare>[^\s\"'`,;]{6,})", re.IGNORECASE)
"""What follows the name of an authorization scheme."""

VALUE = re.compile(
    r"""(?P<cue>\b[Vv]alues?:?\s+(?:of\s+)?)(?:
        (?P<quote>\\*["'`“‘])(?P<quoted>(?:(?!(?P=quote)).){1,4096})(?P=quote)?(?=\\*["'’”`]?\s|\\*["'’”`]?[,.:;)]|$)
      | \((?P<bracketed>[^()]{1,4096})\)
      | \[(?P<squared>[^\[\]]{1,4096})\]
      | (?P<bare>[^\s"'`,;()]+)(?=\s+(?:for|at|is|does|failed|cannot|must|was|of)\s)
    )""",
    re.VERBOSE,
)
"""What a parameter's value is said to be: `Value 'x' at 'password' failed to satisfy constraint`."""

PHRASE = re.compile(
    r"(?P<cue>\bpass ?phrase(?:\s+is|\s*[:=])\s+)(?P<bare>[^\s\"'`][^.;\n\"]*)", re.IGNORECASE
)
"""A passphrase is several words."""

BLOCKS = re.compile(
    r"(?P<pem>-----BEGIN[ A-Z0-9]*-----.*?(?:-----END[ A-Z0-9]*-----|$))"
    r"|(?P<denied>(?<=Encoded authorization failure message: )[^\s]+)",
    re.DOTALL,
)
"""Secrets that are long: keys and certificates, and what sts:DecodeAuthorizationMessage would open."""


def may_hold_cue(text: str) -> bool:
    """Tell whether `CUE` can find a secret in a text: it takes a hundred times as long to find out itself."""
    if not text.isascii():
        return True  # other letters may be taken for a small or a capital one
    rest = _OPEN_TOKENS.sub("", text).lower()
    return any(stem in rest for stem in _STEMS)


def is_value(found: re.Match[str]) -> bool:
    """Tell whether what follows a word for a secret is its value, not the rest of the sentence."""
    cue, quoted, bare = found["cue"], found["quoted"], found["bare"]
    if _OPEN_TOKENS.search(cue) or (quoted or bare).startswith(("arn:", ":")) or _is_in_arn(found):
        return False
    # A flag of a command line: --password sunshine.
    if quoted is not None or cue.startswith("-") or (_PIN.search(cue) and bare.isdigit()):
        return True
    if _SCHEME.fullmatch(bare.rstrip(":")) or _JOINED.search(cue) is None or _CONTINUES.fullmatch(bare):
        return False
    return _STRONG.search(cue) is not None or not _is_sentence(found)


def _is_in_arn(found: re.Match[str]) -> bool:
    """Tell whether the word for a secret is a part of an ARN, such as ``arn:aws:secretsmanager:…``."""
    before = max(found.string.rfind(mark, 0, found.start()) for mark in (" ", "\n", '"', "'"))
    return "arn:aws" in found.string[before + 1 : found.start("cue") + len(found["cue"])]


def is_rest_of_sentence(word: str) -> bool:
    """Tell whether a word goes on with what is said of a secret: is *not* valid, is *required*."""
    return _CONTINUES.fullmatch(word) is not None


def _is_sentence(found: re.Match[str]) -> bool:
    """Tell whether a sentence goes on behind a word that need not speak of a secret.

    "registry auth: execution resource retrieval failed" goes on in words; "token: sunshine" ends there.
    """
    cue, bare = found["cue"], found["bare"].rstrip(".:")
    if not cue.endswith(" "):
        return _ACTION.fullmatch(cue + bare) is not None and is_code(bare)
    goes_on = _NEXT_WORD.match(found.string, found.end()) is not None
    return (goes_on and is_word(bare)) or (is_code(bare) and re.search(r"[a-z][A-Z]", bare) is not None)
