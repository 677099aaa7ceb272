"""Grant the roles what they need, column by column for the reader.

Locks: ACCESS EXCLUSIVE on none; catalog rows only.
Downgrade: loses nothing; the roles lose their grants.
"""

from alembic import op

from app_schema import objects

TABLES = (
    "agent_sessions",
    "agents",
    "ai_request_stats",
    "ai_usage_daily",
    "api_keys",
    "cache_metadata",
    "chat_rooms",
    "conversations",
    "customer_sessions",
    "documents",
    "guardrails",
    "logs",
    "mcp_connections",
    "messages",
    "sessions",
    "users",
    "workflow_executions",
    "workflows",
)

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("grants/schema", 1)
    for table in TABLES:
        objects.run(f"grants/{table}", 1)
    objects.run("grants/views", 1)


def downgrade() -> None:
    op.execute("""
        DO $do$
        BEGIN
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM app_readwrite, app_readonly', current_schema());
            EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM app_readwrite, app_readonly', current_schema());
        END
        $do$
    """)
