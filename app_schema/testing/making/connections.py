"""Keys, guardrails and connections to MCP servers."""

from __future__ import annotations

from typing import Any

from app_schema.models import ApiKey, AuthType, Guardrail, McpConnection, McpStatus, RuleType, Transport
from app_schema.models.issued_key import IssuedKey
from app_schema.testing.making.accounts import Accounts
from app_schema.testing.making.rows import NOW, Columns, has, unique

PATTERNS = {RuleType.KEYWORD: "비밀", RuleType.REGEX: r"\d{6}-\d{7}"}


class Connections(Accounts):
    """What opens doors, and what watches them."""

    def api_key(self, *, clear: str | None = None, **columns: Any) -> ApiKey:
        """Make a key that we issued; ``clear`` is the key as its owner holds it, a random one by default."""
        issued = IssuedKey(clear) if clear else IssuedKey.generate()
        user = {} if has(columns, "user") else {"user_id": self.user().id}
        return self._add(
            ApiKey, columns, name=unique("key"), key_prefix=issued.prefix, key_last4=issued.last4, key_hash=issued.hash, **user
        )

    def provider_key(self, *, clear: str | None = None, **columns: Any) -> ApiKey:
        """Make a key of an AI provider, sealed with ``keyring``: ``row.reveal(make.keyring)`` returns ``clear``."""
        user_id = None if has(columns, "user") else self.user().id
        key = clear or unique("sk-test-provider")
        draft = ApiKey.for_provider(user_id=user_id, name=unique("key"), provider="openai", key=key, keyring=self.keyring)  # type: ignore[arg-type]
        sealed_to = columns.get("id", draft.id)
        facts: Columns = {"id": sealed_to, "sealed": self.keyring.seal(key, owner=sealed_to, column="api_keys.sealed")}
        facts |= {name: getattr(draft, name) for name in ("kind", "name", "provider", "key_prefix", "key_last4", "key_hash")}
        return self._add(ApiKey, columns, **facts, **({"user_id": user_id} if user_id else {}))

    def guardrail(self, *, rule_type: RuleType | str = RuleType.KEYWORD, **columns: Any) -> Guardrail:
        """Make an enabled guardrail that blocks prompts."""
        kind = RuleType(rule_type)
        facts: Columns = {"pattern": PATTERNS[kind]} if kind in PATTERNS else {}
        if kind == RuleType.LENGTH:
            facts["config"] = {"max": 4000}
        return self._add(Guardrail, columns, name=unique("guardrail"), rule_type=kind, **facts)

    def mcp_connection(
        self,
        *,
        transport: Transport | str = Transport.STREAMABLE_HTTP,
        auth_type: AuthType | str = AuthType.NONE,
        status: McpStatus | str = McpStatus.UNKNOWN,
        **columns: Any,
    ) -> McpConnection:
        """Make a user's connection; one that signs in has secrets, sealed with ``keyring``."""
        own_id = columns.get("id") or self._next_id()
        facts: Columns = {"command": "mcp-server"} if transport == Transport.STDIO else {"server_url": "https://mcp.example.kr/mcp"}
        if auth_type != AuthType.NONE:
            facts["secrets"] = self.keyring.seal("token-for-tests", owner=own_id, column="mcp_connections.secrets")
        if status != McpStatus.UNKNOWN:
            facts["last_health_check"] = NOW
        if status == McpStatus.ERROR:
            facts["last_error"] = "connection refused"
        if not has(columns, "user"):
            facts["user_id"] = self.user().id
        return self._add(
            McpConnection, columns, id=own_id, name=unique("mcp"), transport=transport, auth_type=auth_type, status=status, **facts
        )
