"""The coverage of an archive as Markdown, for a ticket or a pipeline's summary."""

from collections.abc import Iterator

from forensics.analysis.coverage_statement import Statement
from forensics.report.coverage import percent, verdict
from forensics.report.coverage_gaps import SECTIONS, grouped, line_of
from forensics.report.marked import prose, table

_HEAD = ["Stream", "Seen", "Recovered", "Lost", "Unknown", "Open", "From", "To"]


def markdown(statement: Statement) -> Iterator[str]:
    """Yield the parts: a table of streams, then every gap; no text of AWS's can become markup."""
    yield "# Coverage"
    for sentence in (verdict(statement), *statement.notes):
        yield ""
        yield prose(f"{sentence[:1].upper()}{sentence[1:]}.")
    rows = []
    for stream in statement.streams:
        counts = [str(stream.coverage.gaps[kind]) for kind in ("recovered", "lost", "unknown", "open")]
        span = (stream.since, stream.until or "never read")
        rows.append([prose(stream.name), percent(stream.coverage), *counts, *map(prose, span)])
    if rows:
        yield ""
        yield table(_HEAD, rows)
    gaps = [gap for stream in statement.streams for gap in stream.gaps]
    for kind, (title, _) in SECTIONS.items():
        groups = grouped(gap for gap in gaps if gap.kind == kind)
        if groups:
            yield ""
            yield f"## {title.capitalize()}"
            yield ""
        for group in groups:
            yield f"- {prose(line_of(group))}"
