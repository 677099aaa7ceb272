"""Index the titles of documents and conversations and the names of workflows for the search, initial consonants too.

Locks: SHARE UPDATE EXCLUSIVE on documents, conversations and workflows while each builds; nobody waits.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.concurrently(
        "DROP INDEX CONCURRENTLY IF EXISTS idx_documents_title_search",
        "CREATE INDEX CONCURRENTLY idx_documents_title_search ON documents"
        " USING gin (search_terms(title || ' ' || search_initials(title)))",
        "DROP INDEX CONCURRENTLY IF EXISTS idx_conversations_title_search",
        "CREATE INDEX CONCURRENTLY idx_conversations_title_search ON conversations"
        " USING gin (search_terms(title || ' ' || search_initials(title)))",
        "DROP INDEX CONCURRENTLY IF EXISTS idx_workflows_name_search",
        "CREATE INDEX CONCURRENTLY idx_workflows_name_search ON workflows USING gin (search_terms(name || ' ' || search_initials(name)))",
    )


def downgrade() -> None:
    objects.concurrently(
        "DROP INDEX CONCURRENTLY idx_workflows_name_search",
        "DROP INDEX CONCURRENTLY idx_conversations_title_search",
        "DROP INDEX CONCURRENTLY idx_documents_title_search",
    )
