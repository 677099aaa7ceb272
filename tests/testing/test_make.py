"""Every builder makes a row that the database takes, in every state, with its parents."""

import subprocess
import sys

import pytest
from sqlalchemy import inspect

from app_schema.models import (
    AgentRole,
    AgentStatus,
    AiOperation,
    AiRequestStatus,
    AuthType,
    Base,
    ContentType,
    ConversationStatus,
    DocumentStatus,
    ExecutionStatus,
    GuardrailAction,
    GuardrailStage,
    LogLevel,
    McpStatus,
    MessageStatus,
    RoomStatus,
    RuleType,
    SenderType,
    TokenHash,
    TranslationStatus,
    Transport,
    TriggerType,
    UserRole,
    UserStatus,
    WorkflowStatus,
)
from app_schema.testing import Make

STATES = {
    "user": {"status": UserStatus, "role": UserRole},
    "agent": {"status": AgentStatus, "role": AgentRole},
    "session": {},
    "agent_session": {},
    "customer_session": {},
    "room": {"status": RoomStatus},
    "conversation": {"status": ConversationStatus},
    "message": {
        "status": MessageStatus,
        "sender_type": SenderType,
        "translation_status": TranslationStatus,
        "content_type": ContentType,
    },
    "document": {"status": DocumentStatus},
    "workflow": {"status": WorkflowStatus, "trigger_type": TriggerType},
    "execution": {"status": ExecutionStatus},
    "api_key": {},
    "provider_key": {},
    "guardrail": {"rule_type": RuleType, "stage": GuardrailStage, "action": GuardrailAction},
    "mcp_connection": {"transport": Transport, "auth_type": AuthType, "status": McpStatus},
    "log": {"level": LogLevel},
    "request_stat": {"status": AiRequestStatus, "operation": AiOperation},
    "usage": {"operation": AiOperation},
    "cache_entry": {},
}
CASES = [(builder, {}) for builder in STATES] + [
    (builder, {column: state}) for builder, columns in STATES.items() for column, labels in columns.items() for state in labels
]


@pytest.fixture
def make(app_schema_make):
    return app_schema_make


@pytest.mark.parametrize(("builder", "given"), CASES, ids=lambda value: value if isinstance(value, str) else "-".join(value.values()))
def test_every_builder_in_every_state(make, builder, given):
    row = getattr(make, builder)(**given)
    assert inspect(row).persistent
    assert not inspect(row).unloaded & set(inspect(type(row)).column_attrs.keys())  # an async session could not load it
    for column, state in given.items():
        assert getattr(row, column) == state
    twin = getattr(make, builder)(**{column: str(state) for column, state in given.items()})  # none collides with another
    for column, state in given.items():
        assert getattr(twin, column) == state


def test_every_table_has_a_builder(make):
    assert {getattr(make, builder)().__table__ for builder in STATES} == set(Base.metadata.tables.values())


def test_what_a_state_implies(make):
    waiting, active, closed = (make.room(status=status) for status in RoomStatus)
    assert waiting.waiting_since is not None
    assert waiting.agent is None
    assert active.waiting_since is None
    assert active.agent is not None
    assert active.assigned_at is not None
    assert closed.closed_at is not None
    assert make.user(status="deleted").deleted_at is not None
    assert make.document(status="ready").processed_at is not None
    assert make.execution(status="running").heartbeat_at is not None


def test_parents_are_those_given(make):
    user, agent = make.user(), make.agent()
    room = make.room(agent=agent)
    assert room.status is RoomStatus.ACTIVE
    assert make.conversation(user=user).user_id == user.id
    assert make.document(user_id=user.id).user is user
    assert make.message(room=room, sender_type="agent").agent_id == agent.id
    assert make.message(room_id=room.id).sender_type is SenderType.CUSTOMER
    assert make.room(status="closed", agent=None, customer_session=None).agent_id is None
    assert make.workflow(user=None).user_id is None


def test_a_message_moves_its_room_as_recording_does(make):
    room = make.room(status="active")
    message = make.message(room=room, sender_type="agent")
    assert room.last_message_at == room.first_reply_at == message.created_at


def test_rows_sort_in_the_order_of_their_making(make):
    room = make.room()
    made = [make.message(room=room, content=str(number)) for number in range(20)]
    assert room.messages == made


def test_columns_go_by_their_names_in_the_database(make):
    assert make.room(metadata={"ticket": 1}).metadata_ == {"ticket": 1}


@pytest.mark.parametrize(("given", "error"), [({"status": "gone"}, ValueError), ({"colour": "red"}, TypeError)])
def test_what_is_unknown_is_refused(make, given, error):
    with pytest.raises(error, match=r"gone|colour"):
        make.room(**given)


def test_secrets_are_the_ones_given(make):
    assert make.user().verify_password(Make.PASSWORD)
    assert make.user(password="다른 비밀번호").verify_password("다른 비밀번호")
    assert make.provider_key(clear="sk-test-0123456789abcdef").reveal(make.keyring) == "sk-test-0123456789abcdef"
    issued = make.api_key(clear="sk_0123456789")
    assert issued.key_hash == TokenHash.of("sk_0123456789")
    assert make.session(token="raw").token == TokenHash.of("raw")


async def test_an_async_session_builds_through_run_sync(app_schema_async_session):
    room = await app_schema_async_session.run_sync(lambda session: Make(session).room(status="active"))
    assert room.last_message_at is None  # loaded, or this would be a query without an await


def test_builders_import_no_faker():
    code = "import sys, app_schema.testing; app_schema.testing.Make; assert 'faker' not in sys.modules and 'pytest' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
