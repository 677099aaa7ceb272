"""What the server of the settings lets the jobs do: its version, its configuration, the rights of the role."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from app_schema.backup.taking import major
from app_schema.engine import connect, quoted
from app_schema.errors import ServerUnsuitable
from app_schema.inventory import NAMES, OURS
from app_schema.physical import needs
from app_schema.schedule.jobs import JOBS, Job

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from app_schema.settings import Settings

OWNER = f"""
SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'p') AND {OURS} LIMIT 1
"""  # noqa: S608 (SQL of our own)
CHECKS = {"base": needs.check_base, "incremental": needs.check_incremental, "wal": needs.check_wal}


class Server(NamedTuple):
    """What is known of the server.

    Attributes:
        major: its version.
        role: of DATABASE_URL.
        lacking: what is missing for a job, each with its cure, by the job's name.
    """

    major: int
    role: str
    lacking: dict[str, str]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that this version can do."""
        return tuple(job for job in JOBS if job.since <= self.major)


def ask(settings: Settings) -> Server:
    """Ask the settings' server.

    Raises:
        ServerUnreachable: it does not answer.
        EmbeddedServerStopped: the embedded server is meant and does not run.
    """
    with connect(settings) as connection:
        version = major(connection)
        role = str(connection.scalar(text("SELECT current_user")))
        jobs = [job for job in JOBS if job.since <= version]
        found = {job.name: _lacking(connection, settings, job, role) for job in jobs}
    return Server(version, role, {name: lacking for name, lacking in found.items() if lacking})


def _lacking(connection: Connection, settings: Settings, job: Job, role: str) -> str:
    if check := CHECKS.get(job.name):
        try:
            check(connection)
        except ServerUnsuitable as unsuitable:
            return str(unsuitable)
        return ""
    schema = NAMES | {"schema": quoted(settings.schema_name)}
    missing = [
        right for right in job.rights if not connection.exec_driver_sql(f"SELECT {right.held.format(ours=OURS)}", schema).scalar_one()
    ]
    owner = connection.exec_driver_sql(OWNER, schema).scalar() or role
    return "; ".join(right.grant.format(role=quoted(role), owner=owner) for right in missing)
