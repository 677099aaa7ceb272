"""Which index answers: never the table from end to end, and a user's own path where there is one."""

import pytest
from databases import engine_of
from rows import insert
from sqlalchemy import text

ROWS = 6_000
SCANS = text("""
    SELECT c.relname, pg_stat_get_xact_numscans(c.oid) AS scans, pg_stat_get_xact_tuples_returned(c.oid) AS rows
    FROM pg_class AS c
    WHERE c.relname = 'messages' OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = to_regclass('messages'))
""")
SEARCH, WALK, OWN = "idx_messages_content_search", "idx_messages_timestamp", "idx_messages_conversation_timestamp"


@pytest.fixture(scope="module")
def many(app_schema_run):
    """A database with some thousands of messages, of which a tenth says the same and one says it alone."""
    database = app_schema_run.create()
    engine = engine_of(database.url)
    with engine.begin() as connection:
        user = insert(connection, "users")
        talks = [insert(connection, "conversations", user_id=user) for _ in range(2)]
        talks += [insert(connection, "conversations") for _ in range(118)]
        connection.execute(
            text("""INSERT INTO messages (conversation_id, sender_type, content, created_at)
                    SELECT (CAST(:talks AS uuid[]))[1 + n % 120], 'user', '말 ' || n || CASE WHEN n % 10 = 0 THEN ' 자주' ELSE '' END
                        || CASE n WHEN 5 THEN ' 바늘' ELSE '' END, timestamptz '2026-01-01' + n * interval '1 s'
                    FROM generate_series(1, :rows) AS n"""),
            {"talks": talks, "rows": ROWS},
        )
        connection.execute(text(f"SELECT gin_clean_pending_list('{SEARCH}')"))  # as autovacuum would, at any moment
        connection.execute(text("ANALYZE"))
    yield engine, user, talks[0]
    app_schema_run.drop(database)


def scans(connection, query, **arguments):
    """Search, and return what was read: by index its scans, and of the table the rows of sequential ones."""

    def counts():
        return {row.relname: row.rows if row.relname == "messages" else row.scans for row in connection.execute(SCANS)}

    named = "".join(f", {name} => :{name}" for name in arguments)
    before = counts()
    rows = connection.execute(text(f"SELECT content FROM search_messages(:query{named})"), {"query": query} | arguments).all()
    after = counts()
    return len(rows), {name: after[name] - before[name] for name in after if after[name] != before[name]}


@pytest.mark.parametrize("query", ["바늘", "자주", "없음", "말 5 바늘", "x", "%", "★", "....", "가" * 5_000])
@pytest.mark.parametrize("options", [{}, {"p_spacing": True, "p_inflected": True}, {"p_order": "relevance"}])
def test_the_table_is_never_read_from_end_to_end(many, query, options):
    engine, user, talk = many
    with engine.connect() as connection:
        for narrowed in ({}, {"p_user_id": user}, {"p_conversation_id": talk}):
            assert "messages" not in scans(connection, query, **options, **narrowed)[1]


def test_a_frequent_word_needs_no_search_index_and_a_rare_one_does(many):
    engine, _, _ = many
    with engine.connect() as connection:
        rows, read = scans(connection, "자주")
        assert rows == 20
        assert SEARCH not in read
        rows, read = scans(connection, "바늘")
        assert rows == 1
        assert read[SEARCH] == read[WALK] == 1


def test_a_word_of_another_season_is_walked_from_where_it_begins(connection):
    """The matches that are fetched: some thousands of the index's, never all."""
    talk = insert(connection, "conversations")
    connection.execute(
        text("""INSERT INTO messages (conversation_id, sender_type, content, created_at)
                SELECT :talk, 'user', CASE WHEN n <= 20000 THEN '눈 ' ELSE '비 ' END || n, timestamptz '2026-01-01' + n * interval '1 s'
                FROM generate_series(1, 24000) AS n"""),
        {"talk": talk},
    )
    connection.execute(text("ANALYZE messages"))
    fetched = text("SELECT pg_stat_get_xact_tuples_fetched(CAST('messages' AS regclass))")
    before = connection.scalar(fetched)
    rows = connection.scalars(text("SELECT content FROM search_messages('눈', 2)")).all()
    assert rows == ["눈 20000", "눈 19999"]
    assert connection.scalar(fetched) - before < 12_000


@pytest.mark.parametrize("query", ["바늘", "자주"])
def test_a_users_conversations_are_searched_by_their_own_path(many, query):
    engine, user, _ = many
    with engine.connect() as connection:
        _, read = scans(connection, query, p_user_id=user)
        assert SEARCH not in read
        assert WALK not in read
        assert read[OWN] == 2


def test_the_planner_keeps_that_path_in_sql_of_your_own(many):
    engine, user, _ = many
    plain = """EXPLAIN SELECT m.id FROM conversations AS c JOIN messages AS m ON m.conversation_id = c.id
               WHERE c.user_id = :user AND search_terms(m.content) @@ search_query('말') ORDER BY m.created_at DESC LIMIT 20"""
    with engine.connect() as connection:
        plan = "\n".join(connection.scalars(text(plain), {"user": user}))
    assert OWN in plan
    assert SEARCH not in plan
