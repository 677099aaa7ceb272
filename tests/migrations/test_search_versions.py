"""Search is the same on every version and in every locale, after a restore, and while its index functions change."""

from contextlib import ExitStack
from hashlib import sha256

import pytest
from databases import engine_of, new_database
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app_schema import migrate, objects

LOCALES = {
    "C": "LOCALE 'C'",
    "C.UTF-8": "LOCALE 'C.UTF-8'",
    "en_US.UTF-8": "LOCALE 'en_US.UTF-8'",
    "tr_TR.UTF-8": "LOCALE 'tr_TR.UTF-8'",
    "icu": "LOCALE_PROVIDER icu ICU_LOCALE 'ko-KR' LOCALE 'C'",
    "icu-turkish": "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C'",
    "builtin": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
}
TEXTS = """데이터베이스를 1980년대에 썼다. v1.2, c++ A+ ★
Ii\u0130\u0131Éé ß \u017f \u212a Straße ΣΑΣ ς ЖЖ
예뻤던 예쁜 몰랐다 추워요 예쁘다 모르다 춥다
ㅂㄱㅅ ㅋㅋ 보고서
漢字とかな カナ
👍🏽 👨‍👩‍👧 \u0301 e\u0301 \u1100\u1161
tab\tend...
quote ' \" \\ % _ & | ! ( ) : * <->
\u00a0\u3000\u2003x
액션 영화 액션영화""".splitlines()
SPOKEN = text(
    """
    SELECT concat_ws(E'\n', search_terms(t)::text, search_initials(t), search_words(q)::text, search_query(q)::text,
        search_query(q, true, true)::text, search_patterns(q, true, true)::text, search_spans(t, q, true, true)::text,
        search_highlight(t, q, true, true), search_score(t, q, true, true)::text)
    FROM unnest(CAST(:texts AS text[])) WITH ORDINALITY AS a (t, n), unnest(CAST(:texts AS text[])) WITH ORDINALITY AS b (q, m)
    ORDER BY n, m
""".replace("::", r"\:\:")
)
# of all that they answer: it changes with a version of theirs, never with the server
SPOKEN_DIGEST = "f962717fe838a51e2ca08612de0982456512f7737d87ca46fb166f5ce966afc7"


def build(connection):
    """Make the functions alone, in a schema that no name in them may mean."""
    connection.execute(text('CREATE SCHEMA "odd ""name"'))
    connection.execute(text('SET search_path TO "odd ""name"'))
    for each in objects.newest("functions"):
        if each.name.startswith("search_"):
            connection.execute(each.statement)


@pytest.mark.parametrize("locale", LOCALES)
def test_the_same_bytes_everywhere(programs, locale):
    with ExitStack() as stack:
        try:
            url = stack.enter_context(new_database(programs.url, options=f"ENCODING 'UTF8' {LOCALES[locale]}"))
        except DBAPIError as error:
            pytest.skip(f"this server has no such locale: {error.orig}")
        with engine_of(url).begin() as connection:
            build(connection)
            spoken = "\n".join(connection.scalars(SPOKEN, {"texts": TEXTS}))
    assert sha256(spoken.encode()).hexdigest() == SPOKEN_DIGEST


def fill(connection):
    user = insert(connection, "users")
    talk = insert(connection, "conversations", user_id=user, title="환불 문의")
    insert(connection, "documents", user_id=user, title="분기 보고서.pdf")
    for number in range(40):
        insert(
            connection,
            "messages",
            conversation_id=talk,
            content=f"{number}번 환불을 1980년대 c++ friend",
            created_at=f"2026-01-01T00:{number:02}Z",
        )


def found(connection):
    searches = [f"SELECT content FROM search_messages('{query}', 5)" for query in ("환불", "80년대 end", "C++", "39번")]
    searches += ["SELECT title FROM search_documents('ㅂㄱㅅ')", "SELECT title FROM search_conversations('환불')"]
    return [list(connection.scalars(text(search))) for search in searches]


def test_after_dump_and_restore(programs, empty, schema):
    engine = engine_of(empty, schema)
    migrate.upgrade(engine, schema=schema)
    with engine.begin() as connection:
        fill(connection)
        before = found(connection)
        assert all(before)
    with new_database(programs.url) as copy:
        if schema == "public":
            programs.psql(copy, "DROP SCHEMA public")
        programs.psql(copy, programs.dump(empty, schema, rows=True))
        with engine_of(copy, schema).connect() as connection:
            assert found(connection) == before
            migrate.check(connection, schema=schema)


def test_a_next_version_of_what_is_under_the_indexes(empty):
    """A new name, its index CONCURRENTLY, the switch, then the old one dropped: found all the while, in an open session."""
    engine = engine_of(empty)
    migrate.upgrade(engine)
    newest = {each.name: each.statement.text for each in objects.newest("functions")}
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection, engine.connect() as session:
        fill(connection)
        before = found(session)
        session.rollback()

        def still_found():
            assert found(session) == before
            session.rollback()

        connection.execute(text(newest["search_terms"].replace("search_terms", "search_terms_2").replace("100000", "200000")))
        connection.execute(text("CREATE INDEX CONCURRENTLY idx_messages_content_search_2 ON messages USING gin (search_terms_2(content))"))
        connection.execute(
            text("CREATE INDEX CONCURRENTLY idx_messages_translation_search_2 ON messages USING gin (search_terms_2(translated_content))")
        )
        still_found()
        connection.execute(text(newest["search_messages"].replace("search_terms", "search_terms_2")))
        still_found()
        connection.execute(text("DROP INDEX CONCURRENTLY idx_messages_content_search"))
        connection.execute(text("DROP INDEX CONCURRENTLY idx_messages_translation_search"))
        still_found()
        with pytest.raises(DBAPIError, match="other objects depend on it"):  # titles are not switched yet
            connection.execute(text("DROP FUNCTION search_terms"))
        for table, column in (("documents", "title"), ("conversations", "title"), ("workflows", "name")):
            expression = f"search_terms_2({column} || ' ' || search_initials({column}))"
            connection.execute(text(f"CREATE INDEX CONCURRENTLY idx_{table}_{column}_search_2 ON {table} USING gin ({expression})"))
        connection.execute(text(newest["search_titles"].replace("search_terms", "search_terms_2")))
        still_found()
        for table, column in (("documents", "title"), ("conversations", "title"), ("workflows", "name")):
            connection.execute(text(f"DROP INDEX CONCURRENTLY idx_{table}_{column}_search"))
        connection.execute(text("DROP FUNCTION search_terms"))
        still_found()
        assert connection.scalar(text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")) == 0
