"""What the answer cache holds: few answers take most of the hits."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

columns = (
    *("id", "cache_key", "namespace", "model", "size_bytes", "hit_count", "miss_count", "tokens_saved"),
    *("last_hit_at", "expires_at", "created_at"),
)
NAMESPACES = (("answers", "claude-sonnet-4-5"), ("translations", "gpt-5-mini"), ("embeddings", "solar-embedding-1"), ("tools", None))


def rows(world: World) -> Iterator[tuple[object, ...]]:
    for number in range(world.count("cache_metadata")):
        dice = world.dice("cache_metadata", number)
        created = world.born("cache_metadata", number, 30)
        namespace, model = NAMESPACES[number] if number < len(NAMESPACES) else NAMESPACES[int(len(NAMESPACES) * dice.random() ** 1.4)]
        expires = None if namespace == "embeddings" else created + timedelta(days=7)
        end = min(world.now, expires or world.now)
        hits = int(dice.paretovariate(0.9)) - 1
        yield (
            *(world.id(created, "cache_metadata", number), world.digest("cache", number).hex(), namespace, model),
            *(dice.randrange(200, 20_000), hits, dice.randrange(1, 4), hits * dice.randrange(50, 800) if model else 0),
            world.between(created, end, dice.random()) if hits else None,
            expires,
            created,
        )
