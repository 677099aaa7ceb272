"""The catalogue on a terminal: a line that fits, ids that can be copied, and no count where nothing was counted."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from app_schema.backup.entry import Entry, Kind
from app_schema.backup.event import Drill
from app_schema.backup.holding import Database, Part, Physical, Proof, TableProof
from app_schema.backup.retention import Decision
from app_schema.cli.listing import show_decisions, show_entries

AT = datetime(2026, 11, 22, 3, tzinfo=UTC)


def entry(kind, *databases, rows=1234, physical=None):
    proof = Proof(tables={"public.t": TableProof(rows=rows)})
    parts = [Part(file=name, bytes=123_456_789, sha256="0", database=Database(name=name, proof=proof)) for name in databases]
    return Entry(
        id=f"20261122T030000Z-{kind}-0b6a",
        kind=kind,
        started=AT,
        finished=AT + timedelta(seconds=1234),
        server="db:5432",
        server_version="17.1",
        client_version="17.1",
        compression="zstd:2",
        parts=tuple(parts) or (Part(file="base", bytes=1, sha256="0"),),
        physical=physical,
        drills=(Drill(at=AT, quick=True, seconds=1),),
    )


def place(parent=None):
    facts = {"system_identifier": "7", "timeline": 1, "start_lsn": "0/1", "stop_lsn": "0/2", "start_wal": "0", "checksums": True}
    return Physical(parent=parent, superuser="postgres", consistent_at=AT, next_xid=3, segment_bytes=1 << 24, **facts)


ENTRIES = [
    entry(Kind.DUMP, "app_schema"),
    entry(Kind.DUMP, "uncounted", rows=None),
    entry(Kind.SNAPSHOT, *(f"database_number_{number}" for number in range(12))),
    entry(Kind.BASE, physical=place()),
    entry(Kind.INCREMENTAL, physical=place("20261122T030000Z-base-0b6a")),
]


@pytest.fixture
def terminal(monkeypatch, capsys):
    def terminal(columns, show):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(columns))
        show()
        said = capsys.readouterr()
        return re.sub(r"\x1b\[[0-9;]*m", "", said.out).splitlines(), said.err

    return terminal


@pytest.mark.parametrize("columns", [60, 80, 100, 200])
def test_it_fits(columns, terminal):
    decided = [Decision(each, keep=False, reason="somebody reads it just now, or another long reason") for each in ENTRIES]
    for show in (lambda: show_entries(ENTRIES), lambda: show_decisions(decided, dry_run=True)):
        lines, _ = terminal(columns, show)
        assert max(map(len, lines)) <= columns
        for each in ENTRIES:
            assert any(line.startswith(f"{each.id} ") for line in lines)
        assert "…" not in "".join(lines)


def test_80_columns_have_what_an_operator_looks_for(terminal):
    lines, said = terminal(80, lambda: show_entries(ENTRIES))
    assert lines[0].split() == ["id", "databases", "size", "status", "drill"]
    assert said == "no room for: took, encryption, verified, rows, taken (a wider terminal or a pipe shows them)\n"


def test_rows_that_nobody_counted_are_not_0(terminal):
    lines, _ = terminal(200, lambda: show_entries(ENTRIES))
    column = lines[0].index("rows") + len("rows")
    shown = [line[:column].split()[-1] for line in lines if line.startswith("2026")]
    assert shown == ["1,234", "-", "14,808", "-", "-"]


def test_in_a_pipe_nothing_is_left_out(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    show_entries(ENTRIES)
    said = capsys.readouterr()
    heading, first, *_ = said.out.splitlines()
    assert heading.split() == ["id", "taken", "databases", "size", "took", "rows", "encryption", "status", "verified", "drill"]
    assert first.split()[1:4] == ["2026-11-22", "12:00", "KST"]
    assert said.err == ""
