"""From a bucket to the backup folder: what was encrypted on the way out is decrypted on the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from app_schema.backup import encryption
from app_schema.backup.age import Age
from app_schema.backup.fetch import ANOTHER
from app_schema.backup.gpg import Gpg
from app_schema.backup.pipe import piped
from app_schema.errors import EncryptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app_schema.backup.copies import Copies
    from app_schema.backup.encryption import Cipher
    from app_schema.backup.folder import Folder
    from app_schema.backup.stream import Writable
    from app_schema.settings import Settings

CIPHERS = {Age.suffix: Age.name, Gpg.suffix: Gpg.name}
ENCRYPTED = "|".join(map(re.escape, CIPHERS))  # how the names of encrypted objects end


@dataclass(frozen=True)
class Transfer:
    """Where from, where to, and the keys.

    Attributes:
        clear: whether copies may be in clear although this machine has a key for backups.
    """

    settings: Settings
    folder: Folder
    copies: Copies
    clear: bool = False

    def cipher(self, suffix: str) -> Cipher | None:
        """Return what opens objects whose names end so, None if they are in clear.

        Raises:
            EncryptionError: the key for it is not set or cannot be used; or they are in clear, and this machine has a key.
        """
        if not suffix and not self.clear and not self.copies.seal:  # a seal proves where they come from
            encryption.check_clear(self.settings, f"what {self.copies.url} holds of it")
        if suffix and suffix not in self._ciphers:  # a command may have to ask a person for the passphrase: once
            self._ciphers[suffix] = encryption.for_reading(self.settings, CIPHERS[suffix])
        return self._ciphers.get(suffix)

    def copy(
        self, names: Sequence[str], suffix: str, target: Writable, report: Callable[[int], None] | None = None, *, threads: bool = True
    ) -> None:
        """Write objects in clear, one after the other, as they come; arguments as for :meth:`.Copies.download`.

        Raises:
            EncryptionError: they were encrypted with another key, or are damaged.
            FetchFailed: the storage cannot be reached or refused.
            OSError: the target cannot be written.
        """

        def download(to: Writable) -> None:
            self.copies.download(names, to, report, threads=threads)

        cipher = self.cipher(suffix)
        if cipher is None:
            download(target)
            return
        try:
            piped(download, lambda source: cipher.decrypt(source, target))
        except EncryptionError as error:
            raise EncryptionError(
                f"{self.copies.url}/{names[0]} cannot be opened: {error}; if the key is the right one, the copy is damaged: {ANOTHER}"
            ) from None

    @cached_property
    def _ciphers(self) -> dict[str, Cipher]:
        return {}
