"""Column types over the domains that migrations make: what must be hashed is hashed on its way in."""

import hashlib
import re
from typing import Any, Self, TypeVar

from sqlalchemy import Dialect, Text, TypeDecorator, event
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from app_schema.models.password import PasswordHash

__all__ = ["BCRYPT_HASH", "PUBLIC_URL", "SHA256_HEX", "BcryptPassword", "HashedToken", "PasswordHash", "TokenHash"]


class TextDomain(DOMAIN):
    """A domain over text, whose columns take the operators of text: SQLAlchemy 2.1 gives a DOMAIN none."""

    operator_classes = operators.OperatorClass.STRING


# create_type=False: frozen SQL makes the domains, and no metadata creates or drops them
BCRYPT_HASH = TextDomain("bcrypt_hash", Text(), create_type=False)
SHA256_HEX = TextDomain("sha256_hex", Text(), create_type=False)
PUBLIC_URL = TextDomain("public_url", Text(), create_type=False)

_HEX = re.compile(r"[0-9a-f]{64}")
_SAMENESS = (operators.is_distinct_from, operators.is_not_distinct_from)
_EQUALITY = (operators.eq, operators.ne, operators.in_op, operators.not_in_op, *_SAMENESS)


class TokenHash(str):
    """The SHA-256 of a token, in hex. Fast is right here: a token is random, a password is not.

    Raises:
        ValueError: the text is no SHA-256 in hex; the message does not repeat it.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the form of a hash from elsewhere."""
        if _HEX.fullmatch(text) is None:
            raise ValueError("this is not a SHA-256 in hex; to hash a token, call TokenHash.of")
        return super().__new__(cls, text)

    @classmethod
    def trusted(cls, text: str) -> Self:
        """Take a hash from the database, whose domain has checked it."""
        return super().__new__(cls, text)

    @classmethod
    def of(cls, raw: str) -> Self:
        """Hash a token as the client holds it.

        Raises:
            ValueError: it is empty.
        """
        if not raw:
            raise ValueError("a token may not be empty")
        # whatever a stranger sends has a hash, half a surrogate pair too
        return cls.trusted(hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest())

    def __repr__(self) -> str:
        return f"TokenHash('{self[:4]}…')"


_Hash = TypeVar("_Hash", TokenHash, PasswordHash)


class _Hashed(TypeDecorator[_Hash]):
    impl = TextDomain
    hash_class: type[_Hash]

    def hashed(self, value: str) -> _Hash:
        return value if isinstance(value, self.hash_class) else self.hash_class.of(value)

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(self.hashed(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> _Hash | None:  # noqa: ARG002
        return None if value is None else self.hash_class.trusted(value)


class HashedToken(_Hashed[TokenHash]):
    """A token's hash: ``UserSession.token == raw`` compares hashes, and a `TokenHash` passes as it is."""

    cache_ok = True
    hash_class = TokenHash

    def __init__(self) -> None:
        super().__init__(SHA256_HEX.name, Text(), create_type=False)

    def coerce_compared_value(self, op: operators.OperatorType | None, value: Any) -> TypeEngine[Any]:  # noqa: ARG002
        """Hash what is compared for equality; the pattern of a LIKE stays text."""
        return self if op in _EQUALITY else Text()


class BcryptPassword(_Hashed[PasswordHash]):
    """A password's hash: clear text is hashed, even text that looks like a hash; a `PasswordHash` passes."""

    cache_ok = True
    hash_class = PasswordHash

    def __init__(self) -> None:
        super().__init__(BCRYPT_HASH.name, Text(), create_type=False)

    def coerce_compared_value(self, op: operators.OperatorType | None, value: Any) -> TypeEngine[Any]:
        """Refuse a comparison with clear text, since a new salt would make it false for ever."""
        if op in _EQUALITY and isinstance(value, str) and not isinstance(value, PasswordHash):
            raise InvalidRequestError("SQL cannot compare a password; load the row and call verify_password")
        return self if op in _EQUALITY else Text()


@event.listens_for(Mapper, "mapper_configured")
def _hash_on_assignment(mapper: Mapper[Any], class_: type) -> None:
    # so that an attribute reads the same before and after the flush: always the hash
    for prop in mapper.column_attrs:
        kind = prop.columns[0].type
        if isinstance(kind, _Hashed):

            def hash_it(_target: object, value: Any, _old: object, _event: object, kind: _Hashed[Any] = kind) -> Any:
                return kind.hashed(value) if isinstance(value, str) else value

            event.listen(getattr(class_, prop.key), "set", hash_it, retval=True)
