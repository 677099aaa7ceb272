"""Workflows: versioned definitions of what the platform runs for a user."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import EMPTY, HMAC, KEEP, NAME, TEXT

if TYPE_CHECKING:
    from app_schema.models.user import User
    from app_schema.models.workflow_execution import WorkflowExecution


class WorkflowStatus(StrEnum):
    """Whether a workflow may run."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class TriggerType(StrEnum):
    """What starts a workflow."""

    MANUAL = "manual"
    API = "api"
    SCHEDULE = "schedule"
    EVENT = "event"


class Workflow(Identified, Timestamps, Base):
    """One version of a workflow."""

    __tablename__ = "workflows"
    __table_args__ = (
        # NULLS NOT DISTINCT: shared workflows have no user, and their names are unique too.
        UniqueConstraint("user_id", "name", "version", name="uq_workflows_user_id_name_version", postgresql_nulls_not_distinct=True),
        CheckConstraint("version > 0", name="version_positive"),
        is_object("definition"),
        one_of("status", WorkflowStatus),
        one_of("trigger_type", TriggerType),
        Index("idx_workflows_status", "status", text("updated_at DESC")),
    )

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), doc="Whose; NULL: shared by all.", info=HMAC)
    name: Mapped[str] = mapped_column(doc="Unique with user and version.", info=NAME)
    description: Mapped[str | None] = mapped_column(doc="For people.", info=TEXT)
    version: Mapped[int] = mapped_column(Integer, server_default="1", doc="Counts from 1.", info=KEEP)
    definition: Mapped[Json] = mapped_column(doc="Nodes and edges.", info=EMPTY)
    status: Mapped[WorkflowStatus] = mapped_column(
        Choice(WorkflowStatus), server_default=WorkflowStatus.DRAFT, doc="Whether it may run.", info=KEEP
    )
    trigger_type: Mapped[TriggerType] = mapped_column(
        Choice(TriggerType), server_default=TriggerType.MANUAL, doc="What starts it.", info=KEEP
    )

    user: Mapped[User | None] = relationship(back_populates="workflows")
    executions: Mapped[list[WorkflowExecution]] = relationship(back_populates="workflow", cascade="all", passive_deletes=True)
