"""Users of the AI chat: staff of a hospital and a few services."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from psycopg.types.json import Jsonb

from app_schema.models import UserRole, UserStatus

from .dice import weighted
from .people import person
from .wire import milliseconds
from .world import HISTORY_DAYS, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .dice import Dice
    from .world import World

# bcrypt of "demo-password", cost 10: one hash for all, since a fresh one takes a quarter of a second each
DEMO_BCRYPT = "$2b$10$/wHmq7Kyh.hOa4NDdU4AWu1hDOcguWxMX3Y08hJn4iltkAIPkh3cu"
# the first ones, so that there is one of each in the smallest world; number 0 was there before all others
FIRST = (
    (UserRole.ADMIN, UserStatus.ACTIVE),
    (UserRole.SERVICE, UserStatus.ACTIVE),
    (UserRole.USER, UserStatus.ACTIVE),
    (UserRole.USER, UserStatus.PENDING),
    (UserRole.USER, UserStatus.SUSPENDED),
    (UserRole.STAFF, UserStatus.DELETED),
)
ROLES = weighted({UserRole.USER: 780, UserRole.STAFF: 197, UserRole.SERVICE: 14, UserRole.ADMIN: 9})
STATES = weighted({UserStatus.ACTIVE: 92, UserStatus.PENDING: 4, UserStatus.DELETED: 3, UserStatus.SUSPENDED: 1})
SERVICES = (
    *("예약 연동", "검사 결과 연동", "수납 연동", "문자 발송", "통계 수집", "모바일 앱", "키오스크", "보험 청구 연동"),
    *("영상 판독 연동", "약품 정보 연동", "콜센터 연동", "홈페이지", "문서 색인기", "번역 중계", "설문 수집", "감사 기록"),
)
TRIES = 12  # to find somebody who is there; after that it was number 0


class Life(NamedTuple):
    """Who somebody is, and from when to when there is anything of them; times in milliseconds since 1970."""

    id: str
    role: UserRole
    status: UserStatus
    created: int
    until: int  # the last thing they did, or the end of the account; now for those who come every day
    created_at: datetime
    until_at: datetime
    last_login: datetime | None

    @property
    def acts(self) -> bool:
        """Tell people, who write and sign in, from services and those who have not come yet."""
        return self.last_login is not None


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
    return (_user(world, number) for number in range(world.count("users")))


def colleagues(world: World) -> int:
    """Return how many support agents have an account; they are the users after the first ones."""
    return min(world.count("agents") * 2 // 5, (world.count("users") - len(FIRST)) // 2)


def colleague(place: int) -> int:
    """Return the number of the user who is support agent number ``place``."""
    return len(FIRST) + place


@lru_cache(maxsize=16_384)
def life(world: World, number: int) -> Life:
    """Tell one user's life."""
    dice = world.dice("users", number, "life")
    settled = number < len(FIRST) + colleagues(world)
    if number < len(FIRST):
        role, status = FIRST[number]
    elif settled:
        role, status = UserRole.STAFF, UserStatus.ACTIVE
    else:
        role = dice.choice(ROLES)
        status = dice.choice(STATES) if role in (UserRole.USER, UserRole.STAFF) else UserStatus.ACTIVE
    settled = settled or role is UserRole.SERVICE
    created = world.past(_age(dice, number, status, settled=settled), HISTORY_DAYS)
    until = world.now
    if status in (UserStatus.DELETED, UserStatus.SUSPENDED) or (status is UserStatus.ACTIVE and not settled and dice.random() < 0.1):
        until = world.between(created, world.now, 0.2 + 0.78 * dice.random())
    last_login = None
    if role is not UserRole.SERVICE and status is not UserStatus.PENDING:
        day = world.between(until - timedelta(days=5), until, 0.98 * (1 - dice.random() ** 2))
        last_login = max(created + timedelta(minutes=2), day)
        until = max(until, last_login + timedelta(minutes=2)) if until < world.now else until
    return Life(
        id=world.id(created, "users", number),
        role=role,
        status=status,
        created=milliseconds(created),
        until=milliseconds(until),
        created_at=created,
        until_at=until,
        last_login=last_login,
    )


def _age(dice: Dice, number: int, status: UserStatus, *, settled: bool) -> float:
    # the share of all work that was done since they came: three of four were there before all that the rows tell
    if number == 0:
        return 0.999
    if settled:
        return 0.9 + 0.09 * dice.random()
    if status is UserStatus.PENDING:
        return 0.002 + 0.15 * dice.random()
    return 0.78 + 0.2 * dice.random() if dice.random() < 0.75 else 0.02 + 0.76 * dice.random()


def _user(world: World, number: int) -> Row:
    dice = world.dice("users", number)
    told = life(world, number)
    service = told.role is UserRole.SERVICE
    name, email = called(world, number)
    locked = told.status is UserStatus.ACTIVE and told.acts and dice.random() < 0.008
    deleted = told.until_at if told.status is UserStatus.DELETED else None
    ended = told.until_at if told.status is UserStatus.SUSPENDED else deleted
    return Row(
        id=told.id,
        email=email,
        password_hash=None if service or dice.random() < 0.2 else DEMO_BCRYPT,  # NULL: single sign-on
        name=name,
        phone=None if service else phone(dice),
        role=told.role,
        status=told.status,
        settings=Jsonb({"theme": dice.choice(["light", "dark", "system"]), "fontSize": dice.choice([14, 16, 18])}),
        failed_login_count=5 if locked else 1 if told.acts and dice.random() < 0.06 else 0,
        locked_until=world.now + timedelta(minutes=11) if locked else None,
        last_login=told.last_login,
        deleted_at=deleted,
        created_at=told.created_at,
        updated_at=ended or (world.now - timedelta(minutes=4) if locked else told.last_login) or told.created_at,
    )


def called(world: World, number: int) -> tuple[str, str]:
    """Return a user's name and e-mail address."""
    told = life(world, number)
    if told.role is UserRole.SERVICE:
        dice = world.dice("users", number, "service")
        name = f"{SERVICES[number % len(SERVICES)]} ({dice.choice(_departments())})"
        return name, f"service{number}{world.tag}@api.example.kr"
    who = person(world, "users", number)
    return who.name, f"{who.handle}{number}{world.tag}@{'clinic' if told.role is UserRole.USER else 'staff'}.example.kr"


def _departments() -> list[str]:
    return [value["ko"] for value in reference("slots") if value["slot"] == "department"]


def phone(dice: Dice) -> str:
    return f"010-0{dice.randrange(1000):03}-{dice.randrange(10000):04}"  # nobody's: 010-0 is not given out


def somebody(world: World, dice: Dice, first: int, last: int) -> Life:
    """Pick a person who is there from one time to another; a few are picked very often, as in life."""
    count = world.count("users")
    for _ in range(TRIES):
        told = life(world, count - 1 - int(count * dice.random() ** 2))
        if told.last_login is not None and told.created <= first and last <= told.until:
            return told
    return life(world, 0)


def service(world: World, dice: Dice) -> Life:
    """Pick an account of a program."""
    count = world.count("users")
    for _ in range(TRIES):
        told = life(world, dice.randrange(count))
        if told.role is UserRole.SERVICE:
            return told
    return life(world, 1)
