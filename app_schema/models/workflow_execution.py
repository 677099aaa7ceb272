"""Runs of workflows, which are also the queue that workers claim from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Numeric, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, TEXT

if TYPE_CHECKING:
    from app_schema.models.user import User
    from app_schema.models.workflow import Workflow


class ExecutionStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WorkflowExecution(Identified, Timestamps, Base):
    """One run: ``claim_execution`` takes it, a heartbeat keeps it, ``requeue_stale_executions`` gives it back."""

    __tablename__ = "workflow_executions"
    __table_args__ = (
        one_of("status", ExecutionStatus),
        is_object("input"),
        is_object("output"),
        CheckConstraint("(status = 'running') = (locked_by IS NOT NULL)", name="running_has_worker"),
        CheckConstraint("status <> 'running' OR (started_at IS NOT NULL AND heartbeat_at IS NOT NULL)", name="running_has_heartbeat"),
        CheckConstraint("(status IN ('succeeded', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished_has_time"),
        CheckConstraint("attempts BETWEEN 0 AND max_attempts", name="attempts_in_range"),
        CheckConstraint("payload_bytes >= 0", name="payload_bytes_not_negative"),
        CheckConstraint("total_tokens >= 0", name="total_tokens_not_negative"),
        CheckConstraint("cost >= 0", name="cost_not_negative"),
        Index("idx_workflow_executions_queue", text("priority DESC"), "run_after", "id", postgresql_where=text("status = 'queued'")),
        Index("idx_workflow_executions_running", "heartbeat_at", postgresql_where=text("status = 'running'")),
        Index("idx_workflow_executions_workflow", "workflow_id", text("created_at DESC"), text("id DESC")),
        Index("idx_workflow_executions_workflow_status", "workflow_id", "status", text("created_at DESC")),
        Index("idx_workflow_executions_user", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index("idx_workflow_executions_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
        Index("uq_workflow_executions_dedup", "workflow_id", "dedup_key", unique=True, postgresql_where=text("dedup_key IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 80}},
    )

    workflow_id: Mapped[UUID] = mapped_column(ForeignKey("workflows.id", ondelete="CASCADE"), doc="What runs.", info=KEEP)
    workflow_version: Mapped[int] = mapped_column(Integer, doc="Its version when queued.", info=KEEP)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), doc="Who asked for it.", info=HMAC)
    status: Mapped[ExecutionStatus] = mapped_column(
        Choice(ExecutionStatus),
        server_default=ExecutionStatus.QUEUED,
        doc="Where the run stands.",
        info=KEEP,
    )
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0", doc="Higher runs first.", info=KEEP)
    run_after: Mapped[datetime] = mapped_column(server_default=func.now(), doc="Not before.", info=KEEP)
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0", doc="Times claimed.", info=KEEP)
    max_attempts: Mapped[int] = mapped_column(SmallInteger, server_default="3", doc="Times it may be claimed.", info=KEEP)
    dedup_key: Mapped[str | None] = mapped_column(doc="Unique in its workflow: queueing twice is refused.", info=HMAC)
    locked_by: Mapped[str | None] = mapped_column(doc="The worker; set exactly while running.", info=HMAC)
    heartbeat_at: Mapped[datetime | None] = mapped_column(doc="The worker's last sign of life.", info=KEEP)
    input: Mapped[Json] = mapped_column(server_default="{}", doc="What it was given.", info=EMPTY)
    output: Mapped[Json | None] = mapped_column(doc="What came out.", info=EMPTY)
    payload_bytes: Mapped[int] = mapped_column(
        BigInteger, server_default="0", doc="Bytes of input and output in object storage.", info=KEEP
    )
    error: Mapped[str | None] = mapped_column(doc="Why it failed.", info=TEXT)
    total_tokens: Mapped[int] = mapped_column(BigInteger, server_default="0", doc="Tokens of all its AI requests.", info=KEEP)
    cost: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default="0", doc="US dollars, of all its AI requests.", info=KEEP)
    started_at: Mapped[datetime | None] = mapped_column(doc="When first claimed.", info=KEEP)
    finished_at: Mapped[datetime | None] = mapped_column(doc="Set exactly when succeeded, failed or cancelled.", info=KEEP)

    workflow: Mapped[Workflow] = relationship(back_populates="executions")
    user: Mapped[User | None] = relationship()
