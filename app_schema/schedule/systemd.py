"""systemd units: a service and a timer a job; the timers know Seoul's zone, the journal rotates the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app_schema.errors import SettingsError
from app_schema.schedule.jobs import JOBS, Job, When
from app_schema.schedule.rights import MONITOR, READ_OURS, needed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from app_schema.schedule.place import Place

DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
FOUND = 3  # a finding is no failure of the monitor; it has told the channels itself
SERVICE = """\
# {needed}
[Unit]
Description=app_schema: {says}
Documentation=man:systemd.timer(5)
After=network-online.target postgresql.service
Wants=network-online.target
{condition}
[Service]
Type={kind}
User={user}
EnvironmentFile={environment}
ExecStart={program} {command}
{more}\
"""
TIMER = """\
[Unit]
Description=app_schema: {says} ({name})

[Timer]
OnCalendar={calendar}
Persistent={persistent}
AccuracySec=1s

[Install]
WantedBy=timers.target
"""
# It is started again for ever: a server that is away for an hour must not end it.  So it never counts as failed; that nothing
# reads its slot is what the monitor finds.
ALWAYS = """\
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
"""
FAILED = "app-schema-failed@"


def units(place: Place, jobs: Sequence[Job] = JOBS) -> dict[str, str]:
    """Return the text of every unit of the jobs by its file's name.

    A service of the kind oneshot is its own exclusion: a timer that fires while it runs starts no second one.

    Raises:
        SettingsError: a path holds what no unit can.
    """
    _check(place)
    found = {
        f"{FAILED}.service": SERVICE.format(
            needed=needed((MONITOR, READ_OURS)),
            says="tells the channels that %i failed",
            condition="",
            kind="oneshot",
            user=place.user,
            environment=_verbatim(place.environment),
            program=_quoted(place.program),
            command="monitor --failed %i",
            more=f"SuccessExitStatus={FOUND}\n",
        )
    }
    for job in jobs:
        found[f"app-schema-{job.name}.service"] = _service(job, place)
        if job.when is not None:
            # a look that was missed needs no making up
            persistent = "false" if job.when.every else "true"
            found[f"app-schema-{job.name}.timer"] = TIMER.format(
                says=job.says, name=job.name, calendar=calendar(job.when), persistent=persistent
            )
    return found


def calendar(when: When) -> str:
    """Return a time as ``OnCalendar`` takes it."""
    if when.every:
        return f"*:0/{when.every}"
    if when.hour is None:
        return f"*:{when.minute:02}"
    day = "" if when.weekday is None else f"{DAYS[when.weekday]} "
    return f"{day}*-*-{'01..07' if when.first else '*'} {when.hour:02}:{when.minute:02}:00 Asia/Seoul"


def _service(job: Job, place: Place) -> str:
    # the monitor judges by age and tells the channels itself; only its death would be silent
    more = ALWAYS if job.when is None else "Nice=10\nIOSchedulingClass=best-effort\nIOSchedulingPriority=7\nTimeoutStartSec=infinity\n"
    if job.name == "monitor":
        more = f"SuccessExitStatus={FOUND}\nTimeoutStartSec=120\n"
    if job.when is not None:  # runs only when the job has ended well
        more += f"ExecStartPost=-{_quoted(place.program)} monitor --succeeded {job.name}\n"
    return SERVICE.format(
        needed=needed(job.rights),
        says=job.says,
        condition=f"OnFailure={FAILED}{job.name}.service\n" if job.when else "StartLimitIntervalSec=0\n",
        kind="exec" if job.when is None else "oneshot",
        user=place.user,
        environment=_verbatim(place.environment),
        program=_quoted(place.program),
        command=job.command,
        more=more,
    )


def _verbatim(path: Path) -> str:
    """Return a path as EnvironmentFile takes it: quotes would be part of it."""
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    """Return the path of a program as ExecStart takes it."""
    text = str(path).replace("%", "%%")
    return f'"{text}"' if " " in text else text


def _check(place: Place) -> None:
    for path in (place.program, place.environment):
        if not str(path).isprintable() or set(str(path)) & set("\"'\\"):
            raise SettingsError(f"{str(path)!r} holds a character that no unit of systemd can: use another path")
