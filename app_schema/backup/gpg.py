"""GPG with a passphrase: AES-256, no compression of what is compressed already, no agent, nothing on the command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from app_schema.backup.stream import BLOCK, copy
from app_schema.errors import EncryptionError

if TYPE_CHECKING:
    from app_schema.backup.stream import Readable, Writable

ENCRYPT = (
    *("--symmetric", "--cipher-algo", "AES256", "--compress-algo", "none"),
    *("--s2k-mode", "3", "--s2k-digest-algo", "SHA512", "--s2k-count", "65011712"),
)

STATUS = re.compile(r"^\[GNUPG:\] (\w+)", re.MULTILINE)
DECRYPTED = ("BEGIN_DECRYPTION", "PLAINTEXT", "DECRYPTION_OKAY", "GOODMDC")  # in this order, each once


class Gpg:
    """Opens with the passphrase anywhere: ``gpg --decrypt FILE``."""

    name = "gpg"
    suffix = ".gpg"

    def __init__(self, passphrase: str) -> None:
        self._passphrase = passphrase
        program = shutil.which("gpg")
        if program is None:
            raise EncryptionError("gpg is not installed here: install gnupg, or use age (APP_SCHEMA_BACKUP_AGE_RECIPIENTS)")
        self._program = program

    def encrypt(self, source: Readable, target: Writable, /) -> None:
        """Encrypt all of ``source``.

        Raises:
            EncryptionError: gpg failed.
        """
        if error := self._run(ENCRYPT, source, target)[0]:
            raise EncryptionError(f"gpg could not encrypt: {error}")

    def decrypt(self, source: Readable, target: Writable, /) -> None:
        """Decrypt all of ``source``; what was written is worth nothing if this raises.

        Raises:
            EncryptionError: the passphrase is another one, or the data is damaged.
        """
        error, statuses = self._run(("--decrypt",), source, target)
        if error:
            if "Bad session key" in error:
                raise EncryptionError("the passphrase does not open this backup: it was written with another one")
            raise EncryptionError(f"gpg could not decrypt it, so it is damaged, was cut off, or is nothing that gpg wrote ({error})")
        # gpg also passes what was never encrypted, before or after what was
        if [status for status in statuses if status in DECRYPTED] != [*DECRYPTED]:
            raise EncryptionError("it is not what this passphrase encrypted: all of it or a part of it is in clear")

    def _run(self, arguments: tuple[str, ...], source: Readable, target: Writable) -> tuple[str | None, list[str]]:
        """Return what gpg says went wrong, None if nothing did, and the keywords of its status lines."""
        reading, writing = os.pipe()
        os.write(writing, self._passphrase.encode() + b"\n")
        os.close(writing)
        with (
            tempfile.TemporaryDirectory(prefix="app_schema-gpg-") as home,
            tempfile.TemporaryFile() as said,
        ):  # no keys and no secrets in it
            command = [
                *(self._program, "--homedir", home, "--no-options", "--no-autostart", "--no-symkey-cache", "--batch", "--quiet"),
                *("--pinentry-mode", "loopback", "--passphrase-fd", str(reading), "--status-file", f"{home}/status", *arguments),
            ]
            try:
                gpg = subprocess.Popen(  # noqa: S603 (no shell)
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, pass_fds=(reading,), pipesize=BLOCK
                )
            finally:
                os.close(reading)
            feeder = _Feeder(source, gpg)
            with gpg:
                feeder.start()
                try:
                    assert gpg.stdout is not None  # noqa: S101 (a pipe was asked for)
                    copy(gpg.stdout, target)
                except BaseException:
                    gpg.kill()
                    raise
                finally:
                    feeder.join()
            if feeder.error:
                raise feeder.error
            said.seek(0)
            reason = None if gpg.returncode == 0 else _reason(said.read().decode(errors="replace"))
            status = Path(home, "status")
            return reason, STATUS.findall(status.read_text(encoding="utf-8", errors="replace")) if status.exists() else []


class _Feeder(threading.Thread):
    def __init__(self, source: Readable, gpg: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._source = source
        self._gpg = gpg
        self.error: BaseException | None = None

    def run(self) -> None:
        assert self._gpg.stdin is not None  # noqa: S101 (a pipe was asked for)
        try:
            with self._gpg.stdin as stdin:
                copy(self._source, stdin)
        except BrokenPipeError:  # gpg gave up, and says why
            pass
        except BaseException as error:  # noqa: BLE001 (handed to the thread that waits)
            self.error = error
            self._gpg.kill()


def _reason(said: str) -> str:
    lines = [line.removeprefix("gpg: ") for line in said.splitlines() if line.startswith("gpg: ")]
    return lines[-1] if lines else "no reason was given"
