"""Claim waiting rooms and queued executions, each exactly once.

Locks: none.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/claim_room", 1)
    objects.run("functions/claim_execution", 1)
    objects.run("functions/heartbeat_execution", 1)
    objects.run("functions/finish_execution", 1)
    objects.run("functions/requeue_stale_executions", 1)


def downgrade() -> None:
    objects.drop("functions/requeue_stale_executions")
    objects.drop("functions/finish_execution")
    objects.drop("functions/heartbeat_execution")
    objects.drop("functions/claim_execution")
    objects.drop("functions/claim_room")
