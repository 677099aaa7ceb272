"""Create logs, partitioned by month.

Locks: none, the tables are new.
Downgrade: loses every row of logs.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app_schema import objects

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default="app", nullable=False),
        sa.Column("event", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("ip", postgresql.INET(), nullable=True),
        sa.CheckConstraint("jsonb_typeof(context) = 'object'", name=op.f("ck_logs_context_is_object")),
        sa.CheckConstraint("level IN ('debug', 'info', 'warn', 'error', 'fatal')", name=op.f("ck_logs_level_known")),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_logs")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index("idx_logs_created_at", "logs", [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")], unique=False)
    op.create_index(
        "idx_logs_error",
        "logs",
        [sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("level IN ('error', 'fatal')"),
    )
    op.create_index("idx_logs_request", "logs", ["request_id"], unique=False, postgresql_where=sa.text("request_id IS NOT NULL"))
    op.create_index(
        "idx_logs_user",
        "logs",
        ["user_id", sa.literal_column("created_at DESC")],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    objects.run("partitions/logs_default", 1)


def downgrade() -> None:
    op.drop_table("logs")
