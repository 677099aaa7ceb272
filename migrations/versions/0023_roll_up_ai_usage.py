"""Roll AI requests up by day.

Locks: none.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/aggregate_ai_usage", 1)


def downgrade() -> None:
    objects.drop("functions/aggregate_ai_usage")
