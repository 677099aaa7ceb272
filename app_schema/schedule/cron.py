"""Crontab lines: cron knows the host's zone only, so the times are Seoul's turned into it."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app_schema.errors import SettingsError
from app_schema.schedule.jobs import JOBS, Job, When
from app_schema.schedule.remarks import remarks
from app_schema.schedule.rights import needed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo
    from pathlib import Path

    from app_schema.schedule.place import Place
    from app_schema.schedule.server import Server

SEOUL = ZoneInfo("Asia/Seoul")
LOGROTATE = """\
"{logs}/*.log" {{
    su {user}
    weekly
    rotate 52
    maxsize 50M
    compress
    delaycompress
    missingok
    notifempty
    create 0600 {user}
}}
"""
BEGIN, END = "# BEGIN app_schema", "# END app_schema"  # between them is what the next installation replaces
TAKEN = 75  # flock's answer when the lock is taken; none of our exit codes
DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


LONGEST = 998  # characters of a command: Debian's cron cuts off the rest


def render(  # noqa: PLR0913 (each says one thing)
    place: Place, *, zone: tzinfo, now: datetime, names: Sequence[str] = (), server: Server | None = None, notes: Sequence[str] = ()
) -> str:
    """Return a crontab.

    Args:
        place: the paths.
        zone: of the host.
        now: a zone with summer time is turned by the offset of this moment.
        names: of the settings that the file has to hold.
        server: decides which jobs there are; None when it is not known: then all of them.
        notes: more to be said above the jobs, a line each.

    Raises:
        SettingsError: a path is too long for a line of cron, or holds what no line can.
    """
    _check(place)
    logs = _quoted(place.logs)
    lines = [
        BEGIN,
        f"# For the crontab of {place.user}: times in the host's zone ({now.astimezone(zone):%Z}), Seoul's in the comments.",
        *_summer_time(zone, now),
        *_other_zone(zone, now),
        f"# Once: install -d -m 700 {logs} {_quoted(place.environment.parent)}; install -m 600 /dev/null {_quoted(place.environment)}",
        "# and write DATABASE_URL='postgresql://…' there, one NAME='value' a line.  The logs: app-schema schedule cron --logrotate",
        *([f"# Set in this shell, so write these too: {' '.join(names)}"] if names else []),
        *(f"# {line}" for line in (*remarks(server), *notes)),
        "SHELL=/bin/sh",
        "",
    ]
    for job in server.jobs if server else JOBS:
        lines += [
            f"# {job.name}: {job.says}; {said(job.when)}; {needed(job.rights)}",
            f"{_time(job.when, zone, now)} {_command(job, place)}",
        ]
    return "\n".join([*lines, END]) + "\n"


def logrotate(place: Place) -> str:
    """Return the file for logrotate: a year of weeks, since a drill is monthly."""
    return LOGROTATE.format(logs=place.logs, user=place.user)


def said(when: When | None) -> str:
    """Return a time in words."""
    if when is None:
        return "always, started again within a minute"
    if when.every:
        return f"every {when.every} minutes"
    if when.hour is None:
        return f"every hour, {when.minute} minutes past"
    day = (
        "daily" if when.weekday is None else f"{'first ' if when.first else ''}{DAYS[when.weekday]}{' of the month' if when.first else ''}"
    )
    return f"{day} {when.hour:02}:{when.minute:02} KST"


def _time(when: When | None, zone: tzinfo, now: datetime) -> str:
    if when is None:
        return "* * * * *"
    if when.every:
        return f"*/{when.every} * * * *"
    if when.hour is None:
        return f"{(when.minute - _ahead(zone, now)) % 60} * * * *"
    here = when.hour * 60 + when.minute - _ahead(zone, now)
    days, minutes = divmod(here, 24 * 60)
    weekday = "*" if when.weekday is None else str((when.weekday + days) % 7)
    return f"{minutes % 60} {minutes // 60} * * {weekday}"


def _ahead(zone: tzinfo, now: datetime) -> int:
    """Return the minutes by which Seoul is ahead of the host."""
    return round((_offset(SEOUL, now) - _offset(zone, now)) / timedelta(minutes=1))


def _offset(zone: tzinfo, now: datetime) -> timedelta:
    return now.astimezone(zone).utcoffset() or timedelta()


def _command(job: Job, place: Place) -> str:
    # each path stands in the line once, since cron cuts off what is too long
    paths = f"program={_quoted(place.program)} settings={_quoted(place.environment)} logs={_quoted(place.logs)}; "
    # what is said before the log is opened, cron mails
    ready = f'[ -r "$settings" ] || {{ echo "app_schema: {job.name} was not run: its environment file cannot be read" >&2; exit 1; }}; '
    # Seoul's day and not the host's says whether it is the first week
    test = '[ "$(TZ=Asia/Seoul date +%-d)" -le 7 ] && ' if job.when and job.when.first else ""
    log = f'"$logs/{job.name}.log"'
    lock = f'{_quoted(place.flock)} -n -E {TAKEN} "$logs/{job.name}.lock"'
    # one that runs still has not failed; one that always runs does as it should
    well = "0" if job.when else f"0|{TAKEN}"
    told = (
        # 3 is a finding, of which the channels were told; what keeps it from looking at all, cron mails
        f'; case $? in 0|3|{TAKEN}) ;; *) echo "app_schema: the monitor failed; see $logs/monitor.log" >&3;; esac'
        if job.name == "monitor"
        else f'; case $? in {well}) "$program" monitor --succeeded {job.name};; {TAKEN}) ;;'
        f' *) "$program" monitor --failed {job.name} --log {log};; esac'
    )
    line = f'{paths}{ready}{test}{{ set -a; . "$settings"; {lock} "$program" {job.command}{told}; }} 3>&2 >> {log} 2>&1'
    escaped = line.replace("%", "\\%")  # cron takes a bare one for a line break
    if len(escaped.encode()) > LONGEST:
        raise SettingsError(
            f"the line of {job.name} would have {len(escaped.encode()):,} characters, and cron takes {LONGEST}:"
            " install app_schema at a shorter path, or use app-schema schedule systemd"
        )
    return escaped


def _check(place: Place) -> None:
    for path in (place.program, place.environment, place.logs, place.flock):
        if not str(path).isprintable() or "\\" in str(path):
            raise SettingsError(
                f"{str(path)!r} holds a character that no line of cron can: use another path, or app-schema schedule systemd"
            )


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))


def _other_zone(zone: tzinfo, now: datetime) -> list[str]:
    if _offset(zone, now) == now.astimezone().utcoffset():
        return []
    return [f"# TZ is set to another zone here ({now.astimezone():%Z}); cron does not see that, these lines go by /etc/localtime."]


def _summer_time(zone: tzinfo, now: datetime) -> list[str]:
    if len({_offset(zone, now + timedelta(days=91 * quarter)) for quarter in range(4)}) == 1:
        return []
    return ["# This zone has summer time and Seoul has none: print and install these lines anew when it changes, or use systemd's timers."]
