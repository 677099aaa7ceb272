"""A machine that has PostgreSQL's client programs only, or some of them: what is missing is named before anything is read or copied."""

import pytest

from app_schema.backup import programs
from app_schema.cli.physical import say_unrestorable
from app_schema.embedded import binaries
from app_schema.embedded.binaries import Binaries
from app_schema.errors import ProgramMissing
from app_schema.physical import verify
from app_schema.restore import cluster
from app_schema.restore.target import Target

CLIENT = {"pg_basebackup", "pg_combinebackup", "pg_dump", "pg_restore", "pg_verifybackup", "psql"}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine that has these programs of PostgreSQL 17 and no others."""
    whole = Binaries.find(None, 17).folder

    def only(names):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in names:
            (folder / name).symlink_to(whole / name)
        for module in (programs, binaries):
            monkeypatch.setattr(module, "folders", lambda: iter([folder]))
        monkeypatch.setenv("PATH", "/nowhere")
        return folder

    only.all = {path.name for path in whole.iterdir()}
    return only


def test_whoever_takes_a_backup_is_told(history, machine, capsys):
    folder = machine(CLIENT)
    say_unrestorable(history.entries[1])
    assert capsys.readouterr().err == (
        "note: it cannot be restored on this machine:"
        f" {folder} lacks pg_waldump, pg_amcheck, pg_checksums of PostgreSQL 17: install postgresql-17\n"
    )


def test_nothing_is_said_where_all_is_there(history, capsys):
    say_unrestorable(history.entries[1])
    assert capsys.readouterr().err == ""


def test_verify_names_it_before_it_reads(history, machine, monkeypatch):
    machine(CLIENT)
    monkeypatch.setattr(verify, "prove", lambda *_: pytest.fail("it was read"))
    with pytest.raises(ProgramMissing, match="lacks pg_waldump of PostgreSQL 17: install postgresql-17"):
        list(verify.verify(history.settings, history.folder, history.entries, everything=True))


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("pg_amcheck", "lacks pg_amcheck of PostgreSQL 17: install postgresql-17"),
        ("pg_combinebackup", "lacks pg_combinebackup of PostgreSQL 17: install postgresql-17"),
        ("postgres", "the server of PostgreSQL 17 is needed to restore .*: install postgresql-17"),
    ],
)
def test_a_restore_names_it_before_it_copies(missing, says, history, machine, target, monkeypatch):  # noqa: PLR0913, PLR0917 (fixtures)
    machine(machine.all - {missing})
    monkeypatch.setattr(cluster, "bring", lambda *_: pytest.fail("it was copied"))
    with pytest.raises(ProgramMissing, match=says):
        cluster.restore(history.settings, history.folder, Target(), target)
    assert not target.exists()
