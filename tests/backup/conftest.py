"""One database with rows and one dump of it, made once; each test has the dump in a folder of its own."""

import shutil

import pytest
from databases import new_database
from places import made
from rows import insert
from sqlalchemy import text

from app_schema.backup.dump import dump
from app_schema.restore.source import Source
from app_schema.settings import Settings


@pytest.fixture
def folder(tmp_path):
    """A backup folder that was made as the documents ask."""
    return made(tmp_path)


@pytest.fixture
def settings(folder, filled):
    """Settings as the environment would give them: a database with rows, a backup folder, no encryption."""
    return Settings(DATABASE_URL=filled, backup_dir=folder.path)


@pytest.fixture(scope="session")
def original(app_schema_run):
    """A migrated database with a row in most tables, as its URL; nobody can change it by mistake, and nobody stays connected."""
    database = app_schema_run.create()
    with database.engine.begin() as connection:
        for table in ("sessions", "agent_sessions", "chat_rooms", "documents", "workflow_executions", "api_keys", "guardrails"):
            insert(connection, table)
        for table in ("mcp_connections", "logs", "cache_metadata", "ai_request_stats", "ai_usage_daily", "customer_sessions"):
            insert(connection, table)
        room = insert(connection, "conversations")
        for number in range(200):
            insert(connection, "messages", conversation_id=room, content=f"안녕하세요 {number}번째 메시지입니다")
        connection.execute(text(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on"))
    database.engine.dispose()
    yield database.url
    app_schema_run.drop(database)


@pytest.fixture
def filled(request, original):
    """The same, or for a test that is marked as one that ``writes`` a copy of its own, which is a good part of a second."""
    if request.node.get_closest_marker("writes") is None:
        yield original
        return
    with new_database(original, template=original.database) as url:
        yield url


@pytest.fixture(scope="session")
def dumped(original, tmp_path_factory):
    """A dump of the original: its folder and its entry."""
    folder = made(tmp_path_factory.mktemp("dumped"))
    return folder, dump(Settings(DATABASE_URL=original, backup_dir=folder.path), folder)


@pytest.fixture
def source(dumped, folder, filled):
    """The same dump in the test's own folder, as if it had been taken of the test's own copy."""
    place, entry = dumped
    [part] = entry.parts
    database = part.database.model_copy(update={"name": filled.database})
    own = entry.model_copy(update={"parts": (part.model_copy(update={"database": database}),)})
    shutil.copy(place.path / part.file, folder.path)
    (folder.path / f"{entry.id}.json").write_bytes(own.sealed())
    return Source.find(folder, "latest", filled.database)
