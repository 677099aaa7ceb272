"""Clean up logs and sessions in bounded batches.

Locks: none.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/cleanup_logs", 1)
    objects.run("functions/cleanup_sessions", 1)
    objects.run("functions/cleanup_agent_sessions", 1)
    objects.run("functions/cleanup_customer_sessions", 1)


def downgrade() -> None:
    objects.drop("functions/cleanup_customer_sessions")
    objects.drop("functions/cleanup_agent_sessions")
    objects.drop("functions/cleanup_sessions")
    objects.drop("functions/cleanup_logs")
