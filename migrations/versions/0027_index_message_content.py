"""Index messages.content for the search.

Locks: SHARE UPDATE EXCLUSIVE on messages while it builds (half a minute a million messages); nobody waits.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.concurrently(
        "DROP INDEX CONCURRENTLY IF EXISTS idx_messages_content_search",
        "CREATE INDEX CONCURRENTLY idx_messages_content_search ON messages USING gin (search_terms(content))",
    )


def downgrade() -> None:
    objects.concurrently("DROP INDEX CONCURRENTLY idx_messages_content_search")
