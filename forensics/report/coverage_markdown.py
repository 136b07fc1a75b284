"""The coverage of an archive as Markdown, for a ticket or a pipeline's summary."""

from collections.abc import Iterator

from forensics.analysis.coverage_statement import Statement
from forensics.report.coverage import notes, percent, verdict
from forensics.report.coverage_gaps import SECTIONS, grouped, line_of, summary_of
from forensics.report.marked import prose, table

_HEAD = ["Stream", "Seen", "Recovered", "Lost", "Unknown", "Open", "From", "To"]


def markdown(statement: Statement) -> Iterator[str]:
    """Yield the parts: a table of streams, then every gap; no text of AWS's can become markup."""
    yield "# Coverage"
    for sentence in (verdict(statement), *notes(statement)):
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
    every = [gap for stream in statement.streams for gap in stream.gaps]
    for kind, (title, _) in SECTIONS.items():
        gaps = [gap for gap in every if gap.kind == kind]
        if gaps:
            yield ""
            yield f"## {title.capitalize()}: {summary_of(gaps)}"
            yield ""
        for group in grouped(gaps):
            yield f"- {prose(line_of(group))}"
