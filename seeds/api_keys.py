"""API keys: issued by us, and of AI providers."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from app_schema.models import ApiKeyKind, TokenHash

from .demo_keys import seal
from .users import TRIES, life, service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

PURPOSES = ("예약 조회", "모바일 앱", "통계 수집", "시험용", "문자 발송", "키오스크", "문서 색인", "설문 수집")
PLACES = ("본원", "검진센터", "국제진료센터", "원무팀", "약제팀", "전산팀", "콜센터", "연구동", "별관", "분원")
LIVES = (30, 90, 365)  # days
PROVIDERS = ("anthropic", "openai", "upstage")
USED = 1  # a key that was used, in the smallest world too
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


def used_key(world: World, dice: Dice) -> Row:
    """Pick a key of a program that was used."""
    for _ in range(TRIES):
        key = _key(world, dice.randrange(world.count("api_keys")))
        if key.last_used_at and key.kind is ApiKeyKind.ISSUED:
            return key
    return _key(world, USED)


@lru_cache(maxsize=1024)
def _key(world: World, number: int) -> Row:
    dice = world.dice("api_keys", number)
    # two of every four keys are one that was revoked and the one that replaced it
    place = number % 4
    replaced, replaces = place == 0, place == 1
    group = number // 4
    owner = service(world, world.dice("api_keys", group, "whose"))
    ours = place < 3  # the last of four is a provider's
    created = _created(world, number)
    own_id = world.id(created, "api_keys", number)
    provider = PROVIDERS[group % len(PROVIDERS)]
    clear = f"{'sk_' if ours else 'sk-demo-'}{world.digest('api_keys', number).hex()[:40]}"
    ciphertext, nonce, kek_id = (None, None, None) if ours else seal(world, clear, owner=own_id)
    expires = created + timedelta(days=dice.choice(LIVES)) if ours else None
    revoked = _created(world, number + 1) + timedelta(hours=1) if replaced else None
    end = min(at for at in (world.now, expires, revoked) if at)
    # keys are used every day as long as they last, but for those that were forgotten
    busy = number == USED or dice.random() < 0.85
    used = world.between(created, end, 0.4 + 0.6 * dice.random()) if busy else None
    return Row(
        id=own_id,
        user_id=owner.id,
        kind=ApiKeyKind.ISSUED if ours else ApiKeyKind.PROVIDER,
        name=f"{_purpose(group)}{('', '', ' 읽기 전용', f' ({provider})')[place]}",
        provider=None if ours else provider,
        key_prefix=clear[:8] if ours else clear[:4],
        key_last4=clear[-4:],
        key_hash=TokenHash.of(clear),
        key_ciphertext=ciphertext,
        key_nonce=nonce,
        kek_id=kek_id,
        scopes=SCOPES[dice.randrange(len(SCOPES))] if ours else [],
        expires_at=expires,
        last_used_at=used,
        revoked_at=revoked,
        rotated_from=world.id(_created(world, number - 1), "api_keys", number - 1) if replaces else None,
        created_by=life(world, 0).id,
        created_at=created,
        updated_at=revoked or used or created,
    )


def _purpose(group: int) -> str:
    # another one for each group, as the names of an owner's keys differ
    kinds, more = len(PURPOSES), group // (len(PURPOSES) * len(PLACES))
    return f"{PURPOSES[group % kinds]} {PLACES[group // kinds % len(PLACES)]}{f' {more + 1}' if more else ''}"


def _created(world: World, number: int) -> datetime:
    place = number % 4  # a replacement comes after what it replaces
    return world.past((0.55, 0.25, 0.4, 0.3)[place] + 0.1 * world.dice("api_keys", number, "created").random(), 120)
