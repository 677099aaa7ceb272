"""The newest matches, however they are looked for: by the walk, by the indexes, or by the path of a conversation, room or user."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings, strategies
from literal import holds, queries, texts
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DataError

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def conversation(connection):
    return insert(connection, "conversations")


def send(connection, *contents, start=START, **columns):
    """Insert a message a second and return their ids."""
    return [
        insert(connection, "messages", content=content, created_at=start + timedelta(seconds=n), **columns)
        for n, content in enumerate(contents)
    ]


def search(connection, query, **arguments):
    """Return the rows found; what begins with p_ is an argument of the function."""
    named = "".join(f", {name} => :{name}" for name in arguments)
    return connection.execute(text(f"SELECT * FROM search_messages(:query{named})"), {"query": query} | arguments).all()


def found(connection, query, **arguments):
    return [row.content for row in search(connection, query, **arguments)]


@settings(max_examples=60)
@given(strategies.lists(texts, max_size=12), queries)
def test_pages_are_the_literal_truth(migrated, contents, query):
    with migrated.connect() as connection:
        conversation = insert(connection, "conversations")
        ids = send(connection, *contents, conversation_id=conversation)
        stored = connection.execute(text("SELECT id, content FROM messages ORDER BY created_at DESC, id DESC")).all()
        assert len(ids) == len(stored)
        wanted = [row.id for row in stored if holds(row.content, query)]
        for narrowed in ({}, {"p_conversation_id": conversation}):
            pages, before = [], {}
            while page := search(connection, query, p_limit=3, **narrowed, **before):
                pages += page
                before = {"p_before": page[-1].created_at, "p_before_id": page[-1].message_id, "p_before_exact": page[-1].exact}
            assert [row.message_id for row in pages] == wanted
        connection.rollback()


def test_frequent_words_are_read_from_the_newest(connection, conversation):
    """300 rows of which each matches: the walk answers; a rare word among them comes from the index."""
    send(connection, "드문 바늘", *(f"자주 {n}" for n in range(320)), conversation_id=conversation)
    assert found(connection, "자주") == [f"자주 {n}" for n in range(319, 299, -1)]
    assert found(connection, "바늘") == ["드문 바늘"]


@pytest.mark.parametrize("limit", [1, 20, 1000])
@pytest.mark.parametrize("since", [7_000, 11_500])
def test_a_word_of_another_season(connection, conversation, since, limit):
    """Frequent in the table, not among its newest rows, of which a few hold it: found from where it begins to be frequent."""
    connection.execute(
        text("""INSERT INTO messages (conversation_id, sender_type, content, created_at)
                SELECT :conversation, 'user', CASE WHEN n <= :since AND n % 2 = 0 OR n % 1000 = 3 THEN '눈 ' ELSE '' END || n,
                    timestamptz '2026-01-01' + n / 3 * interval '1 minute'
                FROM generate_series(1, 12000) AS n"""),
        {"conversation": conversation, "since": since},
    )
    wanted = list(connection.scalars(text("SELECT content FROM messages WHERE content LIKE '눈%' ORDER BY created_at DESC, id DESC")))
    pages, before = [], {}
    for _ in range(5):
        page = search(connection, "눈", p_limit=limit, **before)
        pages += [row.content for row in page]
        before = {"p_before": page[-1].created_at, "p_before_id": page[-1].message_id}
        if len(page) < limit:
            break
    assert pages == wanted[: 5 * limit]


@pytest.mark.parametrize("rows", [150, 4500])
def test_order_holds_among_messages_of_one_moment(connection, conversation, rows):
    """As after a restore or an import: more rows in one moment than are walked."""
    connection.execute(
        text("""INSERT INTO messages (conversation_id, sender_type, content, created_at)
                SELECT :conversation, 'user', '자주', '2026-01-01' FROM generate_series(1, :rows)"""),
        {"conversation": conversation, "rows": rows},
    )
    ids = connection.scalars(text("SELECT id FROM messages ORDER BY id DESC")).all()
    first = search(connection, "자주", p_limit=20)
    assert [row.message_id for row in first] == ids[:20]
    second = search(connection, "자주", p_limit=20, p_before=first[-1].created_at, p_before_id=first[-1].message_id)
    assert [row.message_id for row in second] == ids[20:40]


def test_before_a_time_alone(connection, conversation):
    send(connection, "하나", "하나 둘", "하나 둘 셋", conversation_id=conversation)
    assert found(connection, "하나", p_before=START + timedelta(seconds=1)) == ["하나"]
    assert len(found(connection, "하나", p_before=None, p_before_id=None)) == 3


def test_translations_are_searched_and_deleted_messages_are_not(connection):
    room = insert(connection, "chat_rooms")
    send(connection, "refund please", room_id=room, translated_content="환불해 주세요", translated_lang="ko")
    send(connection, "환불", room_id=room, deleted_at=START)
    assert found(connection, "환불") == found(connection, "REFUND") == found(connection, "환불", p_room_id=room) == ["refund please"]
    assert found(connection, "refund 환불") == []  # each text by itself


def test_narrowed_to_one_user_room_or_conversation(connection):
    user, deleted = insert(connection, "users"), insert(connection, "users")
    mine = insert(connection, "conversations", user_id=user)
    gone = insert(connection, "conversations", user_id=deleted, deleted_at=START)
    room = insert(connection, "chat_rooms")
    send(connection, "약속 하나", conversation_id=mine)
    send(connection, "약속 둘", conversation_id=gone)
    send(connection, "약속 셋", room_id=room)
    assert found(connection, "약속", p_user_id=user) == found(connection, "약속", p_conversation_id=mine) == ["약속 하나"]
    assert found(connection, "약속", p_user_id=deleted) == []
    assert found(connection, "약속", p_room_id=room) == ["약속 셋"]
    assert len(found(connection, "약속")) == 3


def test_spacing_comes_after_what_is_as_typed(connection, conversation):
    send(connection, "액션영화 하나", "액션 영화 둘", "액션영화 셋", "액 션영화 넷", conversation_id=conversation)
    assert found(connection, "액션영화") == ["액션영화 셋", "액션영화 하나"]
    rows, before = [], {}
    while page := search(connection, "액션영화", p_spacing=True, p_limit=1, **before):
        rows += page
        before = {"p_before": page[-1].created_at, "p_before_id": page[-1].message_id, "p_before_exact": page[-1].exact}
    assert [(row.content, row.exact) for row in rows] == [
        *(("액션영화 셋", True), ("액션영화 하나", True)),
        *(("액 션영화 넷", False), ("액션 영화 둘", False)),
    ]
    assert [row.content for row in search(connection, "액션영화", p_spacing=True, p_limit=3)] == [row.content for row in rows[:3]]
    assert found(connection, "액션영화", p_spacing=True, p_conversation_id=conversation) == [row.content for row in rows]


def test_inflections_and_spacing_together(connection, conversation):
    send(connection, "정말 예뻤던 여배우", "예쁜 여 배우", "예쁘장", "미운 여배우", conversation_id=conversation)
    rows = search(connection, "예쁘다 여배우", p_inflected=True, p_spacing=True)
    assert [(row.content, row.exact) for row in rows] == [("정말 예뻤던 여배우", True), ("예쁜 여 배우", False)]


def test_relevance_puts_the_better_first(connection, conversation):
    send(connection, "영화 영화 영화", "독립영화" + " 그리고" * 40, conversation_id=conversation)
    assert [content[:2] for content in found(connection, "영화", p_order="relevance")] == ["영화", "독립"]
    assert [content[:2] for content in found(connection, "영화")] == ["독립", "영화"]
    best = search(connection, "영화", p_order="relevance", p_limit=1)
    assert len(best) == 1
    assert best[0].score > 0


def test_null_is_the_default(connection, conversation):
    send(connection, "액션영화", conversation_id=conversation)
    assert found(connection, "영화", p_inflected=None, p_spacing=None, p_before_exact=None) == ["액션영화"]


@pytest.mark.parametrize("query", ["", "   ", "\u3000\t\n", "\u00a0", "\u200b\ufeff", None])
def test_no_words_no_rows(connection, conversation, query):
    send(connection, "가", conversation_id=conversation)
    assert found(connection, query) == []


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"p_limit": 0}, "between 1 and 1000"),
        ({"p_limit": 1001}, "between 1 and 1000"),
        ({"p_limit": None}, "between 1 and 1000"),
        ({"p_order": "oldest"}, "newest or relevance"),
        ({"p_order": "relevance", "p_before": START}, "one page"),
        ({"p_before_id": UUID(int=1)}, "p_before_id goes with p_before"),
        ({"p_user_id": UUID(int=1), "p_room_id": UUID(int=1)}, "give one of"),
    ],
)
def test_arguments_that_make_no_sense(connection, arguments, complaint):
    with pytest.raises(DataError, match=complaint):
        search(connection, "가", **arguments)


@pytest.mark.parametrize("query", ["%", "_", "\\", "'", "''); DROP TABLE messages; --", "a & b | !c:*", "<->", "(", "[가", "***=x", ".*"])
def test_what_is_syntax_elsewhere_is_text_here(connection, conversation, query):
    send(connection, f"앞 {query} 뒤", "아무것도", conversation_id=conversation)
    assert found(connection, query) == [f"앞 {query} 뒤"]
