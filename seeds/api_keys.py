"""API keys: issued by us, and of AI providers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import ApiKeyKind, TokenHash

from .demo_keys import seal
from .users import user, user_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import World

NAMES = ("예약 연동", "모바일 앱", "통계 수집", "시험용")
PROVIDERS = ("anthropic", "openai", "upstage")
SCOPES: tuple[list[str], ...] = (["chat:write", "chat:read"], ["documents:read"], ["usage:read"], [])


class Row(NamedTuple):
    id: str
    user_id: str
    kind: ApiKeyKind
    name: str
    provider: str | None
    key_prefix: str
    key_last4: str
    key_hash: str
    key_ciphertext: bytes | None
    key_nonce: bytes | None
    kek_id: str | None
    scopes: list[str]
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    rotated_from: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (_key(world, number) for number in range(world.count("api_keys")))


def _key(world: World, number: int) -> Row:
    dice = world.dice("api_keys", number)
    # two of every four keys are one that was revoked and the one that replaced it
    place = number % 4
    replaced, replaces = place == 0, place == 1
    owner = user(world, number // 4)
    created = _created(world, number)
    own_id = world.id(created, "api_keys", number)
    ours = place < 3  # the last of four is a provider's
    provider = PROVIDERS[number // 4 % len(PROVIDERS)]
    clear = f"{'sk_' if ours else 'sk-demo-'}{world.digest('api_keys', number).hex()[:40]}"
    ciphertext, nonce, kek_id = (None, None, None) if ours else seal(world, clear, owner=own_id)
    used = created + (world.now - created) * dice.random()
    revoked = _created(world, number + 1) + timedelta(hours=1) if replaced else None
    return Row(
        id=own_id,
        user_id=owner.id,
        kind=ApiKeyKind.ISSUED if ours else ApiKeyKind.PROVIDER,
        name=f"{provider} 운영" if not ours else NAMES[0] if replaced or replaces else NAMES[1 + number // 4 % 3],
        provider=None if ours else provider,
        key_prefix=clear[:8] if ours else clear[:4],
        key_last4=clear[-4:],
        key_hash=TokenHash.of(clear),
        key_ciphertext=ciphertext,
        key_nonce=nonce,
        kek_id=kek_id,
        scopes=SCOPES[dice.randrange(len(SCOPES))] if ours else [],
        expires_at=created + timedelta(days=(30, 90, 365)[number % 3]) if ours else None,
        last_used_at=min(used, revoked or used) if number % 5 else None,
        revoked_at=revoked,
        rotated_from=world.id(_created(world, number - 1), "api_keys", number - 1) if replaces else None,
        created_by=user_id(world, 0),
        created_at=created,
        updated_at=revoked or created,
    )


def _created(world: World, number: int) -> datetime:
    place = number % 4  # a replacement comes after what it replaces
    return world.past((0.55, 0.25, 0.4, 0.3)[place] + 0.1 * world.dice("api_keys", number, "created").random(), 120)
