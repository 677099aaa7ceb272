"""Password hashes: bcrypt, NFC, 72 bytes, and a verdict that never raises."""

import unicodedata

import bcrypt
import pytest

from app_schema.errors import PasswordTooLong
from app_schema.models.password import PasswordHash

CLEAR = "비밀번호 canary"


@pytest.fixture(scope="module")
def hashed():
    return PasswordHash.of(CLEAR, rounds=10)


def test_a_hash_verifies_its_password_only(hashed):
    assert hashed.verify(CLEAR)
    assert not hashed.verify(CLEAR + "!")
    assert repr(hashed) == "PasswordHash('$2b$10$…')"


def test_a_mac_and_a_windows_keyboard_type_the_same_password(hashed):
    decomposed = unicodedata.normalize("NFD", CLEAR)
    assert decomposed != CLEAR
    assert hashed.verify(decomposed)
    assert PasswordHash.of(decomposed, rounds=10).verify(CLEAR)


def test_seventy_two_bytes_are_the_limit():
    assert PasswordHash.of("가" * 24, rounds=10).verify("가" * 24)
    assert PasswordHash.of(unicodedata.normalize("NFD", "각" * 24), rounds=10).verify("각" * 24)
    for clear in ("가" * 24 + "x", "x" * 73, "x" * 10_000_000):
        with pytest.raises(PasswordTooLong):
            PasswordHash.of(clear)


@pytest.mark.parametrize("clear", ["", "canary\0", "canary\ud800", "x" * 73, "\u0301" * 10_000_000])
def test_what_no_password_can_be_is_simply_wrong(hashed, clear):
    assert not hashed.verify(clear)
    with pytest.raises(ValueError, match="password") as caught:
        PasswordHash.of(clear)
    assert "canary" not in repr(caught.value)
    assert caught.value.__context__ is None


def test_hashes_from_elsewhere_verify(hashed):
    assert PasswordHash("$2y$" + bcrypt.hashpw(b"php", bcrypt.gensalt(10)).decode()[4:]).verify("php")
    assert not PasswordHash("$2b$10$" + "z" * 53).verify("salt with stray bits")
    with pytest.raises(ValueError, match=r"PasswordHash\.of") as caught:
        PasswordHash("canary")
    assert "canary" not in str(caught.value)
    assert hashed.needs_rehash()
    assert not hashed.needs_rehash(rounds=10)
    with pytest.raises(ValueError, match="10 to 31"):
        PasswordHash.of("x", rounds=4)


def test_a_sign_in_costs_the_same_whatever_the_account(monkeypatch):
    """An unknown name, an old cheap hash and a new one, with a right password and a wrong one: bcrypt does the same work."""
    cheap, new = PasswordHash.of(CLEAR, rounds=10), PasswordHash.of(CLEAR)
    work = []

    def counted(function):
        def count(password, given):
            work.append(2 ** int(given[4:6]))
            return function(password, given)

        return count

    for name in ("hashpw", "checkpw"):
        monkeypatch.setattr(bcrypt, name, counted(getattr(bcrypt, name)))
    costs = set()
    for sign_in in (PasswordHash.refuse, cheap.verify, new.verify):
        for clear in (CLEAR, "wrong"):
            work.clear()
            sign_in(clear)
            costs.add(sum(work))
    assert costs == {2**12}
    work.clear()
    assert not any(sign_in("x" * 73) for sign_in in (PasswordHash.refuse, cheap.verify, new.verify))
    assert work == []
