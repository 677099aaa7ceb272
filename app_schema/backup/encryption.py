"""Which cipher a backup is written with, and which one opens it."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Protocol

from app_schema.backup import key_file
from app_schema.backup.age import Age
from app_schema.backup.gpg import Gpg
from app_schema.errors import EncryptionError

if TYPE_CHECKING:
    from app_schema.backup.stream import Readable, Writable
    from app_schema.settings import Settings

UNENCRYPTED = (
    "the backup is not encrypted, and it holds password hashes: set APP_SCHEMA_BACKUP_AGE_RECIPIENTS or APP_SCHEMA_BACKUP_PASSPHRASE_FILE"
)
FILE = "APP_SCHEMA_BACKUP_PASSPHRASE_FILE"
COMMAND = "APP_SCHEMA_BACKUP_PASSPHRASE_COMMAND"
PASSPHRASE_SECONDS = 60  # a command that asks a person, or a vault that does not answer


class Cipher(Protocol):
    """Encrypts and decrypts a stream; ``suffix`` ends the names of its files."""

    name: str
    suffix: str

    def encrypt(self, source: Readable, target: Writable, /) -> None:
        """Encrypt all of ``source``."""

    def decrypt(self, source: Readable, target: Writable, /) -> None:
        """Decrypt all of ``source``; what was written is worth nothing if this raises."""


def for_writing(settings: Settings) -> Cipher | None:
    """Return the cipher that new backups are written with: age when it has recipients, GPG when there is a passphrase, else None.

    Raises:
        EncryptionError: a setting is there and cannot be used; nothing is ever silently left in clear.
    """
    if settings.backup_age_recipients:
        return Age(settings.backup_age_recipients, None)
    passphrase = _passphrase(settings)
    return Gpg(passphrase) if passphrase is not None else None


def for_reading(settings: Settings, name: str) -> Cipher:
    """Return the cipher that opens what ``gpg`` or ``age`` has written.

    Raises:
        EncryptionError: the key for it is not set or cannot be used.
    """
    if name == Age.name:
        if settings.backup_age_identity_file is None:
            raise EncryptionError(
                "this backup is encrypted with age: set APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE to the file with the secret key,"
                " or run this on a machine that has it"
            )
        return Age(frozenset(), key_file.read(settings.backup_age_identity_file, "APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE"))
    passphrase = _passphrase(settings)
    if passphrase is None:
        raise EncryptionError(f"this backup is encrypted with GPG: set {FILE} or {COMMAND}")
    return Gpg(passphrase)


def can_open(settings: Settings, name: str | None) -> bool:
    """Whether the settings name a key for what ``gpg`` or ``age`` has written; None is in clear."""
    if name is None:
        return True
    if name == Age.name:
        return settings.backup_age_identity_file is not None
    return bool(settings.backup_passphrase_file or settings.backup_passphrase_command)


def is_configured(settings: Settings) -> bool:
    """Whether the settings name a key of any kind, to write with or to read with."""
    return bool(settings.backup_age_recipients) or can_open(settings, Age.name) or can_open(settings, Gpg.name)


def check_clear(settings: Settings, name: str) -> None:
    """Refuse what is not encrypted where backups are: whoever may write to the folder or the bucket could have put it there.

    Raises:
        EncryptionError: a key is configured; the line names the way to go on.
    """
    if is_configured(settings):
        raise EncryptionError(
            f"{name} is not encrypted, and this machine has a key for backups, so anybody could have written it:"
            " give --unencrypted if you know where it comes from"
        )


def _passphrase(settings: Settings) -> str | None:
    file, command = settings.backup_passphrase_file, settings.backup_passphrase_command
    if file and command:
        raise EncryptionError(f"{FILE} and {COMMAND} are both set; keep one")
    if file:
        return _first_line(key_file.read(file, FILE), FILE)
    return _first_line(_asked(command), COMMAND) if command else None


def _first_line(text: str, source: str) -> str:
    line = next(iter(text.splitlines()), "")
    if not line:
        raise EncryptionError(f"{source} gives no passphrase: the first line is empty")
    return line


def _asked(command: str) -> str:
    # it is never repeated: who mistakes the variable has written the passphrase itself there
    try:
        words = shlex.split(command)
    except ValueError:
        raise EncryptionError(f"{COMMAND} has a quote that is not closed; write it as for a shell") from None
    if not words:
        raise EncryptionError(f"{COMMAND} is blank; give a command that prints the passphrase, such as: pass show backup")
    try:
        done = subprocess.run(  # noqa: S603 (the operator's own command, without a shell)
            words, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False, timeout=PASSPHRASE_SECONDS, env=os.environ
        )
    except subprocess.TimeoutExpired:
        raise EncryptionError(f"{COMMAND} did not answer in {PASSPHRASE_SECONDS} s; it must not wait for a person") from None
    except UnicodeDecodeError:
        raise EncryptionError(f"{COMMAND} prints what is not UTF-8 text; the first line is the passphrase") from None
    except OSError as error:
        raise EncryptionError(
            f"{COMMAND} cannot be run: {error.strerror}; give the full path of the program (no shell runs it; if it needs one: sh -c '…')"
        ) from None
    if done.returncode:
        raise EncryptionError(f"{COMMAND} failed with exit code {done.returncode}; run the command by itself to see why")
    return done.stdout
