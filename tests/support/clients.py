"""Clients that others wrote, reading from the endpoint: boto3, the AWS CLI, and bare HTTP.

`served()` gives an endpoint whose history and clock a test may change, behind a `Player`; `plain` turns
what boto3 parsed back into the values of the wire, so that payloads can be compared whole.
"""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.config import Config

from forensics.model.clock import to_rfc3339
from forensics.model.record import Fact
from forensics.serve.endpoint import Endpoint, EndpointOptions
from forensics.serve.history import History
from forensics.serve.player import Player
from tests.support.clock import ManualClock

KEY = "AKIAIOSFODNN7EXAMPLE"
# One session keeps the service models that it has read.
_SESSION = boto3.session.Session()
_SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential={key}/20260115/{region}/{service}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)


class Served:
    """An endpoint that is being served."""

    def __init__(self, endpoint: Endpoint, url: str) -> None:
        self.endpoint = endpoint
        self.url = url
        self.clock = ManualClock()
        self._clients: dict[tuple[str, str, str], Any] = {}

    def play(self, history: Iterable[Fact], *, at: float) -> None:
        """Change to a history, as it stood `at` seconds after START."""
        self.clock = ManualClock()
        self.clock.advance(at)
        self.endpoint.play(History.of(history), self.clock)

    def client(self, service: str, *, key: str = KEY, region: str = "us-east-1") -> Any:
        """Return a boto3 client, the same one for the same arguments."""
        wanted = (service, key, region)
        if wanted not in self._clients:
            self._clients[wanted] = _SESSION.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=key,
                aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[wanted]

    def query(self, operation: str, *, service: str = "cloudformation", **parameters: str) -> bytes:
        """Send a query request by hand and return the answer's bytes."""
        version = {"cloudformation": "2010-05-15", "sts": "2011-06-15"}.get(service, "2000-01-01")
        body = urlencode({"Action": operation, "Version": version, **parameters})
        return self.post(body.encode(), service=service)[1]

    def json(self, operation: str, **parameters: Any) -> Any:
        """Send a JSON request of ECS by hand and return the answer's values, whatever they are."""
        target = {"x-amz-target": f"AmazonEC2ContainerServiceV20141113.{operation}"}
        return json.loads(self.post(json.dumps(parameters).encode(), service="ecs", headers=target)[1])

    def post(
        self, body: bytes, *, service: str, headers: Mapping[str, str] | None = None, key: str | None = KEY
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send bytes; return the status, the body and the headers of the answer."""
        signed = (
            {"authorization": _SIGNATURE.format(key=key, region="us-east-1", service=service)} if key else {}
        )
        connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.url).port, timeout=10)
        try:
            connection.request("POST", "/", body, {**signed, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


@contextmanager
def served(options: EndpointOptions | None = None) -> Iterator[Served]:
    """Serve an endpoint; its history is empty until `play`."""
    endpoint = Endpoint(History.of([]), ManualClock(), options)
    with Player(endpoint) as player:
        yield Served(endpoint, player.url)


def aws(url: str, *arguments: str, home: Path, key: str = KEY) -> subprocess.CompletedProcess[str]:
    """Run the AWS CLI against the endpoint with nothing of this machine's settings."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }
    return subprocess.run(
        [str(Path(sys.executable).with_name("aws")), "--output", "json", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=90,
    )


def plain(parsed: Any, *, is_json: bool) -> Any:
    """Return what boto3 parsed as it stood on the wire: times, and for the query protocol texts only."""
    if isinstance(parsed, datetime):
        return round(parsed.timestamp(), 3) if is_json else to_rfc3339(parsed)
    if isinstance(parsed, dict | list) and not parsed:
        # An empty list or structure is an empty element in XML.
        return parsed if is_json else ""
    if isinstance(parsed, dict):
        return {name: plain(value, is_json=is_json) for name, value in parsed.items()}
    if isinstance(parsed, list):
        return [plain(value, is_json=is_json) for value in parsed]
    if isinstance(parsed, bool | int) and not is_json:
        return str(parsed).lower()
    return parsed
