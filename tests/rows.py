"""Make one valid row of any table: ``insert(connection, "messages", content="안녕")``.

What a row needs and the caller did not give is filled in, parents included.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

BCRYPT = "$2b$12$" + "a" * 53
Columns = dict[str, Any]


def insert(connection: Connection, table: str, **columns: Any) -> UUID:
    """Insert one row and return its id; dicts become jsonb, lists arrays, parents are made when left out."""
    row = DEFAULTS[table](connection, columns) | columns
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in row.items()}
    names, binds = ", ".join(values), ", ".join(f":{name}" for name in values)
    return connection.scalar(text(f"INSERT INTO {table} ({names}) VALUES ({binds}) RETURNING id"), values)


def digest() -> str:
    """Return a SHA-256 that no other row has."""
    return sha256(uuid4().bytes).hexdigest()


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid4().hex[:12]}"


def parent(connection: Connection, given: Columns, column: str, table: str) -> Columns:
    return {} if column in given else {column: insert(connection, table)}


def timestamp(connection: Connection, offset: str) -> Any:
    return connection.scalar(text("SELECT now() + CAST(:offset AS interval)"), {"offset": offset})


def users(_connection: Connection, _given: Columns) -> Columns:
    return {"email": unique("user") + "@example.kr", "name": "김민수"}


def session_of(column: str, table: str) -> Callable[[Connection, Columns], Columns]:
    def columns(connection: Connection, given: Columns) -> Columns:
        expires = {} if "expires_at" in given else {"expires_at": timestamp(connection, "1 day")}
        return {"token": digest()} | expires | parent(connection, given, column, table)

    return columns


def agents(_connection: Connection, _given: Columns) -> Columns:
    return {"email": unique("agent") + "@example.kr", "name": "이상담", "password_hash": BCRYPT}


def customer_sessions(_connection: Connection, _given: Columns) -> Columns:
    return {"token": digest(), "language": "en"}


def chat_rooms(connection: Connection, given: Columns) -> Columns:
    row: Columns = {"status": given.get("status", "active" if given.get("agent_id") else "waiting")}
    status = row["status"]
    if status != "waiting":
        row["waiting_since"] = None
    if status == "closed" and "closed_at" not in given:
        row["closed_at"] = timestamp(connection, "0")
    return row


def conversations(connection: Connection, given: Columns) -> Columns:
    return parent(connection, given, "user_id", "users")


def messages(connection: Connection, given: Columns) -> Columns:
    row = {"content": "안녕하세요", "sender_type": "customer" if "room_id" in given else "user"}
    return row if {"room_id", "conversation_id"} & given.keys() else row | parent(connection, given, "conversation_id", "conversations")


def documents(connection: Connection, given: Columns) -> Columns:
    row = {"title": "보고서.pdf", "mime_type": "application/pdf", "size_bytes": 1024, "storage_key": unique("key"), "sha256": digest()}
    return row | parent(connection, given, "user_id", "users")


def workflows(connection: Connection, given: Columns) -> Columns:
    return {"name": unique("workflow"), "definition": {}} | parent(connection, given, "user_id", "users")


def workflow_executions(connection: Connection, given: Columns) -> Columns:
    row: Columns = {"workflow_version": 1}
    if given.get("status") == "running":
        now = timestamp(connection, "0")
        row |= {"locked_by": "worker", "started_at": now, "heartbeat_at": now, "attempts": 1}
    if given.get("status") in ("succeeded", "failed", "cancelled"):
        row["finished_at"] = timestamp(connection, "0")
    return row | parent(connection, given, "workflow_id", "workflows")


def api_keys(connection: Connection, given: Columns) -> Columns:
    row = {"name": unique("key"), "key_prefix": "ask_", "key_last4": "9f3c", "key_hash": digest()}
    if given.get("kind") == "provider":
        row |= {"provider": "openai", "key_ciphertext": bytes(48), "key_nonce": bytes(12), "kek_id": "k1"}
    return row | parent(connection, given, "user_id", "users")


def guardrails(_connection: Connection, _given: Columns) -> Columns:
    return {"name": unique("guardrail"), "rule_type": "keyword", "pattern": "비밀"}


def mcp_connections(connection: Connection, given: Columns) -> Columns:
    row = {"name": unique("mcp")} | parent(connection, given, "user_id", "users")
    return row if given.get("transport") == "stdio" else row | {"server_url": "https://mcp.example.kr/mcp"}


def logs(_connection: Connection, _given: Columns) -> Columns:
    return {"level": "info", "message": "started"}


def cache_metadata(_connection: Connection, _given: Columns) -> Columns:
    return {"cache_key": digest(), "namespace": "answers"}


def ai_request_stats(_connection: Connection, _given: Columns) -> Columns:
    return {"request_id": uuid4(), "provider": "openai", "model": "gpt-a"}


def ai_usage_daily(_connection: Connection, _given: Columns) -> Columns:
    counts = dict.fromkeys(("requests", "errors", "input_tokens", "output_tokens", "cache_read_tokens", "cost", "latency_ms_sum"), 0)
    return {"day": "2026-11-01", "provider": "openai", "model": unique("gpt"), "operation": "chat"} | counts


DEFAULTS: dict[str, Callable[[Connection, Columns], Columns]] = {
    "users": users,
    "sessions": session_of("user_id", "users"),
    "agents": agents,
    "agent_sessions": session_of("agent_id", "agents"),
    "customer_sessions": customer_sessions,
    "chat_rooms": chat_rooms,
    "conversations": conversations,
    "messages": messages,
    "documents": documents,
    "workflows": workflows,
    "workflow_executions": workflow_executions,
    "api_keys": api_keys,
    "guardrails": guardrails,
    "mcp_connections": mcp_connections,
    "logs": logs,
    "cache_metadata": cache_metadata,
    "ai_request_stats": ai_request_stats,
    "ai_usage_daily": ai_usage_daily,
}
