"""The table of fields: whole for what is recorded, so that no bundle lacks anything for want of a row."""

from pathlib import Path

import pytest

from forensics.analysis import shapes
from forensics.archive.reader import Archive
from forensics.demo import incident
from forensics.model import record as kinds
from forensics.redact.fields import FIELDS
from tests.support.histories import facts
from tests.support.incidents import crisis, stabilization
from tests.support.redaction import redactor
from tests.support.reports import archive_of


def test_every_kind_of_record_has_a_table() -> None:
    """A kind without one is left out of every bundle; a conflict has that of what it holds."""
    ours = {
        value for value in vars(kinds).values() if isinstance(value, str) and value.startswith("forensics.")
    }
    awss = {value for value in vars(shapes).values() if isinstance(value, str) and value.startswith("aws.")}
    others = {"forensics.model", "forensics.model.record", kinds.CONFLICT}
    assert (ours - others) | awss <= set(FIELDS)


@pytest.mark.parametrize("name", ["demo", "crisis", "stabilization"])
def test_no_field_of_an_incident_is_dropped(name: str, tmp_path: Path) -> None:
    parts = {
        "demo": lambda: list(incident.facts()),
        "crisis": lambda: facts(*crisis.parts()),
        "stabilization": lambda: facts(*stabilization.parts()),
    }
    made = redactor()
    for record in Archive.open(archive_of(parts[name](), tmp_path / "archive")).records():
        assert made.record(record) is not None
    assert made.summary()["dropped_fields"] == {}
