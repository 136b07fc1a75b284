"""The explanation at the end of a recording changes nothing, whatever goes wrong with it."""

import io
import os
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest

from forensics.cli.closing import explain_briefly
from tests.flow.test_read_commands import facts_of, write
from tests.unit.analysis.records import Book
from tests.unit.analysis.test_diagnose import failed_service


@pytest.fixture
def archive(tmp_path: Path) -> str:
    book = Book()
    failed_service(book)
    write(tmp_path / "archive", facts_of(book)).close()
    return str(tmp_path / "archive")


def broken(failure: BaseException) -> ModuleType:
    module = ModuleType("forensics.cli.afterword")

    def afterword(_archive: Path, _stream: io.StringIO) -> list[str]:
        raise failure

    module.afterword = afterword  # type: ignore[attr-defined]
    return module


def test_what_failed_first_is_said(archive: str) -> None:
    out = io.StringIO()
    explain_briefly(archive, out)
    assert out.getvalue().startswith("FAILED  CREATE_STACK shop")


def test_a_rule_that_breaks_is_one_line(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "forensics.cli.afterword", broken(KeyError("\x1b[31m")))
    out = io.StringIO()
    explain_briefly(archive, out)
    assert out.getvalue() == "not explained: unforeseen KeyError: '\\x1b[31m'\n"


def test_rules_that_cannot_even_be_loaded_are_one_line(archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "forensics.cli.afterword", None)
    out = io.StringIO()
    explain_briefly(archive, out)
    assert out.getvalue().startswith("not explained: unforeseen ModuleNotFoundError: ")


def test_a_signal_meanwhile_does_not_cut_off_what_follows(
    archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("forensics.cli.afterword")

    def afterword(_archive: Path, _stream: io.StringIO) -> list[str]:
        os.kill(os.getpid(), signal.SIGTERM)
        return ["explained"]

    module.afterword = afterword  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "forensics.cli.afterword", module)
    out = io.StringIO()
    explain_briefly(archive, out)
    assert out.getvalue() == "explained\n"


def test_an_archive_that_is_gone_is_one_line(tmp_path: Path) -> None:
    out = io.StringIO()
    explain_briefly(str(tmp_path / "gone"), out)
    assert out.getvalue().startswith("not explained: unforeseen ")
