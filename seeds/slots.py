"""Sentences with gaps, filled alike all through one story and in every language. No table of its own.

``[a|b]`` is one of the two, ``{day}`` a value of ``reference/slots.csv`` or of a function here, ``{age:20-79}`` a number,
``{day2}`` another day than ``{day}`` most of the time, ``{drug/을}`` a value with the particle that Korean wants behind it and
``{day@en}`` the same value in another language.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from .world import reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from .dice import Dice

EITHER = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
GAP = re.compile(r"\{([a-z]+)([0-9]?)(?::(\d+)-(\d+))?(?:/(\w+))?(?:@(\w+))?\}")
PARTICLES = {"은": "는", "이": "가", "을": "를", "과": "와", "으로": "로", "이에요": "예요", "도": "도"}
SYLLABLES, FINALS, RIEUL = range(0xAC00, 0xD7A4), 28, 8
CLOSED_DIGITS = "013678"  # as they are read: 영 일 삼 육 칠 팔 end in a consonant
RIEUL_DIGITS = "178"
AIRLINES = ("KE", "OZ", "CX", "VN", "SU", "JL", "CZ", "7C")
ROMAN = ("en", "zh", "ja", "vi", "ru")  # who read an address in Latin letters


class Story:
    """What fills the gaps of one story: the same gap gives the same value wherever it comes up."""

    def __init__(self, dice: Dice, ranges: dict[str, tuple[int, int]] | None = None) -> None:
        self._dice = dice
        self._drawn: dict[str, int] = {}
        self._ranges = ranges or {}

    def told(self, template: str, language: str = "ko") -> str:
        """Fill a sentence."""
        if "|" in template:
            template = EITHER.sub(lambda match: self._dice.choice(match[1].split("|")), template)
        return GAP.sub(lambda match: self._gap(match, language), template) if "{" in template else template

    def _gap(self, match: re.Match[str], language: str) -> str:
        kind, again, _, _, particle, other = match.groups()
        name = kind + again
        if name not in self._drawn:
            low, high = self._ranges.get(name, (0, 1 << 20))
            self._drawn[name] = self._dice.randrange(low, high + 1)
        drawn = self._drawn[name]
        value = str(drawn) if name in self._ranges else _value(kind, drawn, other or language)
        return value + _particle(value, particle) if particle else value


@cache
def ranges(templates: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Return the bounds of the numbers that the sentences of a story name, wherever they name them."""
    found = (GAP.finditer(template) for template in templates)
    return {match[1] + match[2]: (int(match[3]), int(match[4])) for matches in found for match in matches if match[3]}


def _value(kind: str, drawn: int, language: str) -> str:
    if kind in _MADE:
        return _MADE[kind](drawn, language)
    values = _slots()[kind]
    value = values[drawn % len(values)]
    return value[language] or value["ko"]


def _particle(value: str, particle: str) -> str:
    last = value[-1]
    if ord(last) in SYLLABLES:
        final = (ord(last) - SYLLABLES[0]) % FINALS
    else:  # 1 stands for any consonant; Latin letters are read with a vowel behind them most of the time
        final = (RIEUL if last in RIEUL_DIGITS else 1) if last in CLOSED_DIGITS else 0
    closed = final not in (0, RIEUL) if particle == "으로" else final != 0
    return particle if closed else PARTICLES[particle]


@cache
def _slots() -> dict[str, list[dict[str, str]]]:
    slots: dict[str, list[dict[str, str]]] = {}
    for value in reference("slots"):
        slots.setdefault(value["slot"], []).append(value)
    return slots


def _clock(minutes: int, language: str) -> str:
    hour, minute = divmod(minutes, 60)
    half, twelve = hour >= 12, (hour - 1) % 12 + 1
    if language == "ru":
        return f"{hour}:{minute:02}"
    if language == "en":
        return f"{twelve}:{minute:02} {'pm' if half else 'am'}"
    if language == "vi":
        return f"{twelve} giờ{f' {minute}' if minute else ''} {'chiều' if half else 'sáng'}"
    before, hours, unit = {"ko": ("오전 ", "시", "분"), "zh": ("上午", "点", "分"), "ja": ("午前", "時", "分")}[language]
    after = {"ko": "오후 ", "zh": "下午", "ja": "午後"}[language]
    space = " " if language == "ko" else ""
    return f"{after if half else before}{twelve}{hours}{f'{space}{minute}{unit}' if minute else ''}"


def _won(tens_of_thousands: int, language: str) -> str:
    if language in ("ko", "zh", "ja"):
        return f"{tens_of_thousands}{ {'ko': '만 원', 'zh': '万韩元', 'ja': '万ウォン'}[language] }"
    separator, unit = {"en": (",", "won"), "vi": (".", "won"), "ru": ("\u00a0", "вон")}[language]
    return f"{tens_of_thousands * 10}{separator}000 {unit}"


def _address(drawn: int, language: str) -> str:
    places = reference("places")
    place = places[drawn % len(places)]
    house = 1 + drawn // len(places) % 380
    return f"{house} {place['english']}" if language in ROMAN else f"{place['district']} {place['road']} {house}"


_MADE: dict[str, Callable[[int, str], str]] = {
    "time": lambda drawn, language: _clock(
        (9 * 60, 10 * 60, 11 * 60, 14 * 60, 15 * 60, 16 * 60)[drawn % 6] + drawn // 6 % 6 * 10, language
    ),
    "closing": lambda drawn, language: _clock(16 * 60 + 30 + drawn % 5 * 30, language),
    "price": lambda drawn, language: _won(8 + drawn % 53, language),
    "fee": lambda drawn, language: _won(1 + drawn % 9, language),
    "address": _address,
    "unit": lambda drawn, _: f"{101 + drawn % 20 * 100 + drawn // 20 % 8}",
    "digits": lambda drawn, _: f"{drawn * 7919 % 10_000:04}",
    "ticket": lambda drawn, _: f"R{drawn * 7919 % 1_000_000:06}",
    "flight": lambda drawn, _: f"{AIRLINES[drawn % len(AIRLINES)]} {100 + drawn // 8 % 800}",
}
