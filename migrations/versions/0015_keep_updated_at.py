"""Keep updated_at current by trigger.

Locks: SHARE ROW EXCLUSIVE on each table, milliseconds.
Downgrade: loses nothing.
"""

from alembic import op

from app_schema import objects

TABLES = (
    "users",
    "agents",
    "chat_rooms",
    "conversations",
    "messages",
    "documents",
    "workflows",
    "workflow_executions",
    "api_keys",
    "guardrails",
    "mcp_connections",
)

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # a no-op on plain PostgreSQL; Citus allows triggers on its tables only so
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    objects.run("functions/set_updated_at", 1)
    for table in TABLES:
        objects.run(f"triggers/{table}_set_updated_at", 1)


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_set_updated_at ON {table}")
    objects.drop("functions/set_updated_at")
