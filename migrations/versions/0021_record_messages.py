"""Record a message and move its parent's last_message_at in one statement.

Locks: none.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/record_message", 1)


def downgrade() -> None:
    objects.drop("functions/record_message")
