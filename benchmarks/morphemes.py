"""What a search finds against what a morphological analyser finds: the precision and recall of words, in one figure."""

from __future__ import annotations

from collections import defaultdict
from random import Random
from statistics import mean
from typing import TYPE_CHECKING

from kiwipiepy import Kiwi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NOUNS, PREDICATES = ("NNG", "NNP"), ("VV", "VA", "VV-R", "VV-I", "VA-R", "VA-I")
FEWEST, MOST, QUERIES = 5, 900, 300


def words(texts: Iterable[str]) -> dict[str, set[int]]:
    """Map words, as a dictionary has them, to the numbers of the texts that hold them; predicates end in 다."""
    holding = defaultdict(set)
    for number, tokens in enumerate(Kiwi().tokenize(list(texts))):
        for token in tokens:
            if token.tag in NOUNS or token.tag in PREDICATES:
                holding[token.form + ("다" if token.tag in PREDICATES else "")].add(number)
    return holding


def score(texts: list[str], find: Callable[[str], set[int]]) -> float:
    """Return the mean F1 of a sample of the words that are neither rare nor everywhere."""
    holding = words(texts)
    known = sorted(word for word, numbers in holding.items() if FEWEST <= len(numbers) <= MOST)
    return mean(f1(find(word), holding[word]) for word in Random(0).sample(known, min(QUERIES, len(known))))


def f1(found: set[int], wanted: set[int]) -> float:
    return 2 * len(found & wanted) / (len(found) + len(wanted))
