from concurrent.futures import ThreadPoolExecutor

import pytest
from rows import insert
from sqlalchemy import text

NAMES = {
    "conversation": "p_conversation_id",
    "room": "p_room_id",
    "sender": "p_sender_type",
    "at": "p_created_at",
    "client": "p_client_msg_id",
}


def record(connection, content="안녕", **arguments):
    arguments = {NAMES.get(name, name): value for name, value in arguments.items()}
    arguments.setdefault("p_sender_type", "customer" if "p_room_id" in arguments else "user")
    named = ", ".join(f"{name} => :{name}" for name in arguments)
    return connection.scalar(text(f"SELECT record_message(:content, {named})"), {"content": content} | arguments)


def at(connection, offset):
    return connection.scalar(text("SELECT now() + CAST(:offset AS interval)"), {"offset": offset})


def state(connection, room):
    return connection.execute(text("SELECT last_message_at, first_reply_at FROM chat_rooms WHERE id = :id"), {"id": room}).one()


def test_every_argument_reaches_its_column(connection):
    given = {
        "p_conversation_id": insert(connection, "conversations"),
        "p_sender_type": "assistant",
        "p_user_id": insert(connection, "users"),
        "p_agent_id": insert(connection, "agents"),
        "p_parent_message_id": insert(connection, "messages"),
        "p_content_type": "markdown",
        "p_original_lang": "ko",
        "p_translated_content": "Hello",
        "p_translated_lang": "en",
        "p_translation_status": "done",
        "p_model": "gpt-a",
        "p_input_tokens": 1,
        "p_output_tokens": 2,
        "p_status": "streaming",
        "p_client_msg_id": "c1",
        "p_created_at": at(connection, "-1 day"),
    }
    message = record(connection, "내용", **given)
    row = connection.execute(text("SELECT * FROM messages WHERE id = :id"), {"id": message}).mappings().one()
    assert {name: row[name.removeprefix("p_")] for name in given} == given
    assert (row["content"], row["metadata"], row["room_id"]) == ("내용", {}, None)


def test_a_room_knows_its_newest_message_and_first_reply_exactly(connection):
    room = insert(connection, "chat_rooms")
    second, first, third = (at(connection, offset) for offset in ("-2 s", "-3 s", "-1 s"))
    record(connection, room=room, at=second)
    assert state(connection, room) == (second, None)
    record(connection, room=room, at=first)
    assert state(connection, room) == (second, None)
    record(connection, room=room, sender="agent", at=third)
    assert state(connection, room) == (third, third)
    record(connection, room=room, sender="agent", at=first)
    record(connection, room=room, sender="agent")
    assert state(connection, room) == (at(connection, "0"), first)


def test_a_conversation_moves_at_most_every_five_seconds(connection):
    start = at(connection, "-1 minute")
    conversation = insert(connection, "conversations", last_message_at=start)
    last = text("SELECT last_message_at FROM conversations WHERE id = :id")
    for offset, moved in (("-70 s", False), ("-55 s", False), ("-54.9 s", True)):
        record(connection, conversation=conversation, at=at(connection, offset))
        assert (connection.scalar(last, {"id": conversation}) != start) is moved


def test_the_same_client_id_changes_nothing(connection):
    room, other = insert(connection, "chat_rooms"), insert(connection, "chat_rooms")
    sent = at(connection, "-1 minute")
    first = record(connection, "first", room=room, client="c1", at=sent)
    assert record(connection, "again", room=room, client="c1", sender="agent") == first
    assert state(connection, room) == (sent, None)
    assert record(connection, room=other, client="c1") != first
    assert connection.scalar(text("SELECT content FROM messages WHERE id = :id"), {"id": first}) == "first"


@pytest.mark.parametrize("parent", ["room", "conversation"])
def test_a_message_sent_by_eight_connections_at_once_is_one(engine, parent):
    with engine.begin() as connection:
        target = insert(connection, "chat_rooms" if parent == "room" else "conversations")

    def send(_):
        with engine.begin() as connection:
            return [record(connection, client=f"c{n}", **{parent: target}) for n in range(5)]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(map(tuple, pool.map(send, range(8))))) == 1
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM messages")) == 5


def test_messages_to_one_room_at_once_all_arrive_and_the_newest_wins(engine):
    with engine.begin() as connection:
        room = insert(connection, "chat_rooms")
        times = [at(connection, f"{second} s") for second in range(24)]

    def send(created_at):
        with engine.begin() as connection:
            return record(connection, room=room, at=created_at)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, times))) == 24
    with engine.connect() as connection:
        assert state(connection, room).last_message_at == times[-1]
