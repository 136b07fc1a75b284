"""The coverage of an archive as Markdown, for a ticket or a pipeline's summary."""

import re
from collections.abc import Iterator

from forensics.analysis.coverage_statement import Statement
from forensics.model.inert import inert
from forensics.report.coverage import percent, verdict
from forensics.report.coverage_gaps import SECTIONS, grouped, line_of

# Signs of markup, and what makes a link or a mention of a bare word.
_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>#|~@&$]|:(?=//)|(?<=www)\.)")


def markdown(statement: Statement) -> Iterator[str]:
    """Yield the lines: a table of streams, then every gap; no text of AWS's can become markup."""
    yield "# Coverage"
    yield ""
    yield f"{_escaped(_sentence(verdict(statement)))}"
    for note in statement.notes:
        yield ""
        yield _escaped(_sentence(note))
    if statement.streams:
        yield ""
        yield "| Stream | Seen | Recovered | Lost | Unknown | Open | From | To |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"
    for stream in statement.streams:
        gaps = stream.coverage.gaps
        counts = [str(gaps[kind]) for kind in ("recovered", "lost", "unknown", "open")]
        cells = [stream.name, percent(stream.coverage), *counts, stream.since, stream.until or "never read"]
        yield f"| {' | '.join(map(_escaped, cells))} |"
    every = [gap for stream in statement.streams for gap in stream.gaps]
    for kind, (title, _) in SECTIONS.items():
        groups = grouped(gap for gap in every if gap.kind == kind)
        if groups:
            yield ""
            yield f"## {title.capitalize()}"
            yield ""
        for group in groups:
            yield f"- {_escaped(line_of(group))}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _escaped(text: str) -> str:
    """Return a text in which nothing is markup, in one line."""
    return _MEANS_SOMETHING.sub(r"\\\1", inert(" ".join(text.split())))
