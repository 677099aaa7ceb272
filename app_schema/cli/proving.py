"""How a command accepts a backup that nothing proves to be of a machine with our keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app_schema.backup.folder import Folder

if TYPE_CHECKING:
    from app_schema.settings import Settings

unsealed_option = click.option(
    "--unsealed", is_flag=True, help="Accept a backup that carries no valid seal of APP_SCHEMA_BACKUP_SEAL_KEY_FILE."
)
unencrypted_option = click.option(
    "--unencrypted", is_flag=True, help="Accept a backup that is not encrypted although this machine has a key for backups."
)


def folder_of(settings: Settings, *, unsealed: bool) -> Folder:
    """Open the backup folder; with ``unsealed``, as a machine without the key of the seals does. Errors as for :meth:`.Folder.of`."""
    folder = Folder.of(settings)
    return folder.trusting() if unsealed else folder
