"""What a person reads when the database is not what it should be."""

import pytest
from sqlalchemy import text

from app_schema import drift
from app_schema.drift import Difference
from app_schema.errors import DriftFound
from app_schema.models import metadata


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (Difference("missing", "index", "i", None, "USING btree (a)"), "missing index i: USING btree (a)"),
        (Difference("unexpected", "role", "r", "", None), "unexpected role r"),
        (Difference("changed", "column", "t.c", "type text\nnot null", "type text"), "changed column t.c: has not null"),
        (Difference("changed", "column", "t.c", "type text", "type text\nnot null"), "changed column t.c: lacks not null"),
        (Difference("changed", "column", "t.c", "type int", "type text"), "changed column t.c: has type int instead of type text"),
        (Difference("changed", "function", "f()", "a  b", "a b"), "changed function f(): white space, or the order of lines"),
    ],
)
def test_a_difference_is_one_line(difference, line):
    assert str(difference) == line


def test_a_long_definition_is_cut():
    assert len(str(Difference("changed", "function", "f()", "x" * 5000, "y\n" * 5000))) < 400


def test_check_is_silent_on_a_clean_database(connection):
    drift.check(connection, metadata, "public")


def test_check_lists_ten_differences_and_the_cure(connection):
    connection.execute(text("DROP FUNCTION claim_room(uuid); ALTER TABLE users DISABLE TRIGGER ALL"))
    connection.execute(text("".join(f"CREATE INDEX mine_{n} ON users (name);" for n in range(10))))
    with pytest.raises(DriftFound) as caught:
        drift.check(connection, metadata, "public")
    first, *lines, more, cure = str(caught.value).splitlines()
    assert first.startswith("schema public is not what the models and migrations declare (")
    assert len(lines) == 10
    assert more.strip().startswith("… and ")
    assert "alembic revision --autogenerate" in cure
    assert caught.value.exit_code == 3
