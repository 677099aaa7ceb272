"""Hold a text against the guardrails.

Locks: none.
Downgrade: loses nothing.
"""

from app_schema import objects

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/guardrail_matches", 1)


def downgrade() -> None:
    objects.drop("functions/guardrail_matches")
