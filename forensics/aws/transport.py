"""One HTTP answer, read within a time and a size, whatever the other side does."""

import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from botocore.awsrequest import AWSResponse
from urllib3.exceptions import HTTPError

from forensics.errors import AwsError, Undecodable, Unreachable

_PIECE_BYTES = 1 << 16


class Limits(threading.local):
    """What the call that this thread is making may cost."""

    operation: str = ""
    ends_at_s: float = float("inf")
    """Monotonic seconds of the door's clock."""


class BoundedSend:
    """Sends a signed request in botocore's place, and reads the whole body at once.

    botocore's reading has a time limit for each piece only, so that one byte a second never ends; it also
    accepts a body that is shorter than announced.

    Args:
        session: The client's own HTTP session, with its proxies and certificates.
        limits: Set by the thread that calls.
        monotonic: The clock that `limits` is on.
        max_bytes: The longest body taken, decompressed.
    """

    def __init__(
        self, session: Any, limits: Limits, monotonic: Callable[[], float], *, max_bytes: int
    ) -> None:
        self._session = session
        self._limits = limits
        self._monotonic = monotonic
        self._max_bytes = max_bytes

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        """Return the answer to a prepared request, its body complete.

        Raises:
            Unreachable: The body did not come whole within the time.
            Undecodable: The body is too long, or its compression is broken.
        """
        request.stream_output = True  # botocore's session then leaves the body to us
        response = self._session.send(request)
        body = self._read(response.raw)
        announced = response.headers.get("Content-Length")
        if announced is not None and announced.isdigit() and len(body) < int(announced):
            raise self._broken(f"the answer broke off after {len(body)} of {announced} bytes")
        if response.headers.get("Content-Encoding", "").lower() in ("gzip", "deflate"):
            body = self._decompress(body)
        return AWSResponse(response.url, response.status_code, response.headers, _Whole(body))

    def _read(self, raw: Any) -> bytes:
        try:
            return b"".join(self._pieces(raw))
        except HTTPError as error:
            raw.close()
            raise self._broken(f"the answer broke off: {error}") from error
        except AwsError:
            raw.close()  # what is still to come would be taken for the next answer
            raise

    def _pieces(self, raw: Any) -> Iterator[bytes]:
        size = 0
        while piece := raw.read1(_PIECE_BYTES):
            size += len(piece)
            if size > self._max_bytes:
                raise self._too_long(piece)
            if self._monotonic() > self._limits.ends_at_s:
                raise self._broken(f"only {size} bytes of the answer came in time")
            yield piece

    def _decompress(self, body: bytes) -> bytes:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, told by the header
        try:
            plain = inflate.decompress(body, self._max_bytes + 1)
        except zlib.error as error:
            operation = self._limits.operation
            reason = f"{operation}: broken compression: {error}"
            raise Undecodable(reason, body=body, operation=operation) from error
        if len(plain) > self._max_bytes:
            raise self._too_long(body)
        return plain

    def _broken(self, reason: str) -> Unreachable:
        operation = self._limits.operation
        return Unreachable(f"{operation}: {reason}", operation=operation, hint="it is asked again")

    def _too_long(self, body: bytes) -> Undecodable:
        operation = self._limits.operation
        reason = f"{operation}: the answer is longer than {self._max_bytes} bytes"
        return Undecodable(reason, body=body, operation=operation)


class _Whole:
    """A body that is already here, in the shape that botocore reads from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> list[bytes]:
        return [self._body]
