"""`reveal`: an answer with names of ours becomes one with those of its reader."""

from pathlib import Path

from forensics.redact.cases import open_case
from tests.support.commands import forensics

ARN = "arn:aws:ecs:us-east-1:{account}:service/main/api"


def _case(tmp_path: Path, *values: str) -> list[str]:
    with open_case("T-1", tmp_path / ".config" / "forensics" / "cases") as names:
        return [names.name(value) for value in values]


def test_names_in_an_answer_are_turned_back(tmp_path: Path) -> None:
    values = ("123456789012", "acme-ledger", "alice@acme.com", "10.20.0.7", "sg-0123456789abcdef0")
    account, bucket, mail, address, group = _case(tmp_path, *values)
    answer = tmp_path / "answer.txt"
    answer.write_text(
        f"{ARN.format(account=account)} cannot read {bucket}.\n"
        f"Ask {mail}: is {address}:443 open in {group}? See anonunknown.\n"
    )
    shown = forensics("reveal", "--case", "T-1", answer, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == (
        f"{ARN.format(account='123456789012')} cannot read acme-ledger.\n"
        "Ask alice@acme.com: is 10.20.0.7:443 open in sg-0123456789abcdef0? See anonunknown.\n"
    )
    assert shown.stderr == "5 names turned back\n"


def test_a_case_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    _case(tmp_path)
    shown = forensics("reveal", "--case", "T-2", tmp_path / "answer.txt", cwd=tmp_path)
    assert shown.returncode == 2
    (tmp_path / "answer.txt").write_text("x")
    shown = forensics("reveal", "--case", "T-2", tmp_path / "answer.txt", cwd=tmp_path)
    assert shown.returncode == 2
    assert "there is no case 'T-2'" in shown.stderr
    assert "known: T-1" in shown.stderr


def test_a_value_cannot_take_over_the_terminal(tmp_path: Path) -> None:
    (name,) = _case(tmp_path, "evil\x1b[2Jname")
    (tmp_path / "answer.txt").write_text(name)
    shown = forensics("reveal", "--case", "T-1", tmp_path / "answer.txt", cwd=tmp_path)
    assert shown.stdout == "evil\\x1b[2Jname\n"
