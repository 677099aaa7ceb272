"""``app-schema search`` as a person types it."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from rows import insert

from app_schema import migrate
from app_schema.cli import main


@pytest.fixture
def run(engine):
    url = engine.url.render_as_string(hide_password=False)

    def run(*arguments, **environment):
        return CliRunner().invoke(main, ["search", *arguments], env={"DATABASE_URL": url, "FORCE_COLOR": None, **environment})

    return run


@pytest.fixture
def room(engine):
    with engine.begin() as connection:
        room = insert(connection, "chat_rooms")
        insert(connection, "messages", room_id=room, content="예약을\n바꾸고 \x1b[31m싶어요\u202e", created_at="2026-01-01T00:00Z")
        insert(connection, "messages", room_id=room, content="Refund!", translated_content="환불 [bold]", translated_lang="ko")
        insert(connection, "documents", title="환불 보고서.pdf")
    return room


def test_a_line_a_hit(run, room):
    done = run("예약", "바꾸")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    assert f"room {room}  customer  예약을 바꾸고  [31m싶어요 " in done.stdout  # nothing that a terminal would obey
    assert "\x1b" not in done.stdout
    assert "환불 [bold]" in run("환불").stdout
    assert "환불 보고서.pdf" in run("--in", "documents", "ㅂㄱㅅ").stdout
    assert run("환불", "--room", str(room)).stdout == run("환불").stdout
    assert run("바꾸다", "--inflected", "--relevance", "--limit", "1").stdout == done.stdout


@pytest.mark.usefixtures("room")
def test_found_words_are_coloured_on_a_terminal(run):
    assert "\x1b[1;35m예약\x1b[0m을" in run("예약", FORCE_COLOR="1", TERM="xterm").stdout


def test_long_texts_are_cut_around_the_found_word(run, engine):
    with engine.begin() as connection:
        insert(connection, "messages", content="앞 " * 300 + "바늘" + " 뒤" * 300)
    excerpt = run("바늘").stdout.split("user  ")[1].rstrip("\n")
    assert len(excerpt) == 82
    assert excerpt.startswith("…앞")
    assert excerpt.endswith("뒤…")
    assert "바늘" in excerpt


@pytest.mark.usefixtures("room")
def test_nothing_found_is_no_error(run):
    done = run("없는말")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "no messages found\n")


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        ([], "give at least one character"),
        (["  "], "give at least one character"),
        (["가", "--room", str(uuid4()), "--user", str(uuid4())], "give one of --conversation, --room and --user"),
        (["가", "--in", "documents", "--room", str(uuid4())], "for documents give --user"),
    ],
)
def test_what_makes_no_sense_says_so(run, arguments, cure):
    done = run(*arguments)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert cure in done.stderr


def test_a_schema_that_is_not_at_head(run, engine):
    migrate.downgrade(engine, "0025")
    done = run("가")
    assert done.exit_code == 1
    assert "app-schema db upgrade" in done.stderr


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_an_encoding_that_lacks_a_character(engine, encoding):
    """In a shell of its own, whose locale is C: the query is bytes there, and the answer has question marks."""
    with engine.begin() as connection:
        insert(connection, "messages", content="예약 👍 확인")
    url = engine.url.render_as_string(hide_password=False)
    shell = {"DATABASE_URL": url, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    done = subprocess.run(
        [Path(sys.executable).with_name("app-schema"), "search", "예약".encode(), "확인".encode()],
        env={**os.environ, **shell},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert "? 확인".encode(encoding, "replace") in done.stdout
