"""What the platform writes down about itself."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app_schema.models import AiOperation, AiRequestStat, AiRequestStatus, AiUsageDaily, CacheMetadata, Log, LogLevel, uuid7
from app_schema.testing.making.accounts import Accounts
from app_schema.testing.making.rows import NOW, Columns

SEOUL = ZoneInfo("Asia/Seoul")
UNANSWERED = (AiRequestStatus.ERROR, AiRequestStatus.TIMEOUT, AiRequestStatus.BLOCKED)


class Records(Accounts):
    """Logs, AI requests, their sums, and what the cache holds."""

    def log(self, *, level: LogLevel | str = LogLevel.INFO, **columns: Any) -> Log:
        """Make a line of the log; the database masks what must not be kept."""
        return self._add(Log, columns, level=level, message="started", event="service.started")

    def request_stat(self, *, status: AiRequestStatus | str = AiRequestStatus.OK, **columns: Any) -> AiRequestStat:
        """Make one AI request of a user."""
        facts: Columns = {"latency_ms": 800, "input_tokens": 100}
        facts |= {"error_code": str(status)} if status in UNANSWERED else {"output_tokens": 50, "first_token_ms": 200}
        if "user_id" not in columns:
            facts["user_id"] = self.user().id
        return self._add(AiRequestStat, columns, request_id=uuid7(), provider="openai", model="gpt-a", status=status, **facts)

    def usage(self, **columns: Any) -> AiUsageDaily:
        """Make one day of a user's AI usage, today in Seoul unless told otherwise."""
        facts: Columns = {"day": datetime.now(SEOUL).date(), "provider": "openai", "model": "gpt-a", "operation": AiOperation.CHAT}
        facts |= {"requests": 1, "errors": 0, "input_tokens": 100, "output_tokens": 50, "cache_read_tokens": 0}
        facts |= {"cost": 0, "latency_ms_sum": 800}
        if "user_id" not in columns:
            facts["user_id"] = self.user().id
        return self._add(AiUsageDaily, columns, **facts)

    def cache_entry(self, **columns: Any) -> CacheMetadata:
        """Make an entry of the cache, good for an hour."""
        expires = columns.get("created_at", NOW) + timedelta(hours=1)
        return self._add(CacheMetadata, columns, cache_key=secrets.token_hex(32), namespace="answers", model="gpt-a", expires_at=expires)
