"""Make the functions of the search and its triggers: what it compares is NFC from now on.

Locks: SHARE ROW EXCLUSIVE on messages, conversations and workflows, milliseconds.
Downgrade: loses nothing.
Old code: sends and reads as before. Texts written earlier stay as they are (docs/search.md tells how to find them).
"""

from alembic import op

from app_schema import objects

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/search_terms", 1)
    objects.run("functions/search_initials", 1)
    objects.run("functions/search_words", 1)
    objects.run("functions/search_title_query", 1)
    objects.run("functions/search_forms", 1)
    objects.run("functions/search_lexemes", 1)
    objects.run("functions/search_query", 1)
    objects.run("functions/search_patterns", 1)
    objects.run("functions/search_matches", 1)
    objects.run("functions/search_spans", 1)
    objects.run("functions/search_highlight", 1)
    objects.run("functions/search_score", 1)
    objects.run("functions/search_messages", 1)
    objects.run("functions/search_titles", 1)
    objects.run("functions/search_documents", 1)
    objects.run("functions/search_conversations", 1)
    objects.run("functions/search_workflows", 1)
    op.execute("SET LOCAL citus.enable_unsafe_triggers = on")
    objects.run("functions/normalize_message", 1)
    objects.run("functions/normalize_name", 1)
    objects.run("triggers/conversations_normalize_title", 1)
    objects.run("triggers/messages_normalize_message", 1)
    objects.run("triggers/workflows_normalize_name", 1)


def downgrade() -> None:
    op.execute("DROP TRIGGER workflows_normalize_name ON workflows")
    op.execute("DROP TRIGGER messages_normalize_message ON messages")
    op.execute("DROP TRIGGER conversations_normalize_title ON conversations")
    objects.drop("functions/normalize_name")
    objects.drop("functions/normalize_message")
    objects.drop("functions/search_workflows")
    objects.drop("functions/search_conversations")
    objects.drop("functions/search_documents")
    objects.drop("functions/search_titles")
    objects.drop("functions/search_messages")
    objects.drop("functions/search_score")
    objects.drop("functions/search_highlight")
    objects.drop("functions/search_spans")
    objects.drop("functions/search_matches")
    objects.drop("functions/search_patterns")
    objects.drop("functions/search_query")
    objects.drop("functions/search_lexemes")
    objects.drop("functions/search_forms")
    objects.drop("functions/search_title_query")
    objects.drop("functions/search_words")
    objects.drop("functions/search_initials")
    objects.drop("functions/search_terms")
