"""Connections to MCP servers, shared and personal."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from app_schema.models import AuthType, McpStatus

from .demo_keys import seal
from .users import life
from .world import reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = (
    *("id", "user_id", "name", "transport", "server_url", "command", "args", "auth_type"),
    *("secrets_ciphertext", "secrets_nonce", "kek_id", "allowed_tools", "tools_cache", "status", "enabled"),
    *("last_health_check", "last_error", "created_at", "updated_at"),
)


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number, server in enumerate(reference("mcp_connections")):
        created = world.past(0.5 - number * 0.03, 90)
        own_id = world.id(created, "mcp_connections", number)
        tools = server["tools"].split()
        token = world.digest("mcp_connections", number).hex()[:32]
        secret = server["auth_type"] != AuthType.NONE
        checked = None if server["status"] == McpStatus.UNKNOWN else world.now - timedelta(seconds=20 + 7 * number)
        yield (
            *(own_id, life(world, 0).id if number % 3 == 2 else None, world.named(server["name"]), server["transport"]),
            *(server["server_url"] or None, server["command"] or None, server["args"].split(), server["auth_type"]),
            *(seal(world, f'{{"token": "{token}"}}', owner=own_id) if secret else (None, None, None)),
            *(tools[:1] if number % 2 else None, Jsonb([{"name": tool} for tool in tools]) if tools else None),
            *(server["status"], server["status"] != McpStatus.DISCONNECTED, checked, server["last_error"] or None),
            *(created, checked or created),
        )
