"""Names, and e-mail addresses that go with them. No table of its own."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from faker import Faker

from .dice import weighted

if TYPE_CHECKING:
    from .world import World

POOL = 300  # names drawn from Faker for each language of the customers
LOCALES = {"en": "en_US", "zh": "zh_CN", "ja": "ja_JP", "vi": "vi_VN", "ru": "ru_RU"}
# about as often as in the census of 2015, in per mille
SURNAMES = weighted(
    {
        ("김", "kim"): 215, ("이", "lee"): 147, ("박", "park"): 84, ("최", "choi"): 47, ("정", "jung"): 43, ("강", "kang"): 24,
        ("조", "cho"): 21, ("윤", "yoon"): 21, ("장", "jang"): 20, ("임", "lim"): 17, ("한", "han"): 15, ("오", "oh"): 15,
        ("서", "seo"): 15, ("신", "shin"): 15, ("권", "kwon"): 14, ("황", "hwang"): 14, ("안", "ahn"): 14, ("송", "song"): 14,
        ("류", "ryu"): 13, ("홍", "hong"): 11, ("고", "ko"): 9, ("문", "moon"): 9, ("양", "yang"): 9, ("배", "bae"): 8,
        ("백", "baek"): 7, ("허", "heo"): 7, ("남", "nam"): 5, ("노", "noh"): 5, ("하", "ha"): 5, ("전", "jeon"): 11,
    }
)  # fmt: skip
FIRST = (
    "민 min", "서 seo", "지 ji", "하 ha", "도 do", "예 ye", "시 si", "주 joo", "은 eun", "수 soo", "현 hyun", "준 jun", "유 yu", "재 jae",
    "성 sung", "정 jung", "태 tae", "동 dong", "승 seung", "영 young", "경 kyung", "혜 hye", "미 mi", "상 sang", "나 na", "소 so",
)  # fmt: skip
SECOND = (
    "준 jun", "윤 yoon", "우 woo", "호 ho", "연 yeon", "은 eun", "아 a", "진 jin", "희 hee", "민 min", "영 young", "현 hyun", "수 soo",
    "훈 hoon", "석 seok", "원 won", "정 jung", "빈 bin", "주 joo", "린 rin", "혁 hyuk", "경 kyung",
)  # fmt: skip


class Person(NamedTuple):
    name: str
    handle: str  # the part of an e-mail address before the @, unique only with a number after it


def person(world: World, *key: object) -> Person:
    """Return a Korean name, and how its bearer writes it in Latin letters."""
    dice = world.dice("person", *key)
    family, family_latin = dice.choice(SURNAMES)
    first, first_latin = dice.choice(FIRST).split()
    second, second_latin = dice.choice([syllable for syllable in SECOND if syllable[0] != first]).split()
    given = f"{first_latin}{second_latin}"
    handle = dice.choice(
        (
            f"{given}.{family_latin}",
            f"{family_latin}.{given}",
            f"{given}{family_latin}",
            f"{first_latin[0]}{second_latin[0]}.{family_latin}",
        )
    )
    return Person(f"{family}{first}{second}", handle)


def customer(world: World, language: str, *key: object) -> str:
    """Return the name of a customer as that language has it."""
    if language == "ko":
        return person(world, *key).name
    return world.dice("name", *key).choice(_names(world.random_seed, language))


@cache
def _names(random_seed: int, language: str) -> list[str]:
    fake = Faker(LOCALES[language], providers=["faker.providers.person"])
    fake.seed_instance(f"{random_seed}/{language}")
    return [fake.name() for _ in range(POOL)]
