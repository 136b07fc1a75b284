"""What a line of our own log shows."""

import io
import json
from collections.abc import Iterator

import pytest

from forensics import telemetry


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    telemetry.configure()


def line(log_format: str, **values: object) -> str:
    out = io.StringIO()
    telemetry.configure(log_format=log_format, stream=out)
    telemetry.get_logger("capture").info("credentials stand", **values)
    return out.getvalue()


def test_a_line_for_people_leaves_out_what_has_no_value() -> None:
    """`command=` with nothing behind it only makes somebody look for it."""
    said = line("text", state="renews", expires_at=None, command="", left_s=0)
    assert "state=renews" in said
    assert "left_s=0" in said
    assert "command" not in said
    assert "None" not in said


def test_a_line_for_programs_has_every_key() -> None:
    """Whoever reads it by name finds each name, with a value or without."""
    said = json.loads(line("json", state="renews", expires_at=None, command=""))
    assert (said["state"], said["expires_at"], said["command"]) == ("renews", None, "")
