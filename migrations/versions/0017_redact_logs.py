"""Mask personal data and secrets in logs on their way in.

Locks: SHARE ROW EXCLUSIVE on logs, milliseconds.
Downgrade: loses nothing.
"""

from alembic import op

from app_schema import objects

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    objects.run("functions/redact_text", 1)
    objects.run("functions/redact_jsonb", 1)
    objects.run("functions/redact_log", 1)
    objects.run("triggers/logs_redact_log", 1)


def downgrade() -> None:
    op.execute("DROP TRIGGER logs_redact_log ON logs")
    objects.drop("functions/redact_log")
    objects.drop("functions/redact_jsonb")
    objects.drop("functions/redact_text")
