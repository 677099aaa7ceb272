"""On a terminal of any width numbers are whole and what is left out is named; in a pipe nothing is cut, folded or padded."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from operating import NOON

from app_schema.columns import show
from app_schema.monitoring.formats import terminal
from app_schema.monitoring.look import Server
from app_schema.monitoring.snapshot import Snapshot
from app_schema.monitoring.topic import Reading
from app_schema.monitoring.topics import TOPICS
from app_schema.monitoring.units import heading, shown

LONG = "SELECT m.tags[id], m.content FROM messages AS m WHERE m.room_id = $1 AND m.created_at < $2 ORDER BY m.created_at DESC LIMIT $3"
TEXTS = {"backup": "20261122T030000Z-snapshot-0b6a", "query": LONG, "path": "/var/lib/app_schema/backups", "gap": "no WAL since 0/1A000000"}
NAMES = {"name": "idx_ai_request_stats_provider_requested", "table": "conversation_participants", "covered_by": "idx_messages_room_id"}
TEXTS |= NAMES | {"state": "idle in transaction (aborted)", "newest": "0000000100000000000000A1"}
NUMBERS = {"growth_bytes": 123_456_789, "total_bytes": 987_654_321_987, "calls": 12_345_678, "mean_milliseconds": 12345.6}


def value(field, kind):
    if "datetime" in kind:
        return NOON - timedelta(days=3)
    if "bool" in kind:
        return True
    if "str" in kind:
        return TEXTS.get(field, field)
    return NUMBERS.get(field, 0.8125 if field.endswith("ratio") else 1_234_567)


def row(topic):
    return topic.row(*(value(name, str(kind)) for name, kind in topic.row.__annotations__.items()))


READINGS = tuple(Reading(topic, (row(topic), row(topic)), (), 0.0) for topic in TOPICS)
SERVER = Server("17.10", 17, "app_schema", "app", NOON, NOON, None, standby=False, monitors=True, revision="0025")
SNAPSHOT = Snapshot(NOON, None, SERVER, "public", READINGS, (), ())


@pytest.fixture
def wide(monkeypatch):
    """A terminal of so many columns."""

    def wide(columns):
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(columns))

    return wide


def tables(said):
    """Each topic's title with its lines."""
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)
    blocks = [block.splitlines() for block in said.split("\n\n")[1:]]
    return {title.strip(): [line.rstrip() for line in lines] for title, *lines in blocks}


def left_out(lines):
    told = " ".join(" ".join(lines).split()).partition("no room for: ")[2].partition(" (a wider")[0]
    return told.split(", ") if told else []


@pytest.mark.parametrize("columns", [60, 80, 100, 132, 200])
def test_numbers_are_whole_and_what_is_left_out_is_named(columns, wide, capsys):
    wide(columns)
    show(lambda room: terminal.render(SNAPSHOT, room))
    found = tables(capsys.readouterr().out)
    for reading in READINGS:
        lines = found[reading.topic.title]
        assert max(map(len, lines)) <= columns
        hidden = left_out(lines)
        fields = reading.topic.brief or reading.topic.row._fields
        for field in fields:
            held = getattr(reading.rows[0], field)
            if heading(field) not in hidden and not (isinstance(held, str) and len(held) > terminal.NAME):
                assert " ".join(lines).count(shown(field, held)) >= 2, (reading.topic.name, field)
        assert heading(fields[0]) not in hidden
        assert ("…" in "".join(lines)) <= (reading.topic.name == "queries")


def test_80_columns_have_the_numbers_of_slow_queries_and_the_beginning_of_each(wide, capsys):
    wide(80)
    show(lambda room: terminal.render(SNAPSHOT, room))
    lines = tables(capsys.readouterr().out)["Slow queries"]
    numbers, _, query = lines[2].partition("  SELECT ")
    assert numbers.split() == ["14.3", "d", "81.2%", "12,345,678", "12,345.6", "ms", "1,234,567"]
    assert query == "m.tags[id], m.content…"


def test_numbers_of_a_slow_query_are_never_without_it(wide, capsys):
    wide(50)
    show(lambda room: terminal.render(SNAPSHOT, room))
    lines = tables(capsys.readouterr().out)["Slow queries"]
    assert [line.split()[:1] for line in lines if "SELECT m.tags[id]" in line] == [["14.3"], ["14.3"]]
    assert left_out(lines) == ["hit ratio", "rows", "share ratio", "mean"]


def test_headings_are_told_apart():
    for reading in READINGS:
        headings = [heading(name) for name in reading.topic.row._fields]
        assert len(set(headings)) == len(headings)


def test_in_a_pipe_nothing_is_cut_folded_or_padded(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    remark = "pg_stat_statements is not there: put it into postgresql.conf, then: CREATE EXTENSION pg_stat_statements" * 3
    long = replace(SNAPSHOT, remarks=(remark,))
    show(lambda room: terminal.render(long, room))
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert f"remark    {remark}" in lines
    assert [line for line in lines if line != line.rstrip()] == []
    assert "…" not in said
    assert "no room" not in said
    assert sum(line.endswith(LONG) for line in lines) == 2
    assert "\x1b" not in said


def test_the_command_prints_so_to_a_pipe_a_file_and_a_terminal(run, wide, tmp_path):
    piped, file = run("monitor").stdout, tmp_path / "look.txt"
    run("monitor", "--output", str(file))
    for said in (piped, file.read_text()):
        assert "then: CREATE EXTENSION pg_stat_statements\n" in said
        assert " \n" not in said
    wide(80)
    found = tables(run("monitor").stdout)
    assert max(len(line) for lines in found.values() for line in lines) <= 80
    assert "total" in found["Tables"][0] or "total" in found["Tables"][1]
    assert "…" not in "".join(line for lines in found.values() for line in lines)
