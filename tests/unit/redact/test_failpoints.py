"""A step of redaction that fails: nothing is told, and the error does not say what it met."""

import msgspec
import pytest

from forensics.errors import RedactionFailed
from forensics.redact.pseudonyms import Pseudonyms
from forensics.redact.redactor import Redactor
from forensics.redact.steps import STEPS
from forensics.redact.text import Text
from tests.support.redaction import KEY, stack_event, task


def _fail(text: Text, said: str) -> str:
    raise RuntimeError(said)


@pytest.mark.parametrize("number", range(len(STEPS)), ids=[step.__name__ for step in STEPS])
def test_a_failing_step_refuses_the_export(number: int) -> None:
    steps = [*STEPS[:number], _fail, *STEPS[number + 1 :]]
    made = Redactor("standard", Pseudonyms(KEY), steps=steps)
    with pytest.raises(RedactionFailed) as failed:
        made.record(stack_event(ResourceStatusReason="the password is hunter2"))
    assert "hunter2" not in f"{failed.value} {failed.value.hint}"
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    with pytest.raises(RedactionFailed):
        made.text("the password is hunter2")


class _NoNames(Pseudonyms):
    def name(self, value: str) -> str:
        raise OSError(value)


@pytest.mark.parametrize("record", [stack_event(PhysicalResourceId="acme-ledger"), task()])
def test_no_name_no_export(record: object) -> None:
    made = Redactor("standard", _NoNames(KEY))
    with pytest.raises(RedactionFailed, match="could not be redacted: OSError") as failed:
        made.record(record)  # type: ignore[arg-type]
    assert "acme" not in str(failed.value)


def test_a_payload_that_is_no_json_refuses_the_export() -> None:
    broken = msgspec.structs.replace(stack_event(), data=msgspec.Raw(b'{"StackName": "hunter2'))
    with pytest.raises(RedactionFailed):
        Redactor("standard", Pseudonyms(KEY)).record(broken)


@pytest.mark.parametrize(
    "payload", [b"null", b"[]", b"7", b'"hunter2"', b'{"StackId":{"a":1},"ResourceStatus":["x"]}']
)
def test_a_payload_of_another_shape_tells_nothing(payload: bytes) -> None:
    odd = msgspec.structs.replace(stack_event(), data=msgspec.Raw(payload))
    shown = Redactor("standard", Pseudonyms(KEY)).record(odd)
    assert shown is not None
    assert b"hunter2" not in bytes(shown.data)


_HOSTILE = {
    "digits": "1" * 10_000,
    "cues": "token=a;" * 5_000,
    "hosts": "a.bc:" * 10_000,
    "quotes": "password '" * 20_000,
    "keys": "-----BEGIN " * 20_000,
    "brackets": '{"a":' * 10_000,
    "underscores": "a_" * 20_000,
    "paths": "/a" * 20_000,
    "percents": "%41" * 20_000,
    "dots": "a." * 20_000,
    "values": "Value (" * 10_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", _HOSTILE)
def test_no_text_stops_or_refuses_an_export(kind: str) -> None:
    """Whoever writes a text into an event must not be able to keep its owner from sharing it."""
    made = Redactor("standard", Pseudonyms(KEY))
    for field in ("ResourceStatusReason", "ResourceProperties", "PhysicalResourceId", "LogicalResourceId"):
        assert made.record(stack_event(**{field: _HOSTILE[kind]})) is not None


@pytest.mark.parametrize("odd", [7, "x", None, {"a": 1}, [1, [2]], True])
def test_no_field_of_another_shape_refuses_an_export(odd: object) -> None:
    made = Redactor("standard", Pseudonyms(KEY))
    fields = ("containers", "attachments", "overrides", "group", "startedBy", "cpu", "tags", "stoppedReason")
    assert made.record(task(**dict.fromkeys(fields, odd))) is not None
