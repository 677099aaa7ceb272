"""What a search should find, in the fewest words: the literal truth, and the text to try it on."""

import re
import string
import unicodedata

from hypothesis import strategies

LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

# Few of each kind, so that texts and queries meet: syllables, jamo of three blocks, Latin, digits, CJK and kana, emoji of
# several code points, what LIKE, regular expressions, tsquery and quoting know, every kind of blank, controls.
CHARACTERS = (
    "가나다라각힣ㄱㅏㅋ\u1100\u1161\u11a8aAbBéÉe\u030119.漢字かカ👍🏽\u200d★"
    "~^%_\\'\"&|!():*<>-+?[]{}$#/,…  \t\n\r\v\x1f\x85\xa0\u2003\u3000\u200b\x01\x7f"
)
texts = strategies.text(alphabet=CHARACTERS, max_size=40)
queries = strategies.text(alphabet=CHARACTERS, max_size=12)


def folded(text):
    return unicodedata.normalize("NFC", text).translate(LOWER)


def words(query):
    return re.sub("[\u200b\u2060\u3164\ufeff]", " ", folded(query)).split()


def holds(text, query):
    """Say whether a text contains every word of a query; a query without words finds nothing."""
    return bool(words(query)) and all(word in folded(text) for word in words(query))
