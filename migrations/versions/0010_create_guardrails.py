"""Create guardrails.

Locks: none, the tables are new.
Downgrade: loses every row of guardrails.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guardrails",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("stage", sa.Text(), server_default="input", nullable=False),
        sa.Column("rule_type", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=True),
        sa.Column("config", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("action", sa.Text(), server_default="block", nullable=False),
        sa.Column("severity", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="100", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("action IN ('block', 'mask', 'flag', 'log')", name=op.f("ck_guardrails_action_known")),
        sa.CheckConstraint("jsonb_typeof(config) = 'object'", name=op.f("ck_guardrails_config_is_object")),
        sa.CheckConstraint("rule_type <> 'regex' OR ('' ~ pattern) IS NOT NULL", name=op.f("ck_guardrails_regex_compiles")),
        sa.CheckConstraint("rule_type IN ('regex', 'keyword', 'pii', 'llm', 'length')", name=op.f("ck_guardrails_rule_type_known")),
        sa.CheckConstraint("rule_type NOT IN ('regex', 'keyword') OR pattern IS NOT NULL", name=op.f("ck_guardrails_pattern_present")),
        sa.CheckConstraint("stage IN ('input', 'output', 'both')", name=op.f("ck_guardrails_stage_known")),
        sa.CheckConstraint("severity BETWEEN 1 AND 5", name=op.f("ck_guardrails_severity_in_range")),
        sa.CheckConstraint("version > 0", name=op.f("ck_guardrails_version_positive")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_guardrails_created_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardrails")),
        sa.UniqueConstraint("name", name="uq_guardrails_name"),
    )
    op.create_index("idx_guardrails_active", "guardrails", ["stage", "priority", "id"], unique=False, postgresql_where=sa.text("enabled"))
    op.create_index(
        "idx_guardrails_created_by", "guardrails", ["created_by"], unique=False, postgresql_where=sa.text("created_by IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_table("guardrails")
