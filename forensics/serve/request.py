"""What a request on the wire asks for, in either protocol."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from forensics.model.wire import WireError, read_json

ECS_TARGET = "AmazonEC2ContainerServiceV20141113"
CLOUDFORMATION_VERSION = "2010-05-15"
STS_VERSION = "2011-06-15"

_OF_TARGET = {ECS_TARGET: "ecs"}
_OF_VERSION = {CLOUDFORMATION_VERSION: "cloudformation", STS_VERSION: "sts"}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks for, before anything is decided."""

    service: str
    """``cloudformation``, ``sts`` or ``ecs``; "" for one that is not played."""
    operation: str
    """Such as ``ListTasks``; "" where the request names none."""
    parameters: Mapping[str, Any] | None
    """As `call.Call` has them; None where they cannot be read."""
    is_json: bool
    version: str = ""
    """The API version that a query request names."""

    @property
    def name(self) -> str:
        """The operation as IAM names it, such as ``ecs:ListTasks``."""
        return f"{self.service}:{self.operation}"


def read_request(headers: Mapping[str, str], body: bytes) -> Asked:
    """Return what a request asks for.

    Args:
        headers: Names in lower case.
        body: The request's body; bytes of any kind.
    """
    target = headers.get("x-amz-target")
    return _read_query(body) if target is None else _read_json(target, body)


def _read_json(target: str, body: bytes) -> Asked:
    prefix, _, operation = target.rpartition(".")
    try:
        parameters: Mapping[str, Any] | None = read_json(body) if body else {}
    except WireError:
        parameters = None
    return Asked(service=_OF_TARGET.get(prefix, ""), operation=operation, parameters=parameters, is_json=True)


def _read_query(body: bytes) -> Asked:
    try:
        fields: dict[str, str] = dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:
        return Asked(service="", operation="", parameters=None, is_json=False)
    version = fields.get("Version", "")
    return Asked(
        service=_OF_VERSION.get(version, ""),
        operation=fields.get("Action", ""),
        parameters=fields,
        is_json=False,
        version=version,
    )
