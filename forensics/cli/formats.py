"""The forms in which `explain` writes a diagnosis, each loaded when it is asked for."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import TextIO

import msgspec

from forensics.analysis.course import Course
from forensics.cli.pipeline import append_summary, job_address, summary_file
from forensics.errors import UsageError
from forensics.model.finding import Diagnosis
from forensics.report.explain import page
from forensics.report.ink import ink_for
from forensics.report.plain_json import as_json

FORMATS = ("text", "json", "markdown", "github", "gitlab", "junit", "slack")
LIMITED = ("markdown", "github")
"""Those that leave out sections to stay within --max-bytes."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written."""

    diagnosis: Diagnosis
    course: Course
    limit: int | None = None
    """Bytes, of the formats that can be limited."""


def check_limit(output: str, limit: int | None) -> None:
    """Refuse a limit for a format that has none.

    Raises:
        UsageError: It is not one of `LIMITED`.
    """
    if limit is not None and output not in LIMITED:
        raise UsageError(
            f"--max-bytes does not go with -o {output}", hint=f"it is for -o {' and -o '.join(LIMITED)}"
        )


def write(output: str, told: Told, out: TextIO, *, to_file: bool) -> None:
    """Write a diagnosis in one of `FORMATS`.

    Args:
        output: Which.
        told: What.
        out: Where to.
        to_file: Whether that is a file that the person named.

    Raises:
        UsageError: It does not fit, or a step's summary cannot be written.
    """
    diagnosis, course = told.diagnosis, told.course
    match output:
        case "text":
            out.writelines(f"{line}\n" for line in page(diagnosis, ink_for(out), course))
        case "json":
            out.write(as_json(diagnosis))
        case "markdown":
            out.write(_document(output)(diagnosis, course, limit=told.limit))
        case "slack":
            out.write(_document(output)(diagnosis, course, link=job_address(os.environ)))
        case "github":
            _github(told, out, to_file=to_file)
        case _:
            out.write(_document(output)(diagnosis, course))


def _github(told: Told, out: TextIO, *, to_file: bool) -> None:
    """Write the summary into the step's own file, or where the person wants it; annotations on stdout."""
    github = importlib.import_module("forensics.report.github")
    sys.stdout.writelines(f"{line}\n" for line in github.annotations(told.diagnosis))
    step = None if to_file else summary_file(os.environ)
    # Other commands of the step may have written a summary before.
    limits = [github.SUMMARY_BYTES, told.limit, step[1] if step else None]
    limit = min(item for item in limits if item is not None)
    summary = github.summary(told.diagnosis, told.course, limit=limit)
    if step:
        append_summary(step[0], summary)
    else:
        out.write(summary)


def _document(output: str) -> Callable[..., str]:
    """Import what makes a format's document: most runs want one of them, and each costs its time."""
    made: Callable[..., str] = importlib.import_module(f"forensics.report.{output}").document
    return made
