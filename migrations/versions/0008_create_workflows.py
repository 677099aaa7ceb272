"""Create workflows and their executions.

Locks: none, the tables are new.
Downgrade: loses every row of workflows, workflow_executions.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("trigger_type", sa.Text(), server_default="manual", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("jsonb_typeof(definition) = 'object'", name=op.f("ck_workflows_definition_is_object")),
        sa.CheckConstraint("status IN ('draft', 'published', 'archived')", name=op.f("ck_workflows_status_known")),
        sa.CheckConstraint("trigger_type IN ('manual', 'api', 'schedule', 'event')", name=op.f("ck_workflows_trigger_type_known")),
        sa.CheckConstraint("version > 0", name=op.f("ck_workflows_version_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_workflows_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflows")),
        sa.UniqueConstraint("user_id", "name", "version", name="uq_workflows_user_id_name_version", postgresql_nulls_not_distinct=True),
    )
    op.create_index("idx_workflows_status", "workflows", ["status", sa.literal_column("updated_at DESC")], unique=False)
    op.create_table(
        "workflow_executions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("dedup_key", sa.Text(), nullable=True),
        sa.Column("locked_by", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("input", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("output", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("payload_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("total_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(precision=18, scale=9), server_default="0", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(status = 'running') = (locked_by IS NOT NULL)", name=op.f("ck_workflow_executions_running_has_worker")),
        sa.CheckConstraint(
            "(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)",
            name=op.f("ck_workflow_executions_finished_has_time"),
        ),
        sa.CheckConstraint("jsonb_typeof(input) = 'object'", name=op.f("ck_workflow_executions_input_is_object")),
        sa.CheckConstraint("jsonb_typeof(output) = 'object'", name=op.f("ck_workflow_executions_output_is_object")),
        sa.CheckConstraint(
            "status <> 'running' OR (started_at IS NOT NULL AND heartbeat_at IS NOT NULL)",
            name=op.f("ck_workflow_executions_running_has_heartbeat"),
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_workflow_executions_status_known"),
        ),
        sa.CheckConstraint("attempts BETWEEN 0 AND max_attempts", name=op.f("ck_workflow_executions_attempts_in_range")),
        sa.CheckConstraint("cost >= 0", name=op.f("ck_workflow_executions_cost_not_negative")),
        sa.CheckConstraint("payload_bytes >= 0", name=op.f("ck_workflow_executions_payload_bytes_not_negative")),
        sa.CheckConstraint("total_tokens >= 0", name=op.f("ck_workflow_executions_total_tokens_not_negative")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_workflow_executions_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["workflow_id"], ["workflows.id"], name=op.f("fk_workflow_executions_workflow_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_executions")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index(
        "idx_workflow_executions_finished",
        "workflow_executions",
        ["finished_at"],
        unique=False,
        postgresql_where=sa.text("finished_at IS NOT NULL"),
    )
    op.create_index(
        "idx_workflow_executions_queue",
        "workflow_executions",
        [sa.literal_column("priority DESC"), "run_after", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "idx_workflow_executions_running",
        "workflow_executions",
        ["heartbeat_at"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        "idx_workflow_executions_user", "workflow_executions", ["user_id"], unique=False, postgresql_where=sa.text("user_id IS NOT NULL")
    )
    op.create_index(
        "idx_workflow_executions_workflow",
        "workflow_executions",
        ["workflow_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "idx_workflow_executions_workflow_status",
        "workflow_executions",
        ["workflow_id", "status", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "uq_workflow_executions_dedup",
        "workflow_executions",
        ["workflow_id", "dedup_key"],
        unique=True,
        postgresql_where=sa.text("dedup_key IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("workflow_executions")
    op.drop_table("workflows")
