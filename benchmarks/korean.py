"""Korean text to search in: made up with the frequencies of real text, or from a file given by path."""

from __future__ import annotations

import gzip
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STEMS, WORDS = 1_200, 30_000
ENDINGS = (
    *("", "", "이", "가", "은", "는", "을", "를", "에", "에서", "으로", "도", "의", "까지", "하고", "합니다", "했어요", "하는", "해서"),
    *("인데", "입니다", "이에요", "네요", "지만", "었던", "어요", "고", "다"),
)
LATIN = ("OST", "ppt", "ChatGPT", "SQL", "KakaoTalk", "v1.2", "c++", "A+", "iPhone15", "http", "friend", "TV", "CT", "MRI", "VIP")
MARKS = (".", "..", "!", "?", "~", "ㅋㅋ", "ㅠㅠ", "^^", "★", "…", "")


def texts(rows: int, path: str | None) -> Iterator[str]:
    """Yield so many texts: the lines of a file, then its lines' halves put together anew; without a file, made-up ones.

    Args:
        rows: how many.
        path: text or gzip, a text a line after its last tab.
    """
    return _from(Path(path), rows) if path else _made_up(rows)


def _from(path: Path, rows: int) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        lines = [line.rstrip("\n").rsplit("\t", 1)[-1] for line in file]
    yield from lines[:rows]
    dice = Random(0)
    halves = [line.split() for line in lines]
    for _ in range(rows - len(lines)):
        one, other = dice.choice(halves), dice.choice(halves)
        yield " ".join([*one[: (len(one) + 1) // 2], *other[len(other) // 2 :]])


def _made_up(rows: int) -> Iterator[str]:
    """Words of few syllables, drawn as often as words are (Zipf), with endings, Latin, numbers and marks among them."""
    dice = Random(0)
    syllables = [chr(0xAC00 + dice.randrange(11_172)) for _ in range(STEMS)]
    frequent = list(accumulate(1 / (rank + 5) for rank in range(STEMS)))
    words = ["".join(dice.choices(syllables, cum_weights=frequent, k=dice.choice((1, 2, 2, 2, 3, 3, 4)))) for _ in range(WORDS)]
    ranks = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))
    for _ in range(rows):
        said = [word + dice.choice(ENDINGS) for word in dice.choices(words, cum_weights=ranks, k=dice.randint(2, 14))]
        if dice.random() < 0.15:
            said.insert(dice.randrange(len(said)), dice.choice(LATIN) + dice.choice(("", "", "도", "는")))
        if dice.random() < 0.15:
            said.insert(dice.randrange(len(said)), f"{dice.randint(1, 2100)}{dice.choice(('', '년', '점', '번'))}")
        yield " ".join(said) + dice.choice(MARKS)
