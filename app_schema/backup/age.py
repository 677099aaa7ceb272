"""age: the host that takes backups holds a public key and cannot open them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app_schema.errors import EncryptionError

if TYPE_CHECKING:
    from collections.abc import Collection

    from app_schema.backup.stream import Readable, Writable


class Age:
    """Opens with the secret key anywhere: ``age --decrypt --identity KEY FILE``.

    Raises:
        EncryptionError: pyrage is not installed, or a key is none.
    """

    name = "age"
    suffix = ".age"

    def __init__(self, recipients: Collection[str], identities: str | None) -> None:
        try:
            import pyrage  # noqa: PLC0415 (an optional extra)
        except ModuleNotFoundError:
            raise EncryptionError("age needs pyrage: pip install 'app_schema[age]'") from None
        self._age: Any = pyrage
        try:
            self._recipients = [pyrage.x25519.Recipient.from_str(text) for text in sorted(recipients)]
        except pyrage.RecipientError:
            raise EncryptionError(
                "APP_SCHEMA_BACKUP_AGE_RECIPIENTS holds what is no public key of age; write age1…, as age-keygen prints it"
            ) from None
        lines = [line.strip() for line in (identities or "").splitlines()]
        try:
            self._identities = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
        except pyrage.IdentityError:
            raise EncryptionError(
                "APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE holds what is no secret key of age; each line is AGE-SECRET-KEY-1…, or begins with #"
            ) from None
        if identities is not None and not self._identities:
            raise EncryptionError(
                "APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE holds no secret key; it is a line AGE-SECRET-KEY-1…, as age-keygen writes it"
            )

    def encrypt(self, source: Readable, target: Writable, /) -> None:
        """Encrypt all of ``source`` to the recipients.

        Raises:
            EncryptionError: age failed.
        """
        ends = _Ends(source, target)
        try:
            self._age.encrypt_io(ends, ends, self._recipients)
        except (self._age.EncryptError, OSError) as error:
            ends.reraise()
            raise EncryptionError(f"age could not encrypt: {error}") from None

    def decrypt(self, source: Readable, target: Writable, /) -> None:
        """Decrypt all of ``source``; what was written is worth nothing if this raises.

        Raises:
            EncryptionError: it was encrypted to another key, or the data is damaged.
        """
        ends = _Ends(source, target)
        try:
            self._age.decrypt_io(ends, ends, self._identities)
        except (self._age.DecryptError, OSError) as error:
            ends.reraise()
            if "No matching keys" in str(error):
                raise EncryptionError("the secret key does not open this backup: it was written to another public key") from None
            raise EncryptionError(
                f"age could not decrypt it, so it is damaged, was cut off, or is nothing that age wrote ({error})"
            ) from None


class _Ends:
    """Both ends of a stream. pyrage passes an error of theirs on as text in one of its own, so they remember it."""

    def __init__(self, source: Readable, target: Writable) -> None:
        self._source = source
        self._target = target
        self._error: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._source.read(size)
        except BaseException as error:
            self._error = error
            raise

    def write(self, data: bytes, /) -> int:
        try:
            self._target.write(data)
        except BaseException as error:
            self._error = error
            raise
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def reraise(self) -> None:
        if self._error is not None:
            raise self._error
