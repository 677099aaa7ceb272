"""Create the views for applications, reports and operators.

Locks: none.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("views/active_sessions", 1)
    objects.run("views/agent_dashboard", 1)
    objects.run("views/ai_usage", 1)
    objects.run("views/cache_hit_ratio", 1)
    objects.run("views/index_usage", 1)
    objects.run("views/room_history", 1)
    objects.run("views/table_sizes", 1)
    objects.run("views/translation_queue", 1)
    objects.run("views/waiting_rooms", 1)
    objects.run("views/workflow_queue", 1)


def downgrade() -> None:
    objects.drop("views/workflow_queue")
    objects.drop("views/waiting_rooms")
    objects.drop("views/translation_queue")
    objects.drop("views/table_sizes")
    objects.drop("views/room_history")
    objects.drop("views/index_usage")
    objects.drop("views/cache_hit_ratio")
    objects.drop("views/ai_usage")
    objects.drop("views/agent_dashboard")
    objects.drop("views/active_sessions")
