"""Guardrails: rules that prompts and answers are held against."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app_schema.models.base import Base, Identified, Json, Timestamps
from app_schema.models.choice import Choice, is_object, one_of
from app_schema.models.mask import HMAC, KEEP, TEXT

if TYPE_CHECKING:
    from app_schema.models.user import User


class GuardrailStage(StrEnum):
    """What is held against the rule: the prompt, the answer, or both."""

    INPUT = "input"
    OUTPUT = "output"
    BOTH = "both"


class RuleType(StrEnum):
    """How the rule decides; ``llm`` is decided outside the database."""

    REGEX = "regex"
    KEYWORD = "keyword"
    PII = "pii"
    LLM = "llm"
    LENGTH = "length"


class GuardrailAction(StrEnum):
    """What follows a match."""

    BLOCK = "block"
    MASK = "mask"
    FLAG = "flag"
    LOG = "log"


class Guardrail(Identified, Timestamps, Base):
    """A rule; ``guardrail_matches(text, stage)`` evaluates all that are enabled."""

    __tablename__ = "guardrails"
    __table_args__ = (
        UniqueConstraint("name", name="uq_guardrails_name"),
        one_of("stage", GuardrailStage),
        one_of("rule_type", RuleType),
        one_of("action", GuardrailAction),
        is_object("config"),
        CheckConstraint("severity BETWEEN 1 AND 5", name="severity_in_range"),
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint("rule_type NOT IN ('regex', 'keyword') OR pattern IS NOT NULL", name="pattern_present"),
        # Compiling is the check: a bad pattern raises invalid_regular_expression (2201B).
        CheckConstraint("rule_type <> 'regex' OR ('' ~ pattern) IS NOT NULL", name="regex_compiles"),
        Index("idx_guardrails_active", "stage", "priority", "id", postgresql_where=text("enabled")),
        Index("idx_guardrails_created_by", "created_by", postgresql_where=text("created_by IS NOT NULL")),
    )

    name: Mapped[str] = mapped_column(doc="Unique.", info=KEEP)
    description: Mapped[str | None] = mapped_column(doc="For people.", info=TEXT)
    stage: Mapped[GuardrailStage] = mapped_column(
        Choice(GuardrailStage),
        server_default=GuardrailStage.INPUT,
        doc="What is held against it.",
        info=KEEP,
    )
    rule_type: Mapped[RuleType] = mapped_column(Choice(RuleType), doc="How it decides.", info=KEEP)
    pattern: Mapped[str | None] = mapped_column(doc="PostgreSQL's regular expression, or the keyword.", info=KEEP)
    config: Mapped[Json] = mapped_column(server_default="{}", doc="Settings of the rule, for example the maximum length.", info=KEEP)
    action: Mapped[GuardrailAction] = mapped_column(
        Choice(GuardrailAction),
        server_default=GuardrailAction.BLOCK,
        doc="What follows a match.",
        info=KEEP,
    )
    severity: Mapped[int] = mapped_column(SmallInteger, server_default="3", doc="1 (slight) to 5 (grave).", info=KEEP)
    priority: Mapped[int] = mapped_column(Integer, server_default="100", doc="Lower is evaluated first.", info=KEEP)
    version: Mapped[int] = mapped_column(Integer, server_default="1", doc="Counts from 1.", info=KEEP)
    enabled: Mapped[bool] = mapped_column(server_default=text("true"), doc="Whether it is evaluated.", info=KEEP)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), doc="Who made it.", info=HMAC)

    creator: Mapped[User | None] = relationship()
