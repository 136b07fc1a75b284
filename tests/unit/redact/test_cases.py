"""A case's names: the same in every bundle, private, whole."""

import stat
import threading
from pathlib import Path

import pytest

from forensics.errors import UsageError
from forensics.redact.cases import folder_of, names_of, open_case


def test_a_value_has_the_same_name_in_every_bundle_of_a_case(tmp_path: Path) -> None:
    with open_case("T-1", tmp_path / "cases") as names:
        first = names.name("acme-ledger")
    with open_case("T-1", tmp_path / "cases") as names:
        names.name("other")
        assert names.name("acme-ledger") == first
    assert names_of("T-1", tmp_path / "cases").known()[first] == "acme-ledger"


def test_another_case_has_other_names(tmp_path: Path) -> None:
    with open_case("a", tmp_path) as one, open_case("b", tmp_path) as two:
        assert one.name("acme-ledger") != two.name("acme-ledger")


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "config" / "cases"
    with open_case("T-1", folder) as names:
        names.name("acme")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_case_that_others_can_read_is_refused(tmp_path: Path) -> None:
    with open_case("T-1", tmp_path):
        pass
    (tmp_path / "T-1.json").chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"), open_case("T-1", tmp_path):
        pass


def test_nothing_is_kept_of_an_export_that_failed(tmp_path: Path) -> None:
    def fail() -> None:
        with open_case("T-1", tmp_path) as names:
            names.name("acme")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pytest.raises(UsageError, match="there is no case 'T-1'"):
        names_of("T-1", tmp_path)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "x" * 65, "a\nb"])
def test_a_name_never_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a case"):
        names_of(name, tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"format":9,"key":"AAAA","names":{}}', '{"format":1,"key":"AA==","names":{}}']
)
def test_a_damaged_case_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "T-1.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match=r"damaged|newer version"):
        names_of("T-1", tmp_path)


def test_a_case_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    with open_case("real", tmp_path):
        pass
    (tmp_path / "T-1.json").symlink_to(tmp_path / "real.json")
    with pytest.raises(UsageError, match="cannot be read"):
        names_of("T-1", tmp_path)


def test_two_exports_of_a_case_wait_for_each_other(tmp_path: Path) -> None:
    """Else the one that ends last would lose the names of the other."""

    def export(value: str) -> None:
        with open_case("T-1", tmp_path) as names:
            names.name(value)

    threads = [threading.Thread(target=export, args=(f"value-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names_of("T-1", tmp_path).known()) == 8


def test_cases_lie_in_the_users_configuration() -> None:
    assert folder_of({"XDG_CONFIG_HOME": "/x"}) == Path("/x/forensics/cases")
    assert folder_of({"HOME": "/home/a"}) == Path("/home/a/.config/forensics/cases")
    assert folder_of({"HOME": "/home/a", "XDG_CONFIG_HOME": "relative"}) == Path(
        "/home/a/.config/forensics/cases"
    )
