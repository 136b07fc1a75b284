"""Templates made into one file: what they print is escaped, and the page may ask for nothing."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from forensics.analysis.wording import short_name
from forensics.model.finding import Subject
from forensics.model.inert import inert_lines
from forensics.report.count import counted
from forensics.report.html.scale import percent
from forensics.report.moments import calendar_time, clock_time, lasted, precise_time

TEMPLATES = Path(__file__).parent / "templates"
"""Beside the code: what a page looks like, its style and its script."""


def rendered(name: str, **values: Any) -> Markup:
    """Return a template filled with values; a value that it does not get is an error."""
    return Markup(_environment().get_template(name).render(**values))  # noqa: S704 - escaped by autoescape


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        calendar=calendar_time,
        clock=clock_time,
        moment=precise_time,
        lasted=lasted,
        counted=counted,
        short=short_name,
        where=where,
        rest=rest,
    )
    style, script = _asset("report.css"), _asset("report.js")
    environment.globals.update(style=Markup(style), script=Markup(script), policy=policy(style, script))  # noqa: S704 - ours
    return environment


def where(subject: Subject) -> list[tuple[str, str]]:
    """Return what is known of a finding's subject, each with its label."""
    named = [
        ("resource", subject.logical_id),
        ("type", subject.resource_type),
        ("service", subject.service),
        ("task", subject.task),
        ("stack", short_name(subject.stack) if subject.stack else None),
    ]
    return [(label, text) for label, text in named if text]


def rest(height: str) -> str:
    """Return what is above a bar of so many per cent: SVG counts from the top."""
    return percent(100 - float(height.removesuffix("%")))


def policy(style: str, script: str) -> str:
    """Return the Content-Security-Policy of a page that runs these two texts and asks for nothing."""
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _harmless(value: Any) -> Any:
    """Return what a template prints, without characters that reorder or hide text; escaping comes after."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return "\n".join(inert_lines(value))
    return value


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
