"""Requests signed with one set of credentials, and their answers as they came."""

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from botocore import xform_name
from botocore.config import Config

from forensics.aws import faults
from forensics.aws.opened import Opened
from forensics.aws.transport import BoundedSend, Limits
from forensics.errors import AwsError
from forensics.model.record import JsonObject
from forensics.model.wire import WireError, read_error, read_json, read_xml

_BODY = "forensics.body"
_ANSWERED_AT = "forensics.answered_at"


class RawReply(msgspec.Struct, frozen=True, kw_only=True):
    """A successful answer; implements `door.Reply`."""

    operation: str
    """As ``service:Operation``."""
    protocol: str
    """``query`` or ``json``."""
    body: bytes
    answered_at: datetime | None = None
    """When AWS answered, by its own clock; None where it does not say."""

    def values(self) -> JsonObject:
        """Return the answer as plain values.

        Raises:
            Undecodable: The body is not what the operation returns; the error keeps its bytes.
        """
        try:
            if self.protocol == "query":
                return read_xml(self.body, self.operation.partition(":")[2])
            return read_json(self.body)
        except WireError as error:
            raise faults.undecodable(self.operation, error.message, self.body) from error


class Connection:
    """The clients of one session, one for each service, made on first use; for several threads.

    Args:
        opened: The session, with the credentials that requests are signed with.
        region: Where calls go.
        endpoint_url: None means botocore's choice.
        config: Time limits; botocore's own retries must be off.
        max_body_bytes: The longest body taken, decompressed.
        monotonic: The clock of deadlines.
        on_date: Told each answer's Date header; returns by how much our clock is ahead, None if unknown.
        now: Our wall clock.
    """

    def __init__(
        self,
        opened: Opened,
        *,
        region: str,
        endpoint_url: str | None,
        config: Config,
        max_body_bytes: int,
        monotonic: Callable[[], float],
        on_date: Callable[[str], float | None],
        now: Callable[[], datetime],
    ) -> None:
        self.opened = opened
        self.is_accepted = False
        """Whether AWS has accepted a call signed with these credentials."""
        self._region = region
        self._endpoint_url = endpoint_url
        self._config = config
        self._max_body_bytes = max_body_bytes
        self._monotonic = monotonic
        self._on_date = on_date
        self._now = now
        self._limits = Limits()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def renew_in_time(self) -> None:
        """Renew the credentials where it is time for that, which may take longer than a call.

        A renewal that fails is no failure of the call: the old ones may still work, and `send` tells.
        """
        with contextlib.suppress(*faults.FAILING, AwsError):
            self.opened.credentials.get_frozen_credentials()

    def send(self, operation: str, parameters: JsonObject, ends_at_s: float) -> RawReply:
        """Return the answer to one request, sent once.

        Args:
            operation: As ``service:Operation``.
            parameters: The operation's parameters.
            ends_at_s: When to give up reading, on the clock of `monotonic`.

        Raises:
            AwsError: AWS answered with an error, did not answer, or could not be asked.
            UsageError: The endpoint is no URL.
        """
        self._limits.operation = operation
        self._limits.ends_at_s = ends_at_s
        service, _, name = operation.partition(":")
        try:
            client = self._client(service)
            method = getattr(client, xform_name(name), None)
            if method is None:
                reason = f"{operation} is not known to the installed botocore"
                raise AwsError(reason, code="UnknownOperation", operation=operation)
            answer = method(**parameters)
        except faults.FAILING as error:
            secrets = self.opened.secrets()
            raise faults.from_exception(error, operation, secrets=secrets, now=self._now()) from error
        protocol = client.meta.service_model.resolved_protocol
        return RawReply(
            operation=operation, protocol=protocol, body=answer[_BODY], answered_at=answer[_ANSWERED_AT]
        )

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._make_client(service)
            return self._clients[service]

    def _make_client(self, service: str) -> Any:
        client = self.opened.session.create_client(
            service, region_name=self._region, endpoint_url=self._endpoint_url, config=self._config
        )
        # Private, but the only way to what botocore made of proxies, certificates and time limits.
        session = client._endpoint.http_session
        send = BoundedSend(session, self._limits, self._monotonic, max_bytes=self._max_body_bytes)
        # By the whole name of the event: only so it comes before the signer.
        created = f"request-created.{client.meta.service_model.service_id.hyphenize()}"
        client.meta.events.register_first(created, _spell_out)
        client.meta.events.register("before-send", send)
        client.meta.events.register("before-parse", self._take_body)
        return client

    def _take_body(
        self,
        operation_model: Any,
        response_dict: dict[str, Any],
        customized_response_dict: dict[str, Any],
        **_: Any,
    ) -> None:
        """Keep an answer's body, and leave botocore's parser one that costs nothing.

        Raises:
            AwsError: AWS answered with an error.
        """
        skew_s = self._on_date(response_dict["headers"].get("Date", ""))
        body, status = response_dict["body"], response_dict["status_code"]
        protocol = operation_model.service_model.resolved_protocol
        if status >= 300:
            code, message = read_error(body, protocol, status)
            secrets = self.opened.secrets()
            operation = self._limits.operation
            raise faults.from_answer(operation, code, message, status, secrets=secrets, skew_s=skew_s)
        customized_response_dict[_BODY] = body
        answered_at = None if skew_s is None else self._now() - timedelta(seconds=skew_s)
        customized_response_dict[_ANSWERED_AT] = answered_at
        empty = b"<r><%bResult/></r>" % operation_model.name.encode()
        response_dict["body"] = empty if protocol == "query" else b"{}"


def _spell_out(request: Any, **_: Any) -> None:
    """Encode a request's parameters once; botocore does it each time somebody looks at the body."""
    if isinstance(request.data, dict):
        request.data = urlencode(request.data, doseq=True).encode()
