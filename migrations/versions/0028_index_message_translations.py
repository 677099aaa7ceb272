"""Index messages.translated_content for the search.

Locks: SHARE UPDATE EXCLUSIVE on messages while it builds (half a minute a million translations); nobody waits.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.concurrently(
        "DROP INDEX CONCURRENTLY IF EXISTS idx_messages_translation_search",
        "CREATE INDEX CONCURRENTLY idx_messages_translation_search ON messages USING gin (search_terms(translated_content))"
        " WHERE translated_content IS NOT NULL",
    )


def downgrade() -> None:
    objects.concurrently("DROP INDEX CONCURRENTLY idx_messages_translation_search")
