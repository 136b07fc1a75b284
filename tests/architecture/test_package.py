"""What is built and pinned: wheel, sdist, lock."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import forensics

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements" / name for name in ("run.txt", "dev.txt", "build.txt")]


def _entries(lock: Path) -> list[str]:
    """The lock's requirements, one string each with its hashes."""
    return [
        entry.replace("\\\n", " ")
        for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.read_text())
        if entry.strip()
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_locked_package_is_pinned_with_hashes(lock: Path) -> None:
    """Installing with hashes refuses a lock with one loose line; find it here instead."""
    for entry in _entries(lock):
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_the_lock_names_no_index(lock: Path) -> None:
    """People install through mirrors; a host in the lock would send them around theirs."""
    assert not re.search(r"https?://|--index|--find-links|file:", lock.read_text())


def test_every_dependency_is_in_the_lock() -> None:
    """A dependency that is declared and not locked breaks the first fresh clone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {"run.txt": project["project"]["dependencies"]}
    wanted["dev.txt"] = wanted["run.txt"] + project["dependency-groups"]["dev"]
    wanted["build.txt"] = project["dependency-groups"]["build"] + project["build-system"]["requires"]
    for lock in LOCKS:
        locked = {re.split(r"[=\[]", entry)[0].lower() for entry in _entries(lock)}
        names = {re.split(r"[<>=\[]", requirement)[0].lower() for requirement in wanted[lock.name]}
        assert names <= locked


def test_wheel_and_sdist_build_and_hold_the_package(tmp_path: Path) -> None:
    """The distribution is deploy-forensics; what it installs is the package and the command forensics."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    version = forensics.__version__
    wheel = zipfile.ZipFile(tmp_path / f"deploy_forensics-{version}-py3-none-any.whl")
    names = wheel.namelist()
    assert "forensics/cli/main.py" in names
    assert "forensics/py.typed" in names
    assert "forensics/report/html/templates/report.html.j2" in names
    assert "forensics/report/html/templates/report.css" in names
    assert not [name for name in names if not name.startswith(("forensics/", "deploy_forensics-"))]
    points = wheel.read(f"deploy_forensics-{version}.dist-info/entry_points.txt").decode()
    assert "forensics = forensics.__main__:main" in points
    with tarfile.open(tmp_path / f"deploy_forensics-{version}.tar.gz") as sdist:
        assert f"deploy_forensics-{version}/LICENSE" in sdist.getnames()
        assert f"deploy_forensics-{version}/config/forensics.toml" in sdist.getnames()


@pytest.mark.parametrize(
    "command", [["forensics"], [sys.executable, "-m", "forensics"]], ids=["script", "module"]
)
def test_the_version_is_printed(command: list[str]) -> None:
    """Both ways to start the program are the same program."""
    script = [str(Path(sys.executable).parent / command[0])] if command == ["forensics"] else command
    printed = subprocess.run([*script, "--version"], capture_output=True, text=True, check=True)
    assert printed.stdout == f"forensics {forensics.__version__}\n"


def test_without_a_browser_and_the_right_to_install_one_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    """Contributors are seldom root, and a test that is skipped is a test that nobody misses."""
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    script = ROOT / "tests/support/install-chromium"
    ended = subprocess.run(["/bin/bash", script], env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("the tests need Chromium: install the package chromium")
