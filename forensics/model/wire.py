"""The two wire protocols of AWS, read into plain values without a service model.

A model would drop every field that the installed SDK does not know yet; a generic walk keeps them.
Query protocol (CloudFormation, STS): XML, every value is text. JSON protocol (ECS): JSON as it is.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.sax.saxutils import escape

import orjson

from forensics.errors import ForensicsError
from forensics.model.record import JsonObject

CLOUDFORMATION_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
STS_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"

MAX_DEPTH = 64
"""Deepest nesting that is read. AWS stays under 12; hostile bodies nest by the ten thousand."""

# What may stand before the root element. A document type can stand nowhere else, so that entities cannot
# be declared; comments and HTML are refused here too, and so is every encoding that is not like ASCII.
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^<>]*\?>)?\s*<[A-Za-z_]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A parser turns a bare carriage return into a line feed, so it travels as a character reference.
_REFERENCES = {"\r": "&#13;", '"': "&quot;"}


class WireError(ForensicsError, ValueError):
    """Bytes that are not what an operation returns, or values that cannot be sent."""


def read_xml(body: bytes, operation: str) -> JsonObject:
    """Return what a query operation answered, as plain values.

    An element whose children are all ``<member>`` becomes a list, one with other children a dict, one
    without children its text (an empty element is ``""``, also where AWS means an empty list). A name that
    comes more than once among siblings becomes a list under that name. Attributes are dropped.

    Args:
        body: The answer's bytes.
        operation: The operation's name, such as ``DescribeStackEvents``.

    Returns:
        The inside of ``<OperationResult>``; {} where the operation answers without a result.

    Raises:
        WireError: The body is not this operation's answer: HTML, truncated, empty, a document type, too deep.
    """
    root = _parse(body)
    namespace = _namespace(root)
    if root.tag != f"{namespace}{operation}Response":
        raise WireError(f"expected <{operation}Response>, got <{root.tag[:80]}>")
    answers = root.findall(f"{namespace}{operation}Result")
    if len(answers) > 1:
        raise WireError(f"<{operation}Result> comes {len(answers)} times")
    values = _walk(answers[0], namespace) if answers else {}
    if isinstance(values, dict):
        return values
    if isinstance(values, str) and not values.strip():
        return {}
    raise WireError(f"<{operation}Result> holds no fields")


def write_xml(
    operation: str,
    values: Mapping[str, Any],
    request_id: str,
    *,
    namespace: str = CLOUDFORMATION_NAMESPACE,
) -> bytes:
    """Return the answer of a query operation: what `read_xml` reads back as the same values.

    Args:
        operation: The operation's name, such as ``DescribeStacks``.
        values: Fields of the result: texts, dicts and lists of such.
        request_id: AWS's id of the call.
        namespace: The service's XML namespace.

    Raises:
        WireError: A value is not text, dict or list; a name or a character that XML cannot carry.
    """
    inside = b"".join(write_element(name, value) for name, value in values.items())
    return wrap_xml(operation, inside, request_id, namespace=namespace)


def wrap_xml(
    operation: str, inside: bytes, request_id: str, *, namespace: str = CLOUDFORMATION_NAMESPACE
) -> bytes:
    """Return the answer of a query operation around fields that `write_element` wrote earlier."""
    name = operation.encode()
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<%bResponse xmlns="%b">\n<%bResult>'
        % (name, namespace.encode(), name)
        + inside
        + b"</%bResult>\n<ResponseMetadata><RequestId>%b</RequestId></ResponseMetadata>\n</%bResponse>\n"
        % (name, escape(request_id).encode(), name)
    )


def write_element(name: str, value: Any) -> bytes:
    """Return one value as an XML element.

    Raises:
        WireError: The value is not text, dict or list; a name or a character that XML cannot carry.
    """
    return _element(name, value, 0).encode()


def read_json(body: bytes) -> JsonObject:
    """Return what a JSON operation answered, as it is.

    Raises:
        WireError: The body is not a JSON object: HTML, truncated, empty.
    """
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise WireError(f"not JSON: {error}") from error
    if not isinstance(values, dict):
        raise WireError(f"expected a JSON object, got {type(values).__name__}")
    return values


def read_error(body: bytes, protocol: str, status: int) -> tuple[str, str]:
    """Return the code and the message of an AWS error.

    Args:
        body: The answer's bytes, whatever they are.
        protocol: ``query`` or ``json``.
        status: The HTTP status.

    Returns:
        AWS's code without its namespace, and its message. A body that is no AWS error (a proxy's page, an
        empty body) gives the status as the code, as botocore does, and the status's phrase.
    """
    try:
        code, message = _xml_error(body) if protocol == "query" else _json_error(body)
    except WireError:
        code, message = "", ""
    return code or str(status), message or _phrase(status)


def write_query_error(code: str, message: str, request_id: str, *, is_sender: bool = True) -> bytes:
    """Return an error of the query protocol, as CloudFormation and STS send it."""
    fault = "Sender" if is_sender else "Receiver"
    error = write_element("Error", {"Type": fault, "Code": code, "Message": message})
    return (
        b'<ErrorResponse xmlns="%b">\n' % CLOUDFORMATION_NAMESPACE.encode()
        + error
        + b"\n<RequestId>%b</RequestId>\n</ErrorResponse>\n" % escape(request_id).encode()
    )


def write_json_error(code: str, message: str) -> bytes:
    """Return an error of the JSON protocol, as ECS sends it."""
    return orjson.dumps({"__type": code, "message": message})


def _parse(body: bytes) -> Element:
    if _PROLOG.match(body) is None:
        said = body[:40].decode(errors="replace")
        raise WireError(f"not an XML answer: begins with {said!r}" if body else "the body is empty")
    # The default parser resolves no external entity, and without a document type there are no others.
    parser = XMLParser()  # noqa: S314
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, LookupError, ValueError) as error:
        raise WireError(f"not well-formed XML: {error}") from error
    return root


def _walk(element: Element, namespace: str, depth: int = 0) -> Any:
    if not len(element):
        return element.text or ""
    if depth >= MAX_DEPTH:
        raise WireError(f"nested deeper than {MAX_DEPTH}")
    for text in (element.text, *[child.tail for child in element if child.tail]):
        _refuse_text(text)
    names = [child.tag.removeprefix(namespace) for child in element]
    values = [_walk(child, namespace, depth + 1) if len(child) else child.text or "" for child in element]
    fields = dict(zip(names, values, strict=True))
    if len(fields) == 1 and names[0] == "member":
        return values
    return fields if len(fields) == len(names) else _with_repeated(names, values)


def _with_repeated(names: list[str], values: list[Any]) -> JsonObject:
    fields: dict[str, list[Any]] = {}
    for name, value in zip(names, values, strict=True):
        fields.setdefault(name, []).append(value)
    return {name: found if len(found) > 1 else found[0] for name, found in fields.items()}


def _refuse_text(text: str | None) -> None:
    """Refuse text beside elements: AWS never sends it, and a walk would lose it."""
    if text and not text.isspace():
        raise WireError(f"text beside elements: {text[:40]!r}")


def _namespace(root: Element) -> str:
    """Return the prefix that the parser gives to every name, ``{url}``, or ""."""
    brace = root.tag.rfind("}")
    return str(root.tag[: brace + 1])


def _element(name: str, value: Any, depth: int) -> str:
    if _NAME.fullmatch(name) is None:
        raise WireError(f"{name!r} cannot be the name of an XML element")
    if depth > MAX_DEPTH:
        raise WireError(f"nested deeper than {MAX_DEPTH}")
    return f"<{name}>{_inside(value, depth)}</{name}>"


def _inside(value: Any, depth: int) -> str:
    if isinstance(value, str):
        if (found := _NOT_XML.search(value)) is not None:
            raise WireError(f"XML cannot carry the character U+{ord(found.group()):04X}")
        return escape(value, _REFERENCES)
    if isinstance(value, Mapping):
        return "".join(_element(name, inner, depth + 1) for name, inner in value.items())
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return "".join(_element("member", inner, depth + 1) for inner in value)
    raise WireError(f"the query protocol carries texts, dicts and lists, not {type(value).__name__}")


def _xml_error(body: bytes) -> tuple[str, str]:
    # Most services answer <ErrorResponse><Error>; a few older ones <Response><Errors><Error>.
    root = _parse(body)
    values = _walk(root, _namespace(root))
    for step in ("Errors", "Error"):
        if isinstance(values, dict):
            values = values.get(step, values)
    if not isinstance(values, dict):
        return "", ""
    return _text(values.get("Code")), _text(values.get("Message"))


def _json_error(body: bytes) -> tuple[str, str]:
    values = read_json(body)
    # Namespaced (`com.amazonaws.ecs#ClientException`) and, by some front ends, followed by a URL.
    code = _text(values.get("__type") or values.get("code") or values.get("Code"))
    message = _text(values.get("message") or values.get("Message") or values.get("errorMessage"))
    return code.rpartition("#")[2].partition(":")[0], message


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP status {status}"
