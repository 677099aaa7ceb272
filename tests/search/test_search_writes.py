"""What is written is NFC, so that a query finds it however either was typed."""

import unicodedata

import pytest
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

LONG_AGO = "2020-01-01T00:00:00+00:00"
WRITTEN = {"messages": "content", "conversations": "title", "documents": "title", "workflows": "name"}


@pytest.mark.parametrize("table", WRITTEN)
def test_decomposed_text_is_stored_composed_and_found_either_way(connection, table):
    column = WRITTEN[table]
    typed = unicodedata.normalize("NFD", "한국어 검색")
    row = insert(connection, table, **{column: typed}, updated_at=LONG_AGO)
    stored = text(f"SELECT {column}, updated_at = now() FROM {table} WHERE id = :id")
    assert connection.execute(stored, {"id": row}).one() == ("한국어 검색", False)
    connection.execute(text(f"UPDATE {table} SET {column} = :typed WHERE id = :id"), {"typed": typed, "id": row})
    assert connection.execute(stored, {"id": row}).one() == ("한국어 검색", False)  # no change
    for query in ("검색", unicodedata.normalize("NFD", "검색")):
        assert connection.execute(text(f"SELECT * FROM search_{table}(:query)"), {"query": query}).first()[0] == row


def test_a_translation_is_composed_too(connection):
    row = insert(connection, "messages", translated_content=unicodedata.normalize("NFD", "환불"), translated_lang="ko")
    assert connection.scalar(text("SELECT translated_content FROM messages WHERE id = :id"), {"id": row}) == "환불"


def test_long_texts_are_indexed_as_far_as_a_tsvector_goes(connection):
    """100,000 characters, the worst of which takes all but the 1 MB that it may."""
    widest = "".join(map(chr, range(0x20000, 0x20000 + 40_000))) * 2 + "".join(map(chr, range(0x20000, 0x20000 + 40_000, 2)))
    row = insert(connection, "messages", content=widest + "바늘")
    assert connection.scalar(text("SELECT length(search_terms(content)) > 50000 FROM messages WHERE id = :id"), {"id": row})


@pytest.mark.parametrize("role", ["app_readonly"])
def test_the_reader_finds_titles_but_no_messages(connection, role):
    conversation = insert(connection, "conversations", title="비밀 회의")
    insert(connection, "messages", conversation_id=conversation, content="비밀 내용")
    connection.execute(text(f"SET LOCAL ROLE {role}"))
    assert connection.scalar(text("SELECT title FROM search_conversations('비밀')")) == "비밀 회의"
    for query in ("비밀", "없는 말"):
        with pytest.raises(DBAPIError, match="permission denied for table messages"), connection.begin_nested():
            connection.execute(text("SELECT message_id FROM search_messages(:query)"), {"query": query})
