"""From Python: on a session and on an async one."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from rows import insert
from sqlalchemy import text
from sqlalchemy.orm import Session

from app_schema.errors import QueryEmpty, SearchRefused
from app_schema.models import Message
from app_schema.search import Cursor, Order, Span, search_conversations, search_documents, search_messages, search_workflows

CURSOR = Cursor(datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1))


@pytest.fixture
def session(connection):
    return Session(connection)


@pytest.fixture
def room(connection):
    """A room of which every second message is about a booking."""
    room = insert(connection, "chat_rooms")
    for number in range(6):
        content, created_at = ("예약" if number % 2 else "문의") + f" {number}", f"2026-01-01T00:00:0{number}Z"
        insert(connection, "messages", room_id=room, content=content, created_at=created_at)
    return room


def test_pages_of_typed_hits(session, room):
    first = search_messages(session, "예약", limit=2)
    assert [(hit.content, hit.spans, hit.exact, hit.score) for hit in first] == [
        ("예약 5", (Span(0, 2),), True, None),
        ("예약 3", (Span(0, 2),), True, None),
    ]
    assert first[0].room_id == room
    assert first[0].conversation_id is None
    assert first[0].translated_spans == ()
    assert [hit.content for hit in search_messages(session, "예약", limit=2, before=first[-1].cursor)] == ["예약 1"]
    assert search_messages(session, "예약", room_id=room, before=None, user_id=None) == search_messages(session, "예약")


def test_options_reach_the_function(session, connection, room):
    insert(connection, "messages", room_id=room, content="예약을 변경했어요", translated_content="예약변경", translated_lang="ko")
    hits = search_messages(session, "변경하다", inflected=True, order=Order.RELEVANCE)
    assert [(hit.content[slice(*hit.spans[0])], hit.score > 0) for hit in hits] == [("변경했", True)]
    spaced = search_messages(session, "예약을변경", spacing=True)
    assert [(hit.content[slice(*hit.spans[0])], hit.exact) for hit in spaced] == [("예약을 변경", False)]


def test_titles(session, connection):
    document = insert(connection, "documents", title="분기 보고서.pdf")
    conversation = insert(connection, "conversations", title="보고서 요약")
    workflow = insert(connection, "workflows", name="보고서 만들기", user_id=None)
    for search, row, text_of in (
        (search_documents, document, lambda hit: hit.title),
        (search_conversations, conversation, lambda hit: hit.title),
        (search_workflows, workflow, lambda hit: hit.name),
    ):
        for query in ("보고서", "ㅂㄱㅅ"):
            (hit,) = search(session, query)
            assert hit.id == row
            assert [text_of(hit)[slice(*span)] for span in hit.spans] == ["보고서"]
        assert search(session, "보고서", before=hit.cursor) == []


async def test_the_same_on_an_async_session(app_schema_async_session):
    room = await app_schema_async_session.run_sync(lambda session: insert(session.connection(), "chat_rooms"))
    app_schema_async_session.add(Message(room_id=room, sender_type="customer", content="예약 문의"))
    await app_schema_async_session.flush()
    (hit,) = await search_messages(app_schema_async_session, "예약", room_id=room)
    assert (hit.content, hit.spans) == ("예약 문의", (Span(0, 2),))
    assert await search_documents(app_schema_async_session, "예약") == []
    with pytest.raises(QueryEmpty):
        await search_messages(app_schema_async_session, " ")


@pytest.mark.parametrize("query", ["", "  ", "\0", "\ud800", "\u3000\n", "\u200b\ufeff\u3164"])
@pytest.mark.parametrize("search", [search_messages, search_documents, search_conversations, search_workflows])
def test_an_empty_query_says_so(session, search, query):
    with pytest.raises(QueryEmpty, match="nothing to search for"):
        search(session, query)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("query", ["예약\0", "\ud800예약\udfff", "예\0약", "\ufeff예약\u200b", "예약\u3164"])
def test_what_no_text_can_hold_is_a_blank(session, query):
    assert len(search_messages(session, query)) == 3


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"limit": 0}, "between 1 and 1,000"),
        ({"limit": 1001}, "between 1 and 1,000"),
        *(({"limit": limit}, "limit must be an int between 1 and 1,000") for limit in (1.5, True, None, "a")),
        ({"order": Order.RELEVANCE, "before": CURSOR}, "one page"),
        ({"order": "bogus"}, "order must be Order.NEWEST or Order.RELEVANCE, not 'bogus'"),
        ({"room_id": CURSOR.id, "user_id": CURSOR.id}, "give one of"),
        ({"user_id": "me"}, "user_id must be a UUID, not 'me'"),
        ({"inflected": "no"}, "inflected must be True or False"),
        ({"before": "cursor"}, "before must be the cursor of a hit, or its three parts"),
        ({"before": (1, CURSOR.id, True)}, "before begins with a datetime that has a time zone"),
        ({"before": (datetime(2026, 1, 1), CURSOR.id, True)}, "before begins with a datetime that has a time zone"),  # noqa: DTZ001
        ({"before": ("noon", CURSOR.id, True)}, "before begins with a time as"),
        ({"before": (CURSOR.created_at, "1", True)}, "the id in before must be a UUID"),
        ({"before": (CURSOR.created_at, CURSOR.id, "true")}, "exact in before must be True or False"),
    ],
)
def test_options_that_make_no_sense(session, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        search_messages(session, "예약", **options)


@pytest.mark.parametrize("query", [None, 5, b"", ["예약"]])
def test_a_query_that_is_no_text(session, query):
    with pytest.raises(ValueError, match="query must be a str"):
        search_documents(session, query)


def test_a_cursor_travels_as_json(session, room):
    (hit,) = search_messages(session, "예약", limit=1)
    sent = json.loads(json.dumps(hit.cursor, default=str))
    for before in (hit.cursor, tuple(hit.cursor), sent, Cursor(*sent)):
        assert [each.content for each in search_messages(session, "예약", before=before)] == ["예약 3", "예약 1"]
    assert search_messages(session, "예약", room_id=str(room), order="newest", limit=1) == [hit]


def test_none_is_the_default_for_spans_too(session, room):
    (hit, *_) = search_messages(session, "예약", inflected=None, spacing=None, order=None, room_id=room)
    assert hit.spans == (Span(0, 2),)


def test_who_may_not_read_messages_is_told_so(session, connection):
    connection.execute(text("SET LOCAL ROLE app_readonly"))
    with pytest.raises(SearchRefused, match=r"^permission denied for table messages .*; search as a role that may read it[^\n]+$"):
        search_messages(session, "예약")


def test_a_keyboards_clusters_of_initials(session, connection):
    row = insert(connection, "documents", title="분기 보고서.pdf")
    insert(connection, "documents", title="ㄳ")
    for query in ("ㅂㄳ", "ㅂㄱㅅ"):
        (hit,) = search_documents(session, query)
        assert (hit.id, hit.spans) == (row, (Span(3, 6),))


def test_a_long_query_is_taken_apart_once(session, connection, room):
    """Not anew for each of 500 rows, which would take the better part of a minute."""
    several = (
        "INSERT INTO messages (room_id, sender_type, content) SELECT :room, 'customer', '예약 ' || n FROM generate_series(1, 500) AS n"
    )
    connection.execute(text(several), {"room": room})
    connection.execute(text("SET LOCAL statement_timeout = '15s'"))
    assert len(search_messages(session, "예약 " * 100_000, order=Order.RELEVANCE, limit=500)) == 500
    assert connection.scalar(text("SELECT count(*) FROM search_messages(repeat('예약 ', 100000), 500, p_order => 'relevance')")) == 500


def test_an_unknown_option_is_named_and_never_sql(session):
    with pytest.raises(TypeError, match="no option of search_documents: room_id; there are limit, before"):
        search_documents(session, "예약", room_id=None)
    with pytest.raises(TypeError, match="no option"):
        search_messages(session, "예약", **{"limit => 1); DROP TABLE messages; --": 1})
