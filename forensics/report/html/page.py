"""The report as one HTML file."""

from collections.abc import Callable, Iterable

from forensics import __version__
from forensics.model.finding import Diagnosis
from forensics.model.record import Record
from forensics.report.html.rendering import rendered
from forensics.report.html.table import rows


def page(records: Callable[[], Iterable[Record]], diagnosis: Diagnosis) -> str:
    """Return the page: the same text for the same records and diagnosis.

    Args:
        records: Gives all records in the order of their seq, each time it is called.
        diagnosis: What they come down to.
    """
    return rendered(
        "report.html.j2",
        version=__version__,
        diagnosis=diagnosis,
        rows=rows(records()),
    )
