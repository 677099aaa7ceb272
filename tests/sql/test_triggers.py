import unicodedata

import pytest
from rows import insert
from sqlalchemy import text

LONG_AGO = "2020-01-01T00:00:00+00:00"
CHANGES = {
    "users": "name = 'x'",
    "agents": "name = 'x'",
    "chat_rooms": "priority = 5",
    "conversations": "title = 'x'",
    "messages": "content = 'x'",
    "documents": "mime_type = 'x'",
    "workflows": "description = 'x'",
    "workflow_executions": "priority = 5",
    "api_keys": "last_used_at = now()",
    "guardrails": "priority = 5",
    "mcp_connections": "last_error = 'x'",
}


@pytest.mark.parametrize(("table", "change"), CHANGES.items())
def test_updated_at_moves_with_a_change_only(connection, table, change):
    row = insert(connection, table, updated_at=LONG_AGO)
    moved = text(f"SELECT updated_at = now() FROM {table} WHERE id = :id")
    connection.execute(text(f"UPDATE {table} SET id = id WHERE id = :id"), {"id": row})
    assert not connection.scalar(moved, {"id": row})
    connection.execute(text(f"UPDATE {table} SET {change} WHERE id = :id"), {"id": row})
    assert connection.scalar(moved, {"id": row})


def test_every_table_with_updated_at_has_the_trigger(connection):
    tables = connection.scalars(
        text("""SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'updated_at'
                WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r'""")
    )
    assert set(tables) == set(CHANGES)


def test_a_title_from_a_mac_is_stored_as_typed_elsewhere(connection):
    title = "보고서.pdf"
    row = insert(connection, "documents", title=unicodedata.normalize("NFD", title), updated_at=LONG_AGO)
    stored = text("SELECT title, updated_at = now() FROM documents WHERE id = :id")
    assert connection.execute(stored, {"id": row}).one() == (title, False)
    connection.execute(text("UPDATE documents SET title = :t WHERE id = :id"), {"t": unicodedata.normalize("NFD", title), "id": row})
    assert connection.execute(stored, {"id": row}).one() == (title, False)
