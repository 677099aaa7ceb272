"""From Python: on a session and on an async one."""

import pytest
from rows import insert
from sqlalchemy.orm import Session

from app_schema.errors import QueryEmpty
from app_schema.models import Message
from app_schema.search import Order, Span, search_conversations, search_documents, search_messages, search_workflows


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


@pytest.mark.parametrize("query", ["", "  ", "\0", "\ud800", "\u3000\n"])
@pytest.mark.parametrize("search", [search_messages, search_documents, search_conversations, search_workflows])
def test_an_empty_query_says_so(session, search, query):
    with pytest.raises(QueryEmpty, match="nothing to search for"):
        search(session, query)


@pytest.mark.usefixtures("room")
@pytest.mark.parametrize("query", ["예약\0", "\ud800예약\udfff", "예\0약"])
def test_what_no_text_can_hold_is_a_blank(session, query):
    assert len(search_messages(session, query)) == 3


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"limit": 0}, "between 1 and 1,000"),
        ({"limit": 1001}, "between 1 and 1,000"),
        ({"order": Order.RELEVANCE, "before": "cursor"}, "one page"),
        ({"room_id": 1, "user_id": 1}, "give one of"),
    ],
)
def test_options_that_make_no_sense(session, options, complaint):
    with pytest.raises(ValueError, match=complaint):
        search_messages(session, "예약", **options)


def test_an_unknown_option_is_named_and_never_sql(session):
    with pytest.raises(TypeError, match="no option of search_documents: room_id; there are limit, before"):
        search_documents(session, "예약", room_id=None)
    with pytest.raises(TypeError, match="no option"):
        search_messages(session, "예약", **{"limit => 1); DROP TABLE messages; --": 1})
