"""Templates made into one file: what they print is escaped, and the page may ask for nothing."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from forensics.model.inert import inert_lines

TEMPLATES = Path(__file__).parent / "templates"
"""Beside the code: what a page looks like, its style and its script."""


def rendered(name: str, **values: Any) -> str:
    """Return a template filled with values; a value that it does not get is an error."""
    return _environment().get_template(name).render(**values)


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
    style, script = _asset("report.css"), _asset("report.js")
    environment.globals.update(style=Markup(style), script=Markup(script), policy=policy(style, script))  # noqa: S704 - ours
    return environment


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
