import pytest
from rows import insert

from app_schema.backup.folder import Folder
from app_schema.settings import Settings


@pytest.fixture
def folder(tmp_path):
    """A backup folder that was made as the documents ask."""
    path = tmp_path / "backups"
    path.mkdir(mode=0o700)
    return Folder.at(path)


@pytest.fixture
def settings(folder, filled):
    """Settings as the environment would give them: a database with rows, a backup folder, no encryption."""
    return Settings(DATABASE_URL=filled, backup_dir=folder.path)


@pytest.fixture
def filled(app_schema_database):
    """A migrated database with a row in most tables, as its URL."""
    with app_schema_database.engine.begin() as connection:
        for table in ("sessions", "agent_sessions", "chat_rooms", "documents", "workflow_executions", "api_keys", "guardrails"):
            insert(connection, table)
        for table in ("mcp_connections", "logs", "cache_metadata", "ai_request_stats", "ai_usage_daily", "customer_sessions"):
            insert(connection, table)
        room = insert(connection, "conversations")
        for number in range(200):
            insert(connection, "messages", conversation_id=room, content=f"안녕하세요 {number}번째 메시지입니다")
    return app_schema_database.url
