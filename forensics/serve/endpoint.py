"""An AWS endpoint that plays a written history over the real wire protocols.

Query protocol for CloudFormation and STS, JSON 1.1 for ECS. Everything is told as it stood at the moment
that the endpoint's clock shows, so that a clock that runs fast plays the history fast. What the history
does not hold is an AWS error.
"""

import uuid
from collections.abc import Callable, Mapping
from email.utils import format_datetime

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from forensics.model.clock import Clock
from forensics.model.wire import (
    CLOUDFORMATION_NAMESPACE,
    STS_NAMESPACE,
    WireError,
    wrap_xml,
    write_json_error,
    write_query_error,
)
from forensics.serve import cloudformation, ecs, sts
from forensics.serve.call import Call
from forensics.serve.credentials import AccessKey, Caller, KeyRing, access_key_of
from forensics.serve.history import History
from forensics.serve.moments import seconds
from forensics.serve.refusal import Refusal
from forensics.serve.request import Asked, read_request

_OPERATIONS: dict[str, Mapping[str, Callable[[Call], bytes]]] = {
    "cloudformation": cloudformation.OPERATIONS,
    "ecs": ecs.OPERATIONS,
    "sts": sts.OPERATIONS,
}


class EndpointOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the endpoint answers."""

    keys: tuple[AccessKey, ...] = ()
    """The access keys that it knows; () takes any."""
    is_date_sent: bool = True
    """The Date header shows the endpoint's clock; False leaves the header out."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer, ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Endpoint:
    """Answers AWS operations from a history at the moment its clock shows.

    Args:
        history: What AWS said.
        clock: Shows the moment to tell of.
        options: How to answer.
        on_call: Told of each request before it is answered: the operation (``ecs:ListTasks``) and the access
            key's id, "" where there is none. Runs in the serving thread.
    """

    def __init__(
        self,
        history: History,
        clock: Clock,
        options: EndpointOptions | None = None,
        on_call: Callable[[str, str], None] | None = None,
    ) -> None:
        self._history = history
        self._clock = clock
        self._options = options or EndpointOptions()
        self.keys = KeyRing(self._options.keys)
        """The access keys that it knows; more can be lent."""
        self._on_call = on_call
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["POST"])])
        """The endpoint as an ASGI application."""

    def play(self, history: History, clock: Clock | None = None) -> None:
        """Change to another history, and to another clock where one is given."""
        self._history = history
        self._clock = clock or self._clock

    def answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer one request.

        Args:
            headers: The request's headers, names in lower case.
            body: The request's body, bytes of any kind.
        """
        asked = read_request(headers, body)
        authorization = headers.get("authorization", "")
        if self._on_call is not None:
            self._on_call(asked.name, access_key_of(authorization))
        try:
            inside = self._ask(asked, authorization)
        except Refusal as refusal:
            return self.refuse(asked, refusal)
        except WireError as error:
            # The history holds what this protocol cannot carry, such as a control character in XML.
            return self.refuse(asked, Refusal("InternalFailure", str(error), status=500))
        request_id = str(uuid.uuid4())
        if asked.is_json:
            return self._http(200, asked, inside, request_id)
        namespace = STS_NAMESPACE if asked.service == "sts" else CLOUDFORMATION_NAMESPACE
        whole = wrap_xml(asked.operation, inside, request_id, namespace=namespace)
        return self._http(200, asked, whole, request_id)

    def refuse(self, asked: Asked, refusal: Refusal) -> Answer:
        """Return an AWS error in the shape of the protocol that the request used."""
        request_id = str(uuid.uuid4())
        if asked.is_json:
            body = write_json_error(refusal.code, refusal.message)
        else:
            is_sender = refusal.status < 500
            body = write_query_error(refusal.code, refusal.message, request_id, is_sender=is_sender)
        return self._http(refusal.status, asked, body, request_id)

    def _ask(self, asked: Asked, authorization: str) -> bytes:
        now = seconds(self._clock.now())
        account = self._history.account
        if asked.service == "sts" and asked.operation in sts.UNSIGNED:
            caller = Caller("", account, "", "", "sts")
        else:
            caller = self.keys.caller(authorization, now=now, account=account, is_json=asked.is_json)
        operation = _OPERATIONS.get(asked.service, {}).get(asked.operation)
        if operation is None:
            raise _unknown(asked)
        if asked.parameters is None:
            raise Refusal("SerializationException", "The request body is not a JSON object.")
        return operation(
            Call(
                operation=asked.operation,
                parameters=asked.parameters,
                is_json=asked.is_json,
                place=self._history.place(caller.account, caller.region),
                caller=caller,
                now=now,
                keys=self.keys,
            )
        )

    def _http(self, status: int, asked: Asked, body: bytes, request_id: str) -> Answer:
        headers = {
            "content-type": "application/x-amz-json-1.1" if asked.is_json else "text/xml",
            "x-amzn-requestid": request_id,
        }
        if self._options.is_date_sent:
            headers["date"] = format_datetime(self._clock.now(), usegmt=True)
        return Answer(status=status, headers=headers, body=body)

    async def _serve(self, request: Request) -> Response:
        # Names come in lower case from ASGI servers.
        answer = self.answer(request.headers, await request.body())
        return Response(answer.body, answer.status, answer.headers)


def _unknown(asked: Asked) -> Refusal:
    if asked.is_json:
        return Refusal("UnknownOperationException", f"Unknown operation {asked.operation}.")
    if not asked.operation:
        return Refusal("MissingAction", "The request must contain the parameter Action.")
    return Refusal("InvalidAction", f"Could not find operation {asked.operation} for version {asked.version}")
