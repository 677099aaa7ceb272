"""Users of the AI chat: staff of a hospital and a few services."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import UserRole, UserStatus

from .world import HISTORY_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

# bcrypt of "demo-password", cost 10: one hash for all, since a fresh one takes a quarter of a second each
DEMO_BCRYPT = "$2b$10$/wHmq7Kyh.hOa4NDdU4AWu1hDOcguWxMX3Y08hJn4iltkAIPkh3cu"
ROLES = (UserRole.ADMIN, *(UserRole.USER,) * 6, UserRole.STAFF, UserRole.STAFF, UserRole.SERVICE, UserRole.USER)
STATES = (*(UserStatus.ACTIVE,) * 8, UserStatus.PENDING, UserStatus.ACTIVE, UserStatus.SUSPENDED, UserStatus.ACTIVE, UserStatus.DELETED)


class Row(NamedTuple):
    id: str
    email: str
    password_hash: str | None
    name: str
    phone: str | None
    role: UserRole
    status: UserStatus
    settings: Jsonb
    failed_login_count: int
    locked_until: datetime | None
    last_login: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime


columns = Row._fields


def rows(world: World) -> Iterator[Row]:
    return (user(world, number) for number in range(world.count("users")))


@lru_cache(maxsize=1024)
def user(world: World, number: int) -> Row:
    number %= world.count("users")
    dice = world.dice("users", number)
    created = created_at(world, number)
    role, status = ROLES[number % len(ROLES)], STATES[number % len(STATES)]
    changed = created + (world.now - created) * dice.random()
    seen = None if status is UserStatus.PENDING else world.past(dice.random() ** 2 * 0.4, HISTORY_DAYS)
    locked = number % 17 == 5
    return Row(
        id=user_id(world, number),
        email=f"{world.handle('users', number)}{number}{world.tag}@{'clinic' if role is UserRole.USER else 'staff'}.example.kr",
        password_hash=None if role is UserRole.SERVICE or number % 5 == 3 else DEMO_BCRYPT,  # NULL: single sign-on
        name="예약 연동" if role is UserRole.SERVICE else world.name("ko", "users", number),
        phone=None if role is UserRole.SERVICE else phone(dice),
        role=role,
        status=status,
        settings=Jsonb({"theme": dice.choice(["light", "dark", "system"]), "fontSize": dice.choice([14, 16, 18])}),
        failed_login_count=5 if locked else number % 3 // 2,
        locked_until=world.now + timedelta(minutes=11) if locked else None,
        last_login=seen,
        deleted_at=changed if status is UserStatus.DELETED else None,
        created_at=created,
        updated_at=changed if status is UserStatus.DELETED else max(changed, seen or changed),
    )


def phone(dice: Dice) -> str:
    return f"010-0{dice.randrange(1000):03}-{dice.randrange(10000):04}"  # nobody's: 010-0 is not given out


@lru_cache(maxsize=16_384)
def user_id(world: World, number: int) -> str:
    """Return a user's id alone."""
    return world.id(created_at(world, number), "users", number)


def somebody(world: World, dice: Dice) -> str:
    """Pick a user's id; a few are picked very often, as in life."""
    return user_id(world, pick(world, dice))


def pick(world: World, dice: Dice) -> int:
    """Pick a user's number, likewise."""
    return int(world.count("users") * dice.random() ** 2)


def created_at(world: World, number: int) -> datetime:
    """Return when a user registered."""
    return world.past(0.78 + 0.22 * world.dice("users", number, "created").random(), HISTORY_DAYS)  # before all that they do
