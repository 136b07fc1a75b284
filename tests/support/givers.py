"""Those who give credentials: SSO's portal and tokens, sign-in, GitHub, container and instance metadata.

One HTTP server on loopback is all of them. The keys that it gives are known to an endpoint and end by its
clock; the tokens that it asks for are those that a test calls good.

    with Givers(endpoint, clock) as givers:
        givers.good.add("portal-token")            # SSO's portal takes this access token
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", givers.url)
        ...
        assert givers.given == 2                   # keys given so far
        givers.broken["/container"] = (500, b"x")  # from now on
"""

import base64
import json
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from forensics.serve.endpoint import Endpoint
from tests.support.clock import ManualClock
from tests.support.histories import ACCOUNT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/test"


class Givers:
    """Gives keys that an endpoint knows; a context manager."""

    def __init__(self, endpoint: Endpoint, clock: ManualClock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self.good: set[str] = set()
        """Tokens that are taken: access, refresh, request and authorization tokens alike."""
        self.lifetime_s = 3600.0
        """Seconds that a key lasts, by the endpoint's clock."""
        self.given = 0
        """Keys given so far."""
        self.asked: Counter[str] = Counter()
        """Requests by path."""
        self.broken: dict[str, tuple[int, bytes]] = {}
        """Answers in place of one's own, by path."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.givers = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def key(self) -> tuple[str, datetime]:
        """Return a new access key's id and when it ends."""
        ends_at = self._clock.now() + timedelta(seconds=self.lifetime_s)
        self.given += 1
        return self._endpoint.keys.lend(arn=CALLER, account=ACCOUNT, expires_at=ends_at).id, ends_at

    def jwt(self, *, lifetime_s: float = 300) -> str:
        """Return a token for AWS that is good for so long, by the endpoint's clock."""
        ends_at = self._clock.now().timestamp() + lifetime_s
        claims = json.dumps({"aud": "sts.amazonaws.com", "exp": ends_at, "jti": uuid.uuid4().hex}).encode()
        parts = (b'{"alg":"RS256"}', claims, b"signature")
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    def answer(  # noqa: PLR0911  one for each place
        self, verb: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """Return status and body for one request."""
        path = urlsplit(target).path
        self.asked[path] += 1
        if path in self.broken:
            return self.broken[path]
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        said = json.loads(body) if body[:1] == b"{" else {}
        match verb, path:
            case "GET", "/federation/credentials":
                return self._portal(headers.get("x-amz-sso_bearer_token", ""))
            case "POST", "/token":
                return self._sso_token(said)
            case "POST", "/v1/token":
                return self._sign_in(said["refreshToken"])
            case "GET", "/github":
                return self._github(headers.get("authorization", ""), query.get("audience", ""))
            case "GET", "/container":
                return self._container(headers.get("authorization", ""))
            case "PUT", "/latest/api/token":
                return 200, b"imds-token"
            case "GET", "/latest/meta-data/iam/security-credentials/":
                return 200, b"deployer"
            case "GET", "/latest/meta-data/iam/security-credentials/deployer":
                return 200, json.dumps({"Code": "Success", **self._long_names()}).encode()
            case _:
                return 404, b""

    def _long_names(self) -> dict[str, str]:
        key, ends_at = self.key()
        return {
            "AccessKeyId": key,
            "SecretAccessKey": "any",
            "Token": "any",
            "Expiration": ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _portal(self, token: str) -> tuple[int, bytes]:
        if token not in self.good:
            return (
                401,
                b'{"__type": "UnauthorizedException", "message": "Session token not found or invalid"}',
            )
        key, ends_at = self.key()
        given = {
            "accessKeyId": key,
            "secretAccessKey": "any",
            "sessionToken": "any",
            "expiration": int(ends_at.timestamp() * 1000),
        }
        return 200, json.dumps({"roleCredentials": given}).encode()

    def _sso_token(self, said: dict[str, Any]) -> tuple[int, bytes]:
        if said.get("refreshToken") not in self.good:
            return 400, b'{"error": "invalid_grant", "error_description": "Invalid refresh token"}'
        token = f"access-{uuid.uuid4().hex}"
        self.good.add(token)
        given = {"accessToken": token, "expiresIn": 3600, "refreshToken": said["refreshToken"]}
        return 200, json.dumps(given).encode()

    def _sign_in(self, refresh_token: str) -> tuple[int, bytes]:
        if refresh_token not in self.good:
            return 401, b'{"error": "TOKEN_EXPIRED", "message": "The refresh token has ended"}'
        self.good.discard(refresh_token)  # each is good once
        renewed = f"refresh-{uuid.uuid4().hex}"
        self.good.add(renewed)
        key, _ = self.key()
        given = {
            "accessToken": {"accessKeyId": key, "secretAccessKey": "any", "sessionToken": "any"},
            "tokenType": "aws_sigv4",
            "expiresIn": 900,
            "refreshToken": renewed,
        }
        return 200, json.dumps(given).encode()

    def _github(self, authorization: str, audience: str) -> tuple[int, bytes]:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token not in self.good:
            return 401, b"{}"
        return (200, json.dumps({"value": self.jwt()}).encode()) if audience else (400, b"{}")

    def _container(self, authorization: str) -> tuple[int, bytes]:
        if authorization not in self.good:
            return 403, b'{"code": "AccessDenied", "message": "wrong token"}'
        return 200, json.dumps(self._long_names()).encode()


def soon(**ahead: float) -> str:
    """Return a moment of the machine's clock as token caches write it, such as ``soon(hours=8)``."""
    return (datetime.now(UTC) + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    givers: Givers


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, answer = self.server.givers.answer(self.command, self.path, headers, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass
