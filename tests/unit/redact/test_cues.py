"""Which texts are looked through for words that announce a secret."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.redact import cues

PIECES = st.sampled_from(
    [
        "password",
        "Passphrase",
        "PASSWD",
        "pwd",
        "secret",
        "API_KEY",
        "access key",
        "auth",
        "Authorization",
        "bearer",
        "cookie",
        "session id",
        "signature",
        "otp",
        "PIN",
        "connection strings",
        "sas",
        "JWT",
        "login",
        "dsn",
        "salt",
        "seed",
        "mnemonic",
        "webhook",
        "token",
        "RequestToken",
        "ClientRequestToken",
        "NextToken",
        "idempotencyToken",
        "credentials",
        "pa\u017fsword",
        "\u212aey",
        "api\u00a0key",
        "p\u0131n",
        "logIn",
        "x",
        "-",
        "_",
        ".",
        " ",
        ": ",
        "=",
        " is ",
        '"',
        "'",
        "Resource",
        "sunshine",
        "7f3a",
        "(",
        ")",
    ]
)


@settings(max_examples=1500)
@given(st.lists(PIECES, max_size=12).map("".join))
@example("secretrequesttoken=sunshine")
@example("pasRequestTokensword: sunshine")
def test_no_text_in_which_a_secret_is_announced_is_passed_over(text: str) -> None:
    """The quick look may only spare texts in which the thorough one hides nothing."""
    announced = any(cues.is_value(found) for found in cues.CUE.finditer(text))
    assert cues.may_hold_cue(text) or not announced


def test_what_aws_appends_to_most_reasons_is_no_reason_to_look() -> None:
    assert not cues.may_hold_cue(
        "Resource creation failed (RequestToken: 0b6f4e3a, HandlerErrorCode: NotStable)"
    )
