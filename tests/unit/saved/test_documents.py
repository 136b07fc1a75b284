"""Files in every form in which people save what AWS answers."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import NothingRecognised
from forensics.saved.cut import MARK
from forensics.saved.documents import documents
from forensics.saved.times import lacks_zone, stamp
from tests.unit.saved.answers import STACK, events, keys, read, task

_ANSWER = {"StackEvents": events(3)}
_TEXT = json.dumps(_ANSWER, indent=4)


@pytest.mark.parametrize(
    "content",
    [
        _TEXT.encode(),
        _TEXT.encode("utf-8-sig"),
        _TEXT.encode("utf-16"),
        "\n".join(json.dumps(item) for item in _ANSWER["StackEvents"]).encode(),
        json.dumps(_ANSWER["StackEvents"]).encode(),
        (json.dumps({"StackEvents": events(1, 2)}) + json.dumps({"StackEvents": events(2)})).encode(),
        f"$ aws cloudformation describe-stack-events\n{_TEXT}\n$ exit\n".encode(),
        yaml.safe_dump(_ANSWER).encode(),
        b"---\n" + yaml.safe_dump({"StackEvents": events(1, 2)}).encode()
        + b"---\n" + yaml.safe_dump({"StackEvents": events(2)}).encode(),
        yaml.safe_dump([_ANSWER], default_flow_style=None).encode(),
    ],
    ids=["json", "mark", "utf-16", "lines", "list", "pages", "prompts", "yaml", "yaml stream", "yaml flow"],
)  # fmt: skip
def test_an_answer_is_the_same_in_every_form(content: bytes, tmp_path: Path) -> None:
    """People save with > and >>, with jq -c, from PowerShell, with --output yaml-stream."""
    records, _ = read(tmp_path, content)
    assert keys(records) == ["R0-CREATE_FAILED-0", "R1-CREATE_FAILED-1", "R2-CREATE_FAILED-2"]
    assert {record.source for record in records} == {STACK}
    assert records[0].payload()["Timestamp"] == "2026-01-15T02:16:00.123Z"


@given(st.data())
def test_a_file_cut_anywhere_gives_its_whole_elements_and_nothing_else(data: st.DataObject) -> None:
    """A full disk or a killed shell ends a file in the middle; what stands before it is evidence."""
    cut = data.draw(st.integers(len('{"StackEvents": [{'), len(_TEXT) - 1))
    whole = _TEXT[:cut].count('"ResourceStatus"')
    try:
        found = documents(_TEXT[:cut].encode(), "file")
    except NothingRecognised:
        assert whole <= 1
        return
    (answer,) = found.values
    kept = answer["StackEvents"]
    assert kept == _ANSWER["StackEvents"][: len(kept)]
    assert whole - 1 <= len(kept) <= whole
    assert answer[MARK] is True
    assert found.troubles == ["ends in the middle: what was not whole there is left out"]


def test_of_a_service_that_is_cut_short_only_what_is_whole_counts(tmp_path: Path) -> None:
    """Half a service would say that it has no circuit breaker; its whole events are still true."""
    service = {
        "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/main/backend",
        "events": [{"id": "1", "createdAt": 1768443367.1, "message": "one"}, {"id": "2", "message": "two"}],
    }
    text = json.dumps({"services": [service]})
    records, notes = read(tmp_path, text[: text.index('"two"')])
    assert keys(records) == ["1"]
    assert notes == [f"{tmp_path / '0.json'} ends in the middle: what was not whole there is left out"]
    half = json.dumps({"tasks": [task(), task(4)]})
    records, _ = read(tmp_path, half[: half.rindex('"version"')])
    assert [item.rpartition("@")[2] for item in keys(records)] == ["3"]


def test_half_surrogates_and_numbers_that_are_none_do_not_end_reading(tmp_path: Path) -> None:
    records, _ = read(tmp_path, '{"StackEvents": [{"EventId": "a", "ResourceStatus": "\\ud800", "N": NaN}]}')
    assert keys(records) == ["a"]


def test_yaml_means_what_yaml_1_2_means() -> None:
    """YAML 1.1 would read an answer "no" as false, 1:30 as a number and a time as an object."""
    text = "a: no\nb: 1:30\nc: 2026-01-15 02:16:07+00:00\nd: 0123\ne: true\nf: 1.5\ng: 7\nh: ~\n"
    assert documents(text.encode(), "file").values == [
        {
            "a": "no",
            "b": "1:30",
            "c": "2026-01-15 02:16:07+00:00",
            "d": "0123",
            "e": True,
            "f": 1.5,
            "g": 7,
            "h": None,
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(
            f"{chr(99 + n)}: &{chr(99 + n)} [{', '.join(['*' + chr(98 + n)] * 9)}]\n" for n in range(9)
        ),
        "a: &a [*a]\n",
        "a: !!python/object/apply:os.system [ls]\n",
        "a: [1, 2\n",
    ],
    ids=["aliases of aliases", "holds itself", "code", "unfinished"],
)  # fmt: skip
def test_hostile_yaml_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(NothingRecognised, match="is neither JSON nor YAML"):
        documents(text.encode(), "file")


@pytest.mark.parametrize(
    "value",
    [
        1768443367.123,
        1768443367123,
        "1768443367.123",
        "1768443367123",
        "2026-01-15T02:16:07.123Z",
        "2026-01-15T02:16:07.123000+00:00",
        "2026-01-15T03:16:07.123000+01:00",
        "2026-01-15 02:16:07.123000+00:00",
        "2026-01-15 02:16:07.123 UTC",
        "2026-01-15T02:16:07.123",
        "20260115T021607.123Z",
    ],
    ids=str,
)
def test_a_moment_is_the_same_in_every_spelling(value: object) -> None:
    """The CLI of both versions, boto3's str() and repr of JSON, the SDKs of other languages."""
    assert stamp(value) == "2026-01-15T02:16:07.123Z"
    assert lacks_zone(value) is (value == "2026-01-15T02:16:07.123")


@pytest.mark.parametrize(
    "value", [None, True, "", "soon", "12", [], {}, 1e300, -1e300, "2026-13-45T99:99:99Z"]
)
def test_what_is_no_moment_is_none(value: object) -> None:
    assert stamp(value) is None
