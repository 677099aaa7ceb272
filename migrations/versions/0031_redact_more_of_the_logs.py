"""Mask more kinds of personal data and secrets in logs, also in source and event; give guardrails a list of their own.

Locks: none.
Downgrade: loses nothing.
Old code: sends and reads as before. Rows logged earlier stay as they are.
"""

from app_schema import objects

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    objects.run("functions/is_card_number", 1)
    objects.run("functions/is_resident_number", 1)
    objects.run("functions/redact_suspects", 1)
    objects.run("functions/redact_fold", 1)
    objects.run("functions/redact_numbers", 1)
    objects.run("functions/redact_personal", 1)
    objects.run("functions/redact_secrets", 1)
    objects.run("functions/redact_text", 2)
    objects.run("functions/redact_jsonb", 2)
    objects.run("functions/redact_log", 2)
    objects.run("functions/guardrail_matches", 2)


def downgrade() -> None:
    objects.run("functions/guardrail_matches", 1)
    objects.run("functions/redact_log", 1)
    objects.run("functions/redact_jsonb", 1)
    objects.run("functions/redact_text", 1)
    objects.drop("functions/redact_secrets")
    objects.drop("functions/redact_personal")
    objects.drop("functions/redact_numbers")
    objects.drop("functions/redact_fold")
    objects.drop("functions/redact_suspects")
    objects.drop("functions/is_resident_number")
    objects.drop("functions/is_card_number")
