from concurrent.futures import ThreadPoolExecutor

import pytest
from rows import insert
from sqlalchemy import text
from sqlalchemy.exc import DataError

CLAIM_ROOM = text("SELECT claim_room(:agent)")
CLAIM = text("SELECT * FROM claim_execution('w1')")


def at(connection, offset):
    return connection.scalar(text("SELECT now() + CAST(:offset AS interval)"), {"offset": offset})


def test_rooms_are_claimed_in_queue_order(connection):
    agent = insert(connection, "agents", max_rooms=9)
    late = insert(connection, "chat_rooms", waiting_since=at(connection, "-1 minute"))
    early = insert(connection, "chat_rooms", waiting_since=at(connection, "-2 minutes"))
    urgent = insert(connection, "chat_rooms", priority=1)
    queue = connection.scalars(text("SELECT room_id FROM waiting_rooms ORDER BY queue_position")).all()
    assert queue == [urgent, early, late]
    assert [connection.scalar(CLAIM_ROOM, {"agent": agent}) for _ in range(4)] == [*queue, None]
    room = connection.execute(text("SELECT status, agent_id, waiting_since, assigned_at = now() FROM chat_rooms")).first()
    assert room == ("active", agent, None, True)


@pytest.mark.parametrize("columns", [{"is_active": False}, {"max_rooms": 0}])
def test_an_agent_who_may_not_gets_nothing(connection, columns):
    insert(connection, "chat_rooms")
    assert connection.scalar(CLAIM_ROOM, {"agent": insert(connection, "agents", **columns)}) is None
    assert connection.scalar(CLAIM_ROOM, {"agent": None}) is None


def test_a_closed_room_frees_its_slot(connection):
    agent = insert(connection, "agents", max_rooms=1)
    first = insert(connection, "chat_rooms", agent_id=agent)
    insert(connection, "chat_rooms")
    assert connection.scalar(CLAIM_ROOM, {"agent": agent}) is None
    connection.execute(text("UPDATE chat_rooms SET status = 'closed', closed_at = now() WHERE id = :id"), {"id": first})
    assert connection.scalar(CLAIM_ROOM, {"agent": agent}) is not None


def test_eight_connections_of_one_agent_never_exceed_max_rooms(engine):
    with engine.begin() as connection:
        agent = insert(connection, "agents", max_rooms=3)
        for _ in range(20):
            insert(connection, "chat_rooms")

    def claim(_):
        with engine.begin() as connection:
            return connection.scalar(CLAIM_ROOM, {"agent": agent})

    with ThreadPoolExecutor(8) as pool:
        claimed = [room for room in pool.map(claim, range(16)) if room]
    assert len(claimed) == len(set(claimed)) == 3
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM chat_rooms WHERE status = 'active'")) == 3


def test_no_room_goes_to_two_agents(engine):
    with engine.begin() as connection:
        agents = [insert(connection, "agents") for _ in range(8)]
        rooms = {insert(connection, "chat_rooms") for _ in range(4)}

    def claim(agent):
        with engine.begin() as connection:
            return connection.scalar(CLAIM_ROOM, {"agent": agent})

    with ThreadPoolExecutor(8) as pool:
        claimed = [room for room in pool.map(claim, agents) if room]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= rooms


def test_a_room_whose_customer_is_just_writing_can_be_claimed(engine):
    with engine.begin() as connection:
        agent, room = insert(connection, "agents"), insert(connection, "chat_rooms")
    with engine.connect() as customer, engine.begin() as connection:
        insert(customer, "messages", room_id=room)  # uncommitted; its foreign key locks the room FOR KEY SHARE
        assert connection.scalar(CLAIM_ROOM, {"agent": agent}) == room


def test_executions_are_claimed_when_due_and_attempts_are_left(connection):
    insert(connection, "workflow_executions", run_after=at(connection, "1 minute"))
    insert(connection, "workflow_executions", attempts=3)
    low = insert(connection, "workflow_executions")
    high = insert(connection, "workflow_executions", priority=1)
    claimed = [connection.execute(CLAIM).one() for _ in range(2)]
    assert [row.id for row in claimed] == [high, low]
    assert (claimed[0].status, claimed[0].locked_by, claimed[0].attempts) == ("running", "w1", 1)
    assert connection.execute(CLAIM).all() == []


def test_a_column_added_later_is_claimed_too(connection):
    insert(connection, "workflow_executions")
    connection.execute(CLAIM)
    connection.execute(text("ALTER TABLE workflow_executions ADD COLUMN note text DEFAULT 'new', DROP COLUMN payload_bytes"))
    insert(connection, "workflow_executions")
    assert connection.execute(CLAIM).one().note == "new"


def test_a_worker_without_a_name_is_refused(connection):
    with pytest.raises(DataError, match="p_worker"):
        connection.execute(text("SELECT claim_execution('')"))


def test_no_execution_goes_to_two_workers(engine):
    with engine.begin() as connection:
        workflow = insert(connection, "workflows")
        queued = {insert(connection, "workflow_executions", workflow_id=workflow) for _ in range(10)}

    def claim(number):
        with engine.begin() as connection:
            return connection.scalar(text("SELECT id FROM claim_execution(:worker)"), {"worker": f"w{number}"})

    with ThreadPoolExecutor(8) as pool:
        claimed = [found for found in pool.map(claim, range(24)) if found]
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= queued


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_only_the_holder_may_keep_or_finish_an_execution(connection, status):
    execution = insert(connection, "workflow_executions", status="running", locked_by="w1", heartbeat_at=at(connection, "-1 minute"))
    beat, finish = text("SELECT heartbeat_execution(:id, :w)"), text("SELECT finish_execution(:id, :w, :s, '{\"a\": 1}', 'e')")
    assert not connection.scalar(beat, {"id": execution, "w": "w2"})
    assert not connection.scalar(finish, {"id": execution, "w": "w2", "s": status})
    assert connection.scalar(beat, {"id": execution, "w": "w1"})
    assert connection.scalar(text("SELECT heartbeat_at = now() FROM workflow_executions"))
    assert connection.scalar(finish, {"id": execution, "w": "w1", "s": status})
    assert not connection.scalar(finish, {"id": execution, "w": "w1", "s": status})
    row = connection.execute(text("SELECT status, locked_by, output, error, finished_at = now() FROM workflow_executions")).one()
    assert row == (status, None, {"a": 1}, "e", True)


def test_an_execution_is_finished_in_a_final_state_only(connection):
    with pytest.raises(DataError, match="p_status"):
        connection.execute(text("SELECT finish_execution(uuidv7(), 'w1', 'queued')"))


def test_lost_executions_go_back_while_attempts_are_left(connection):
    lost = {"status": "running", "heartbeat_at": at(connection, "-3 minutes")}
    again = insert(connection, "workflow_executions", **lost, attempts=1)
    failed = insert(connection, "workflow_executions", **lost, attempts=3)
    alive = insert(connection, "workflow_executions", status="running", attempts=1)
    requeue = text("SELECT requeue_stale_executions(p_batch => 1)")
    assert [connection.scalar(requeue) for _ in range(3)] == [1, 1, 0]
    states = {row.id: (row.status, row.error) for row in connection.execute(text("SELECT * FROM workflow_executions"))}
    assert states == {again: ("queued", None), failed: ("failed", "worker lost"), alive: ("running", None)}
