"""Browsers, as their User-Agent headers name them. No table of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .dice import weighted

if TYPE_CHECKING:
    from .dice import Dice

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
# browsers freeze what they say of the system, and all of the version but its first number
KINDS = weighted(
    {
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/{{chrome}}.0.0.0 Safari/537.36": 40,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/{{chrome}}.0.0.0 Safari/537.36 Edg/{{chrome}}.0.0.0": 14,
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/{{chrome}}.0.0.0 Whale/4.{{minor}}.0.0 Safari/537.36": 8,
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/{{chrome}}.0.0.0 Safari/537.36": 8,
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.{{minor}} Safari/605.1.15": 5,
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{{minor}} like Mac OS X) {APPLE} Version/18.{{minor}} Mobile/15E148 Safari/604.1": 9,
        f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/{{chrome}}.0.0.0 Mobile Safari/537.36": 9,
        f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": 5,
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{chrome}.0) Gecko/20100101 Firefox/{chrome}.0": 2,
    }
)


def user_agent(dice: Dice) -> str:
    """Return a browser's User-Agent header."""
    return dice.choice(KINDS).format(chrome=dice.randrange(132, 143), minor=dice.randrange(0, 7))
