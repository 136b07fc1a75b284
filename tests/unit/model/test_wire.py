"""The wire codec: what AWS's bytes mean, and which bytes mean nothing."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.model.wire import (
    MAX_DEPTH,
    WireError,
    read_error,
    read_json,
    read_xml,
    write_json_error,
    write_query_error,
    write_xml,
)

_TEXTS = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=["Cs", "Cc"],
        exclude_characters="\ufffe\uffff",
        include_characters="\t\n\r",
    )
)
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,12}", fullmatch=True).filter(lambda name: name != "member")
# An empty dict or list and an empty text are the same bytes, so that only the text can be read back.
_VALUES = st.recursive(
    _TEXTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4) | st.dictionaries(_NAMES, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)

EVENT_BODY = b"""<DescribeStackEventsResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <DescribeStackEventsResult>
    <StackEvents>
      <member>
        <EventId>Vpc-CREATE_COMPLETE-2026-01-15T02:17:01.123Z</EventId>
        <ResourceProperties>{&quot;CidrBlock&quot;:&quot;10.0.0.0/16&quot;}</ResourceProperties>
        <PhysicalResourceId/>
        <InventedNextYear><Deep><member>one</member><member>two</member></Deep></InventedNextYear>
      </member>
    </StackEvents>
    <NextToken>abc</NextToken>
  </DescribeStackEventsResult>
  <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>
</DescribeStackEventsResponse>"""


def test_a_query_answer_becomes_plain_values_with_unknown_fields_kept() -> None:
    """A field that the installed SDK does not know is evidence like any other."""
    assert read_xml(EVENT_BODY, "DescribeStackEvents") == {
        "StackEvents": [
            {
                "EventId": "Vpc-CREATE_COMPLETE-2026-01-15T02:17:01.123Z",
                "ResourceProperties": '{"CidrBlock":"10.0.0.0/16"}',
                "PhysicalResourceId": "",
                "InventedNextYear": {"Deep": ["one", "two"]},
            }
        ],
        "NextToken": "abc",
    }


@given(st.dictionaries(_NAMES, _VALUES, max_size=5))
def test_what_is_written_as_xml_is_read_back_the_same(values: dict[str, object]) -> None:
    """The endpoint writes with the inverse of what the door reads with."""
    assert read_xml(write_xml("DoThing", values, "r-1"), "DoThing") == values


@given(st.integers(min_value=0, max_value=len(EVENT_BODY) - 1))
def test_a_body_cut_anywhere_is_refused(length: int) -> None:
    """A truncated page must never pass for a short one."""
    with pytest.raises(WireError):
        read_xml(EVENT_BODY[:length], "DescribeStackEvents")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_and_nothing_else_is_raised(body: bytes) -> None:
    """Whatever a broken proxy sends, the door needs one kind of error to keep the bytes."""
    with pytest.raises(WireError):
        read_xml(body, "DescribeStacks")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"<html><body>Sign in</body></html>",
        b'<!DOCTYPE x [<!ENTITY a "aa">]><DescribeStacksResponse>&a;</DescribeStacksResponse>',
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><DescribeStacksResponse/>',
        b'<!-- c --><!DOCTYPE x [<!ENTITY a "aa">]><DescribeStacksResponse/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "a">]><x/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="no-such"?><DescribeStacksResponse/>',
        b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
        b"<DescribeStacksResponse><DescribeStacksResult/><DescribeStacksResult/></DescribeStacksResponse>",
        b"<DescribeStacksResponse><DescribeStacksResult>words</DescribeStacksResult></DescribeStacksResponse>",
        b"<DescribeStacksResponse><DescribeStacksResult>words<A/></DescribeStacksResult></DescribeStacksResponse>",
        b"<DescribeStacksResponse><DescribeStacksResult><A/>words</DescribeStacksResult></DescribeStacksResponse>",
        b"<DescribeStacksResponse>"
        + b"<DescribeStacksResult>" * (MAX_DEPTH + 2)
        + b"</DescribeStacksResult>" * (MAX_DEPTH + 2)
        + b"</DescribeStacksResponse>",
        b"<a>" * 20_000 + b"</a>" * 20_000,
    ],
    ids=[
        "empty",
        "html with doctype",
        "html",
        "entity",
        "external entity",
        "doctype after a comment",
        "utf-16 doctype",
        "unknown encoding",
        "an error with status 200",
        "two results",
        "text for a result",
        "text before a field",
        "text after a field",
        "too deep",
        "absurdly deep",
    ],
)
def test_what_is_no_answer_of_the_operation_is_refused(body: bytes) -> None:
    """Each of these is something that proxies, broken services or attackers send."""
    with pytest.raises(WireError):
        read_xml(body, "DescribeStacks")


@pytest.mark.parametrize(
    "body",
    [
        b"<DeleteStackResponse><ResponseMetadata/></DeleteStackResponse>",
        b"<DeleteStackResponse><DeleteStackResult/></DeleteStackResponse>",
        b"<DeleteStackResponse><DeleteStackResult>\n  </DeleteStackResult></DeleteStackResponse>",
    ],
    ids=["no result", "empty result", "blank result"],
)
def test_an_answer_without_fields_is_empty(body: bytes) -> None:
    """Some operations have nothing to say, and AWS says it in three ways."""
    assert read_xml(body, "DeleteStack") == {}


def test_a_repeated_name_keeps_every_value() -> None:
    """Flattened lists have no <member>; keeping one of the values only would lose the others."""
    body = b"<OpResponse><OpResult><Tag>a</Tag><Tag>b</Tag><Other>c</Other></OpResult></OpResponse>"
    assert read_xml(body, "Op") == {"Tag": ["a", "b"], "Other": "c"}


@pytest.mark.parametrize(
    "values",
    [{"A": 1}, {"A": None}, {"A": b"x"}, {"A": "\x1b[31m"}, {"A": "\ud800"}, {"A b": "x"}, {"": "x"}],
    ids=["number", "none", "bytes", "escape", "surrogate", "space in name", "no name"],
)
def test_what_xml_cannot_carry_is_not_written(values: dict[str, object]) -> None:
    """Better no answer than one that reads back as something else."""
    with pytest.raises(WireError):
        write_xml("Op", values, "r-1")


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
        max_size=4,
    )
)
def test_json_is_read_as_it_is(values: dict[str, object]) -> None:
    """ECS timestamps are numbers and stay numbers."""
    bounded = {k: v for k, v in values.items() if not isinstance(v, int) or abs(v) < 2**63}
    assert read_json(orjson.dumps(bounded)) == bounded


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"<html></html>", b'{"a": NaN}', b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    """A truncated or foreign body must not pass for an empty answer."""
    with pytest.raises(WireError):
        read_json(body)


@given(_TEXTS.filter(bool))
def test_errors_are_read_back_in_both_protocols(message: str) -> None:
    """The endpoint's errors are what the door understands."""
    assert read_error(write_query_error("ValidationError", message, "r"), "query", 400) == (
        "ValidationError",
        message,
    )
    assert read_error(write_json_error("ClientException", message), "json", 400) == (
        "ClientException",
        message,
    )


@pytest.mark.parametrize(
    ("body", "protocol", "status", "expected"),
    [
        (b"", "query", 503, ("503", "Service Unavailable")),
        (b"<html>no</html>", "query", 502, ("502", "Bad Gateway")),
        (b"<html>no</html>", "json", 502, ("502", "Bad Gateway")),
        (b"{}", "json", 599, ("599", "HTTP status 599")),
        (
            b'{"__type":"com.amazonaws.ecs#ClusterNotFoundException:http://x","Message":"gone"}',
            "json",
            400,
            ("ClusterNotFoundException", "gone"),
        ),
        (
            b"<Response><Errors><Error><Code>AuthFailure</Code><Message>m</Message></Error></Errors></Response>",
            "query",
            401,
            ("AuthFailure", "m"),
        ),
        (
            b"<ErrorResponse><Error><Code><A>1</A></Code></Error></ErrorResponse>",
            "query",
            400,
            ("400", "Bad Request"),
        ),
    ],
    ids=["empty", "html query", "html json", "odd status", "namespaced", "older shape", "nested code"],
)
def test_every_error_body_gives_a_code_and_a_message(
    body: bytes, protocol: str, status: int, expected: tuple[str, str]
) -> None:
    """Errors come from proxies too; a person still needs one sentence."""
    assert read_error(body, protocol, status) == expected
