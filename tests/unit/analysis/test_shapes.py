"""Views of payloads that are not what AWS documents."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis import shapes
from forensics.model.record import Record
from tests.unit.analysis.records import STACK, Book

_VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.lists(st.none(), max_size=1)
)
_NAMES = st.sampled_from(
    ["StackId", "LogicalResourceId", "ResourceStatus", "ResourceStatusReason", "message", "seq", "at", "key"]
)


def record_of(payload: Any, kind: str = shapes.STACK_EVENT) -> Record:
    return Book().add(kind, STACK, "key-1", payload, time="2026-01-15T02:16:07.000Z", subject="Topic")


@given(st.dictionaries(_NAMES, _VALUES))
def test_a_field_of_another_type_reads_as_empty_and_the_others_stay(payload: dict[str, Any]) -> None:
    """One odd field in a payload must not cost the event its status."""
    event = shapes.stack_event(record_of(payload))
    said = {name: value if isinstance(value, str) else "" for name, value in payload.items()}
    assert event.status == said.get("ResourceStatus", "")
    assert event.reason == said.get("ResourceStatusReason", "")
    assert event.stack_id == (said.get("StackId") or STACK)
    assert event.logical_id == (said.get("LogicalResourceId") or "Topic")
    assert (event.seq, event.key, event.at) == (1, "key-1", "2026-01-15T02:16:07.000Z")
    message = shapes.service_event(record_of(payload, shapes.SERVICE_EVENT)).message
    assert message == said.get("message", "")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[1]", b"null", b'"x"', b'{"a":' * 2000],
    ids=["nothing", "cut short", "list", "null", "text", "nested"],
)
def test_a_payload_that_is_no_object_reads_as_empty(raw: bytes) -> None:
    """Damage and hostile nesting cost the payload, not the whole diagnosis."""
    record = msgspec.structs.replace(record_of({}), data=msgspec.Raw(raw))
    assert shapes.stack_event(record).status == ""
    assert shapes.service_event(record).message == ""
