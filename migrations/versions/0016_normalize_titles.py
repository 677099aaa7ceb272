"""Bring document titles to NFC, since a Mac types Hangul decomposed.

Locks: SHARE ROW EXCLUSIVE on documents, milliseconds.
Downgrade: loses nothing.
"""

from alembic import op

from app_schema import objects

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    objects.run("functions/normalize_title", 1)
    objects.run("triggers/documents_normalize_title", 1)


def downgrade() -> None:
    op.execute("DROP TRIGGER documents_normalize_title ON documents")
    objects.drop("functions/normalize_title")
