"""Create AI request statistics, partitioned by month, and their daily roll-up.

Locks: none, the tables are new.
Downgrade: loses every row of ai_request_stats, ai_usage_daily.
"""

import sqlalchemy as sa
from alembic import op

from app_schema import objects

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ai_request_stats",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("api_key_id", sa.Uuid(), nullable=True),
        sa.Column("conversation_id", sa.Uuid(), nullable=True),
        sa.Column("room_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("operation", sa.Text(), server_default="chat", nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ok", nullable=False),
        sa.Column("input_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("output_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cache_read_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cache_write_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=9), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), server_default="USD", nullable=False),
        sa.Column("price_version", sa.Text(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("day_kst", sa.Date(), sa.Computed("(created_at AT TIME ZONE 'Asia/Seoul')::date", persisted=True), nullable=True),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ai_request_stats_currency_is_iso4217")),
        sa.CheckConstraint(
            "operation IN ('chat', 'translate', 'embed', 'stt', 'tts', 'moderate')", name=op.f("ck_ai_request_stats_operation_known")
        ),
        sa.CheckConstraint("status IN ('ok', 'error', 'timeout', 'blocked', 'cached')", name=op.f("ck_ai_request_stats_status_known")),
        sa.CheckConstraint("cache_read_tokens >= 0", name=op.f("ck_ai_request_stats_cache_read_tokens_not_negative")),
        sa.CheckConstraint("cache_write_tokens >= 0", name=op.f("ck_ai_request_stats_cache_write_tokens_not_negative")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_ai_request_stats_cost_not_negative")),
        sa.CheckConstraint("first_token_ms >= 0", name=op.f("ck_ai_request_stats_first_token_ms_not_negative")),
        sa.CheckConstraint("input_tokens >= 0", name=op.f("ck_ai_request_stats_input_tokens_not_negative")),
        sa.CheckConstraint("latency_ms >= 0", name=op.f("ck_ai_request_stats_latency_ms_not_negative")),
        sa.CheckConstraint("output_tokens >= 0", name=op.f("ck_ai_request_stats_output_tokens_not_negative")),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_ai_request_stats")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index("idx_ai_request_stats_created", "ai_request_stats", ["created_at"], unique=False, postgresql_using="brin")
    op.create_index("idx_ai_request_stats_day", "ai_request_stats", ["day_kst", "model"], unique=False)
    op.create_index("idx_ai_request_stats_request_id", "ai_request_stats", ["request_id"], unique=False)
    op.create_index(
        "idx_ai_request_stats_user_created", "ai_request_stats", ["user_id", sa.literal_column("created_at DESC")], unique=False
    )
    objects.run("partitions/ai_request_stats_default", 1)
    op.create_table(
        "ai_usage_daily",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=9), nullable=False),
        sa.Column("currency", sa.Text(), server_default="USD", nullable=False),
        sa.Column("latency_ms_sum", sa.BigInteger(), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_ai_usage_daily_currency_is_iso4217")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_usage_daily")),
        sa.UniqueConstraint(
            "day",
            "user_id",
            "provider",
            "model",
            "operation",
            "currency",
            name="uq_ai_usage_daily_day_user",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("idx_ai_usage_daily_user_day", "ai_usage_daily", ["user_id", sa.literal_column("day DESC")], unique=False)


def downgrade() -> None:
    op.drop_table("ai_usage_daily")
    op.drop_table("ai_request_stats")
