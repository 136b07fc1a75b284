"""A settings file is understood whole, or refused with the place of the mistake."""

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.errors import SettingsError
from forensics.settings import Settings, load

REPOSITORY = Path(__file__).parents[2]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "forensics.toml"
    path.write_text(text)
    return path


def refused(tmp_path: Path, text: str) -> tuple[str, str | None]:
    """Return message and hint, the message without the file's name."""
    path = written(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert caught.value.message.startswith(f"{path}: ")
    return caught.value.message.removeprefix(f"{path}: "), caught.value.hint


def test_an_empty_file_says_the_defaults(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")) == Settings()


def test_each_section_steers_its_own_part(tmp_path: Path) -> None:
    settings = load(
        written(
            tmp_path,
            """
            archive.directory = "/data"
            capture.workers = 8
            capture.survey_s = 15
            log = {format = "json", level = "debug"}
            on_event = {command = "notify-send 'a deploy'", kinds = ["stack_ended"]}
            [[targets]]
            stacks = ["shop-*"]
            region = "eu-central-1"
            [[targets]]
            name = "payments"
            profile = "payments"
            services = ["main/api"]
            clusters = ["batch"]
            """,
        )
    )
    assert settings.archive.directory == "/data"
    assert (settings.capture.workers, settings.capture.survey_s) == (8, 15.0)
    assert (settings.log.format, settings.log.level) == ("json", "debug")
    assert settings.on_event.kinds == ("stack_ended",)
    assert [target.label() for target in settings.targets] == ["eu-central-1", "payments"]
    assert settings.targets[1].wanted().services == ("main/api",)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("captur.workers = 1", "unknown key captur", "did you mean capture?"),
        ("[capture]\nworker = 1", "unknown key capture.worker", "did you mean capture.workers?"),
        (
            '[[targets]]\n[[targets]]\nstack = ["x"]',
            "unknown key targets[1].stack",
            "did you mean targets[1].stacks?",
        ),
        ("[log]\nzzz = 1", "unknown key log.zzz", "known here: format, level"),
        ('[capture]\nworkers = "four"', 'capture.workers = "four": expected int, got str', None),
        ("[capture]\nworkers = 1.5", "capture.workers = 1.5: expected int, got float", None),
        ("[capture]\nworkers = true", "capture.workers = true: expected int, got bool", None),
        ('[[targets]]\nstacks = "x"', 'targets[0].stacks = "x": expected array, got str', None),
        ('[[targets]]\nstacks = ["x", 3]', "targets[0].stacks[1] = 3: expected str, got int", None),
        ("targets = 3", "targets = 3: expected array, got int", None),
        ('[log]\nlevel = "loud"', "log.level = \"loud\": invalid enum value 'loud'", None),
        ('[capture]\nuntil = "dawn"', 'capture.until = "dawn": unknown', "one of signal, done"),
        ("[capture]\nworkers = 0", "capture.workers = 0: expected a finite number above 0", None),
        ("[capture]\nsurvey_s = -1", "capture.survey_s = -1.0: expected a finite number above 0", None),
        ("[capture]\nsurvey_s = nan", "capture.survey_s = nan: expected a finite number above 0", None),
        ("[capture]\nsurvey_s = inf", "capture.survey_s = inf: expected a finite number above 0", None),
        ("[capture]\njitter = 0.6", "capture.jitter = 0.6: expected above 0, at most 0.5", None),
        ("[budget.rates]\necs = {burst = 1, per_s = 0}", "budget.rates.ecs.per_s = 0.0: expected", None),
        ("log = 2026-01-15T00:00:00Z", "log = datetime.datetime", None),
    ],
    ids=lambda value: value.replace("\n", " ") if isinstance(value, str) else None,
)
def test_a_mistake_is_named_by_its_path(tmp_path: Path, text: str, message: str, hint: str | None) -> None:
    said, suggested = refused(tmp_path, text)
    assert said.startswith(message)
    assert suggested == hint


def test_a_rate_stands_beside_the_defaults_of_the_other_services(tmp_path: Path) -> None:
    """Raising the limit for ECS must not lower that for CloudFormation."""
    settings = load(written(tmp_path, "[budget.rates]\necs = {burst = 50, per_s = 10}"))
    assert settings.budget.rates["ecs"].per_s == 10
    assert settings.budget.rates["cloudformation"] == Settings().budget.rates["cloudformation"]


def test_a_file_that_is_not_toml_is_refused_with_the_line(tmp_path: Path) -> None:
    said, _ = refused(tmp_path, "[log]\nlevel = \n")
    assert said.startswith("not TOML: ")
    assert "line 2" in said


def test_bytes_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "forensics.toml"
    path.write_bytes(b'[log]\nlevel = "\xff"')
    with pytest.raises(SettingsError, match="not UTF-8 at byte 15"):
        load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such settings file") as caught:
        load(tmp_path / "absent.toml")
    assert "config/forensics.toml" in (caught.value.hint or "")


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_two_targets_of_one_name_are_refused(tmp_path: Path) -> None:
    """Logs and reloads tell targets apart by their names."""
    said, _ = refused(tmp_path, '[[targets]]\nregion = "x"\n[[targets]]\nname = "x"\n')
    assert said == 'targets[1] has the same name as targets[0]: "x"'


def test_an_unknown_kind_of_event_is_refused(tmp_path: Path) -> None:
    said, hint = refused(tmp_path, '[on_event]\ncommand = "true"\nkinds = ["stack_end"]')
    assert said == 'on_event.kinds[0] = "stack_end": unknown'
    assert "stack_ended" in (hint or "")


def test_an_on_event_command_that_cannot_be_split_is_refused(tmp_path: Path) -> None:
    said, _ = refused(tmp_path, """[on_event]\ncommand = "sh -c 'open"\n""")
    assert "cannot be split" in said


@given(st.binary(max_size=40))
def test_any_bytes_are_understood_or_refused_in_our_own_words(content: bytes) -> None:
    """A settings file is read again while a recording runs: nothing in it may raise anything else."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    try:
        with contextlib.suppress(SettingsError):
            load(Path(f"/dev/fd/{reading}"))
    finally:
        os.close(reading)


ROLE = "arn:aws:iam::123456789012:role/r"


def test_sources_of_credentials_keep_their_order(tmp_path: Path) -> None:
    settings = load(
        written(
            tmp_path,
            f"""
            [[credentials]]
            kind = "github-oidc"
            role_arn = "{ROLE}"
            [[credentials]]
            kind = "profile"
            profile = "ci"
            [[targets]]
            stacks = ["x"]
            credentials = [{{ kind = "environment" }}]
            """,
        )
    )
    assert [one.kind for one in settings.credentials] == ["github-oidc", "profile"]
    assert [one.kind for one in settings.targets[0].credentials] == ["environment"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[credentials]]\nkind = "vault"', "credentials[0].kind = \"vault\": invalid enum value 'vault'"),
        ('[[credentials]]\nprofil = "x"', "unknown key credentials[0].profil"),
        ('[[credentials]]\nkind = "environment"\nprofile = "x"', "credentials[0].profile: has no meaning"),
        ('[[credentials]]\nkind = "process"', "credentials[0].command: missing"),
        ('[[credentials]]\nkind = "github-oidc"', "credentials[0].role_arn: missing"),
        ('[[credentials]]\nexternal_id = "x"', "credentials[0].external_id: has no meaning without"),
        ('[[credentials]]\nrole_arn = "deployer"', 'credentials[0].role_arn = "deployer": no role\'s ARN'),
        (
            f'[[credentials]]\nrole_arn = "{ROLE}"\nrole_duration_s = 60',
            "credentials[0].role_duration_s = 60: expected 900 to 43200 seconds",
        ),
        (
            '[[credentials]]\nkind = "process"\ncommand = "x"\ntimeout_s = 0',
            "credentials[0].timeout_s = 0.0: expected a finite number above 0",
        ),
        (
            '[[targets]]\nstacks = ["x"]\ncredentials = [{ kind = "process" }]',
            "targets[0].credentials[0].command: missing",
        ),
        ('[[targets]]\nrole_arn = "x"', 'targets[0].role_arn = "x": no role\'s ARN'),
        ("[aws]\nrole_duration_s = 1", "aws.role_duration_s = 1: expected 900 to 43200 seconds"),
    ],
)
def test_a_mistake_in_a_source_of_credentials_is_named_by_its_path(
    tmp_path: Path, text: str, message: str
) -> None:
    """A recorder that would find no keys at night must say so when it is set up."""
    said, _ = refused(tmp_path, text)
    assert said.startswith(message)
