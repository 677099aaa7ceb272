"""Everything a person can see when something goes wrong.

The docstring of a class is its default message; ``exit_code`` is what the command line
answers with: 1 failed, 2 settings or usage, 3 a check found something.
No message ever holds a password, a token or a value of a row.
"""


class AppSchemaError(Exception):
    """app_schema failed."""

    exit_code = 1

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class SettingsError(AppSchemaError):
    """A setting is missing or wrong."""

    exit_code = 2


class ServerUnreachable(AppSchemaError):
    """The server does not answer; check DATABASE_URL."""


class SessionRequired(AppSchemaError):
    """This needs a session of its own, which a connection pooler does not give; set DATABASE_DIRECT_URL to the server itself."""

    exit_code = 2


class ServerUnsuitable(AppSchemaError):
    """The server or the database cannot hold this schema."""


class ServerNotDisposable(AppSchemaError):
    """DATABASE_URL names a server that is not marked disposable; set APP_SCHEMA_DISPOSABLE=1 to let tests use it, or unset DATABASE_URL."""

    exit_code = 2


class CommitRefused(AppSchemaError):
    """This would commit outside the transaction that the fixture undoes; use session.commit(), or app_schema_database for such code."""


class EmbeddedServerError(AppSchemaError):
    """The embedded server could not be started."""


class EmbeddedServerStopped(AppSchemaError):
    """The embedded server is not running; start it with: app-schema up (or set DATABASE_URL)."""


class MigrationError(AppSchemaError):
    """The migration failed."""


class RevisionUnknown(MigrationError):
    """The database is at a revision that this version of app_schema does not know."""


class MigratorBusy(MigrationError):
    """Another migration is running on this schema; wait for it and try again."""


class RoleMissing(MigrationError):
    """A role is missing and this user may not create it."""


class DatabaseNotAtHead(AppSchemaError):
    """The schema is not at the newest revision; run: app-schema db upgrade."""


class RowsThere(AppSchemaError):
    """The schema holds users already; seed with --append or --replace."""


class DiskTooSmall(AppSchemaError):
    """There is no room on a disk for what was asked; the line says where, and how much is needed."""


class SeedingFailed(AppSchemaError):
    """The rows could not be written; the database is as it was."""


class BackupError(AppSchemaError):
    """The backup failed; the catalogue is as it was."""


class BackupFolderUnsuitable(BackupError):
    """The backup folder cannot be used."""

    exit_code = 2


class BackupBusy(BackupError):
    """Another run of the same task in this folder did not end in time; wait for it and try again."""


class BackupUnknown(BackupError):
    """There is no such backup; app-schema backup list shows what there is."""

    exit_code = 2


class BackupDamaged(BackupError):
    """The backup is not what was written; nothing was restored from it."""

    exit_code = 3


class WalMissing(BackupDamaged):
    """WAL is missing in the archive."""


class WalDamaged(BackupDamaged):
    """WAL in the archive is not what the server wrote.

    Attributes:
        lsn: where the last good record before it begins, in bytes.
    """

    def __init__(self, message: str, lsn: int) -> None:
        super().__init__(message)
        self.lsn = lsn


class WalEnds(BackupError):
    """The archived WAL ends before the point to recover to; nothing was restored."""


class WalBehind(BackupError):
    """The archive of WAL is not as it should be."""

    exit_code = 3


class ProgramMissing(BackupError):
    """A program of PostgreSQL is not on this machine."""


class EncryptionError(BackupError):
    """The backup cannot be encrypted or decrypted."""

    exit_code = 2


class RestoreError(AppSchemaError):
    """The restore failed; the database is as it was."""


class RestoreRefused(RestoreError):
    """The server does not let the restore begin."""


class RestoreDiffers(RestoreError):
    """What was restored is not what was taken."""

    exit_code = 3


class Interrupted(AppSchemaError):
    """Stopped by Ctrl-C; the database is as it was."""

    exit_code = 130  # as a shell reports a death by SIGINT


class MaintenanceBusy(AppSchemaError):
    """Another maintenance of this database is running; wait for it."""


class NotTheOwner(AppSchemaError):
    """This user does not own the tables."""


class MaintenanceFailed(AppSchemaError):
    """A step of the maintenance failed; the others were done."""


class MemoryUnavailable(AppSchemaError):
    """What is remembered between two runs cannot be read or kept.

    Attributes:
        problem: which file, and why.
        cure: what to do.
    """

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(f"{problem}; {cure}")
        self.problem, self.cure = problem, cure


class AlertUndelivered(AppSchemaError):
    """A channel did not take the message."""


class OutputUnwritable(AppSchemaError):
    """The file cannot be written; the one that was there stays."""


class ExtraMissing(AppSchemaError):
    """A part of the package is not installed."""

    exit_code = 2


class DriftFound(AppSchemaError):
    """The database is not what the models and migrations declare."""

    exit_code = 3


class QueryEmpty(AppSchemaError, ValueError):
    """There is nothing to search for; give at least one character that is not a blank."""

    exit_code = 2


class SearchRefused(AppSchemaError):
    """This role may not read what is to be searched."""


class KeyringError(AppSchemaError):
    """A provider key cannot be encrypted or decrypted."""

    exit_code = 2


class AddressRefused(AppSchemaError, ValueError):
    """A server must not call this address."""

    exit_code = 2


class PasswordTooLong(AppSchemaError, ValueError):
    """A password may not be longer than 72 bytes in UTF-8, since bcrypt would silently cut it."""

    exit_code = 2
