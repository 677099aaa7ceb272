"""Documents, conversations and workflows by title or name, initials too."""

from uuid import UUID

import pytest
from hypothesis import given, settings, strategies
from literal import holds, queries, texts
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DataError

TITLES = {"documents": "title", "conversations": "title", "workflows": "name"}


def search(connection, table, query, **arguments):
    named = "".join(f", {name} => :{name}" for name in arguments)
    return connection.execute(text(f"SELECT * FROM search_{table}(:query{named})"), {"query": query} | arguments).all()


def found(connection, table, query, **arguments):
    return [getattr(row, TITLES[table]) for row in search(connection, table, query, **arguments)]


@pytest.mark.parametrize("table", TITLES)
@settings(max_examples=30)
@given(titles=strategies.lists(texts, max_size=8, unique=True), query=queries)
def test_pages_are_the_literal_truth(migrated, table, titles, query):
    with migrated.connect() as connection:
        user = insert(connection, "users")
        for version, title in enumerate(titles, 1):
            insert(connection, table, user_id=user, **{TITLES[table]: title}, **({"version": version} if table == "workflows" else {}))
        stored = connection.execute(
            text(f"SELECT id, {TITLES[table]} AS title, search_initials({TITLES[table]}) AS initials FROM {table} ORDER BY id DESC")
        ).all()
        wanted = [row.id for row in stored if holds(f"{row.title} {row.initials}", query)]
        for narrowed in ({}, {"p_user_id": user}):
            pages, before = [], {}
            while page := search(connection, table, query, p_limit=3, **narrowed, **before):
                pages += page
                before = {"p_before": page[-1][0], "p_before_exact": page[-1].exact}
            assert [row[0] for row in pages] == wanted
        connection.rollback()


@pytest.mark.parametrize("table", TITLES)
def test_every_option(connection, table):
    column = TITLES[table]
    insert(connection, table, **{column: "환불 규정 안내"})
    insert(connection, table, **{column: "환불규정"})
    insert(connection, table, **{column: "예뻤던 사진"})
    assert found(connection, table, "ㅎㅂ") == found(connection, table, "환불") == ["환불규정", "환불 규정 안내"]
    assert found(connection, table, "환불규정") == ["환불규정"]
    spaced = search(connection, table, "환불규정", p_spacing=True)
    assert [(getattr(row, column), row.exact) for row in spaced] == [("환불규정", True), ("환불 규정 안내", False)]
    first = search(connection, table, "환불규정", p_spacing=True, p_limit=1)
    rest = search(connection, table, "환불규정", p_spacing=True, p_before=first[0][0], p_before_exact=first[0].exact)
    assert [getattr(row, column) for row in first + rest] == [getattr(row, column) for row in spaced]
    assert found(connection, table, "예쁘다", p_inflected=True) == ["예뻤던 사진"]
    best = search(connection, table, "환불", p_order="relevance")
    assert getattr(best[0], column) == "환불규정"
    assert best[0].score > best[1].score
    assert found(connection, table, "  ") == []


def test_a_frequent_title_is_read_from_the_newest(connection):
    user = insert(connection, "users")
    connection.execute(
        text("INSERT INTO conversations (user_id, title) SELECT :user, '상담 ' || n FROM generate_series(1, 400) AS n"), {"user": user}
    )
    ids = connection.scalars(text("SELECT id FROM conversations ORDER BY id DESC LIMIT 20")).all()
    assert [row.conversation_id for row in search(connection, "conversations", "상담")] == ids


def test_deleted_ones_are_left_out_and_shared_workflows_are_everybodys(connection):
    user, other = insert(connection, "users"), insert(connection, "users")
    for table in ("documents", "conversations"):
        insert(connection, table, user_id=user, title="계약서")
        insert(connection, table, user_id=user, title="옛 계약서", deleted_at="2026-01-01")
        assert found(connection, table, "계약서") == found(connection, table, "계약서", p_user_id=user) == ["계약서"]
        assert found(connection, table, "계약서", p_user_id=other) == []
    insert(connection, "workflows", user_id=None, name="요약 모두")
    insert(connection, "workflows", user_id=other, name="요약 남")
    assert found(connection, "workflows", "요약", p_user_id=user) == ["요약 모두"]


@pytest.mark.parametrize("arguments", [{"p_limit": 0}, {"p_order": "oldest"}, {"p_order": "relevance", "p_before": UUID(int=1)}])
def test_arguments_that_make_no_sense(connection, arguments):
    insert(connection, "documents")
    with pytest.raises(DataError):
        search(connection, "documents", "가", **arguments)
