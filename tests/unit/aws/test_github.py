"""The id token of a GitHub Actions job: asked of GitHub alone, and every trouble named."""

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from forensics.aws.github import mint
from forensics.errors import AwsError, CredentialsAbsent, CredentialsInvalid, ServerFault, Unreachable

REQUEST_TOKEN = "request-token-that-nobody-may-see"
Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def github(answer: Callable[[str], Answer], seen: list[str] | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(f"{self.path} {self.headers.get('Authorization')}")
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def _job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:1/")


def test_a_token_is_asked_for_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    with github(lambda _path: (200, {}, b'{"count": 1, "value": "a.b.c"}'), seen) as url:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/token?api-version=2.0")
        assert mint(5) == "a.b.c"
    assert seen == [f"/token?api-version=2.0&audience=sts.amazonaws.com bearer {REQUEST_TOKEN}"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"{}", CredentialsInvalid),
        (403, b"{}", CredentialsInvalid),
        (429, b"", ServerFault),
        (503, b"", ServerFault),
        (200, b"<html>", CredentialsAbsent),
        (200, b"{}", CredentialsAbsent),
        (200, b'{"value": 7}', CredentialsAbsent),
        (200, b'{"value": "' + b"x" * 100_000 + b'"}', CredentialsAbsent),
    ],
)
def test_every_answer_that_is_no_token_is_named(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, kind: type[AwsError]
) -> None:
    """What passes by itself is told from what a person has to mend."""
    with github(lambda _path: (status, {}, body)) as url:
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/")
        with pytest.raises(AwsError) as caught:
            mint(5)
    assert type(caught.value) is kind
    assert "GitHub" in caught.value.message
    assert REQUEST_TOKEN not in caught.value.message


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would carry the request token to whoever it names."""
    stranger: list[str] = []
    with (
        github(lambda _path: (200, {}, b'{"value": "a.b.c"}'), stranger) as elsewhere,
        github(lambda _path: (302, {"Location": f"{elsewhere}/"}, b"")) as url,
    ):
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{url}/")
        with pytest.raises(CredentialsInvalid, match="302"):
            mint(5)
    assert stranger == []


@pytest.mark.parametrize("missing", ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_outside_of_a_job_the_permission_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delenv(missing)
    with pytest.raises(CredentialsAbsent, match=missing) as caught:
        mint(5)
    assert "id-token: write" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:1/", Unreachable),
        ("file:///etc/passwd", CredentialsAbsent),
        ("http://[bad", CredentialsAbsent),
    ],
)
def test_an_address_that_does_not_answer_or_is_none(
    monkeypatch: pytest.MonkeyPatch, url: str, kind: type[AwsError]
) -> None:
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
    with pytest.raises(kind):
        mint(5)


def test_a_request_token_with_a_line_break_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own error for it shows the whole header."""
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", f"{REQUEST_TOKEN}\nx")
    with pytest.raises(AwsError) as caught:
        mint(5)
    assert REQUEST_TOKEN not in "".join(traceback.format_exception(caught.value))
