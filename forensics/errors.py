"""The error tree: what went wrong, what a person can do, which exit code it ends with.

```text
ForensicsError (255)
├── UsageError (2)              a flag, a time, a selection
│   └── SettingsError           the settings file, naming the key's path
├── ArchiveError (3)            missing, unreadable, unwritable, not an archive
│   ├── ArchiveMissing
│   ├── NotAnArchive
│   ├── NothingRecognised       a file that holds nothing AWS answers
│   ├── ArchiveTooNew           written in a newer format
│   ├── ArchiveUnwritable       read-only, full, or an I/O error
│   ├── SegmentDamaged
│   ├── BundleRefused           a zip that breaks a rule
│   ├── SignatureWrong (1)      not made by the given key, or changed
│   └── ArchiveInUse (4)        another writer holds it
├── SecretFound (1)            what was about to leave looks like a secret
├── RedactionFailed            a step of redaction failed: nothing may leave
└── AwsError (254)              AWS answered with an error, or did not answer
    ├── CredentialsError (253)  nothing valid to sign with
    │   ├── CredentialsExpired  were valid, are not any more
    │   ├── CredentialsInvalid  AWS does not know them
    │   └── CredentialsAbsent   no source gave any
    ├── AccessDenied            valid, but not allowed
    ├── ClockSkewed             our clock differs too much from AWS's
    ├── NotFound                the named thing does not exist
    ├── Throttled               too many calls
    ├── Unreachable             no answer: DNS, connection, timeout
    ├── ServerFault             a 5xx answer
    └── Undecodable             an answer that cannot be read; keeps its bytes
```
"""


class ForensicsError(Exception):
    """Base of every error that this program raises on purpose.

    Args:
        message: One sentence that names the thing and the value.
        hint: What a person can do about it; None where nothing sensible can be said.
    """

    exit_code = 255

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ForensicsError):
    """What was asked for cannot be understood."""

    exit_code = 2


class SettingsError(UsageError):
    """The settings file is wrong; the message names the key's path."""


class SecretFound(ForensicsError):
    """What was about to leave the machine holds what looks like a secret; it did not leave."""

    exit_code = 1


class RedactionFailed(ForensicsError):
    """A step of redaction failed, so nothing may be handed on; the message never holds what it met."""


class ArchiveError(ForensicsError):
    """The archive cannot be read or written."""

    exit_code = 3


class ArchiveMissing(ArchiveError):
    """There is nothing at the given path."""


class NotAnArchive(ArchiveError):
    """What is at the path was not written by forensics."""


class NothingRecognised(ArchiveError):
    """A file is neither an archive nor anything that AWS answers."""


class ArchiveTooNew(ArchiveError):
    """The archive's format is newer than this program."""


class ArchiveUnwritable(ArchiveError):
    """The archive cannot be written: read-only, full, or an I/O error."""


class BundleRefused(ArchiveError):
    """A bundle breaks a rule; nothing of it was used."""


class SignatureWrong(ArchiveError):
    """A signature is not what the given key would have made."""

    exit_code = 1


class SegmentDamaged(ArchiveError):
    """Bytes of a segment are not what was written."""


class ArchiveInUse(ArchiveError):
    """Another process is writing this archive."""

    exit_code = 4


class AwsError(ForensicsError):
    """AWS refused, or could not be asked.

    Args:
        message: One sentence with AWS's own text.
        code: AWS's error code as sent, such as ``ThrottlingException``; "" where there was no answer.
        operation: What was asked, such as ``ecs:ListTasks``.
        hint: What a person can do.
    """

    exit_code = 254

    def __init__(self, message: str, *, code: str = "", operation: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.operation = operation


class CredentialsError(AwsError):
    """There is nothing valid to sign a request with."""

    exit_code = 253


class CredentialsExpired(CredentialsError):
    """The credentials were valid and have ended."""


class CredentialsInvalid(CredentialsError):
    """AWS does not know these credentials, or the signature does not match."""


class CredentialsAbsent(CredentialsError):
    """No source of credentials gave any."""


class AccessDenied(AwsError):
    """The credentials are valid and may not do this."""


class ClockSkewed(AwsError):
    """Our clock differs from AWS's by more than a signature may."""


class NotFound(AwsError):
    """The named stack, service or cluster does not exist."""


class Throttled(AwsError):
    """AWS asks for fewer calls."""


class Unreachable(AwsError):
    """No answer came: name resolution, connection or time limit."""


class ServerFault(AwsError):
    """AWS answered with a 5xx."""


class Undecodable(AwsError):
    """The answer's bytes cannot be read as what the operation returns.

    Args:
        message: What is wrong with them.
        body: The bytes as they came; kept so that nothing is lost.
        operation: What was asked.
    """

    def __init__(self, message: str, *, body: bytes, operation: str = "") -> None:
        super().__init__(message, operation=operation)
        self.body = body
