"""Lines and units, read by what will read them: a parser of crontabs, systemd itself, a shell, and our own commands."""

import os
import re
import shlex
import shutil
import stat
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import click
import pytest
from cronsim import CronSim

from app_schema.cli import main
from app_schema.errors import SettingsError
from app_schema.schedule import cron, systemd
from app_schema.schedule.jobs import JOBS
from app_schema.schedule.place import Place
from app_schema.schedule.zone import host_zone

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PLACE = Place(
    Path("/opt/venv/bin/app-schema"),
    Path("/etc/app_schema/environment"),
    Path("/var/log/app_schema"),
    Path("/usr/bin/flock"),
    "db",
)
URL = "postgresql://u:p&w@h/db"
ANALYZE = shutil.which("systemd-analyze")
PHYSICAL = {"base", "incremental", "wal"}


def lines(zone="UTC", now=NOW, place=PLACE):
    """The jobs' lines by name."""
    text = cron.render(place, zone=ZoneInfo(zone), now=now)
    found = re.findall(r"^# ([a-z]+): .*\n(.*)$", text, re.MULTILINE)
    return {name: line for name, line in found if name in {job.name for job in JOBS}}


def runs(line, zone, count=8, now=NOW):
    """When a line runs, in Seoul."""
    times = CronSim(" ".join(line.split()[:5]), now.astimezone(ZoneInfo(zone)))
    return [next(times).astimezone(SEOUL) for _ in range(count)]


ZONES = ["UTC", "Asia/Seoul", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"]


@pytest.mark.parametrize("zone", ZONES)
def test_the_documents_times_in_any_zone(zone):
    found = lines(zone)
    assert {(run.hour, run.minute) for run in runs(found["dump"], zone)} == {(3, 0)}
    assert len({run.date() for run in runs(found["dump"], zone)}) == 8
    assert {(run.isoweekday(), run.hour, run.minute) for run in runs(found["snapshot"], zone)} == {(7, 2, 0)}
    assert {(run.isoweekday(), run.hour, run.minute) for run in runs(found["weekly"], zone)} == {(7, 4, 0)}
    assert {run.isoweekday() for run in runs(found["monthly"], zone)} == {6}
    assert [later - run for run, later in zip(runs(found["incremental"], zone), runs(found["incremental"], zone)[1:], strict=False)] == [
        timedelta(hours=1)
    ] * 7
    assert len({run.minute for run in runs(found["monitor"], zone, 12)}) == 12


def test_every_job_is_there_absolute_and_alone():
    found = lines()
    assert set(found) == {job.name for job in JOBS}
    locks = set()
    for line in found.values():
        assert "/opt/venv/bin/app-schema " in line
        assert "/usr/bin/flock -n -E 75 " in line
        assert not re.search(r"(?<!\\)%", line)  # cron takes a bare one for a line break
        assert len(line) < 1000  # more, and Debian's cron refuses the whole crontab
        locks.add(re.search(r"\S+\.lock", line)[0])
    assert len(locks) == len(JOBS)


def test_summer_time_is_warned_of():
    assert "summer time" in cron.render(PLACE, zone=ZoneInfo("America/New_York"), now=NOW)
    assert "summer time" not in cron.render(PLACE, zone=ZoneInfo("Asia/Seoul"), now=NOW)


def command_of(words):
    group = main
    for word in words:
        if isinstance(group, click.Group):
            group = group.get_command(None, word)
            assert group is not None, words
        elif word.startswith("-"):
            assert any(word in parameter.opts for parameter in group.params), words
        else:
            kind = next(parameter.type for parameter in group.params if isinstance(parameter, click.Argument))
            kind.convert(word, None, None)
    return group


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_job_is_a_command_of_ours(job):
    words = job.command.split()
    if words[0] == "backup" and words[1] in PHYSICAL and words[1] not in main.get_command(None, "backup").commands:
        pytest.skip("physical backups are not here yet")
    assert isinstance(command_of(words), click.Command)


@pytest.mark.parametrize(("day", "first"), [(7, True), (8, False)])
def test_only_the_first_saturday_passes_the_date_test(tmp_path, day, first):
    """The shell's own answer, with a date that says the day in Seoul."""
    place = machine(tmp_path)
    fake = tmp_path / "date"
    fake.write_text(f'#!/bin/sh\n[ "$TZ" = Asia/Seoul ] && [ "$1" = "+%-d" ] && echo {day}\n')
    fake.chmod(0o755)
    shell(lines(place=place)["monthly"], PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert (place.logs / "monthly.log").exists() is first


def machine(folder):
    """A place where a stand-in for the program tells how it was called."""
    program = folder / "app-schema"
    program.write_text('#!/bin/sh\necho "$@ $DATABASE_URL"\n[ "$2" != snapshot ]\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = folder / "environment"
    environment.write_text(f"DATABASE_URL='{URL}'\n")
    return Place(program, environment, folder, Path(shutil.which("flock")), "db")


def shell(line, **environment):
    command = line.split(maxsplit=5)[5].replace("\\%", "%")  # as cron hands it to the shell
    return subprocess.run(["/bin/sh", "-c", command], env={"PATH": os.environ["PATH"]} | environment, stderr=subprocess.PIPE, check=False)


def test_a_line_runs_with_its_settings_and_tells_of_a_failure(tmp_path):
    place = machine(tmp_path)
    assert shell(lines(place=place)["dump"]).returncode == 0
    assert (tmp_path / "dump.log").read_text().splitlines()[0] == "backup dump postgresql://u:p&w@h/db"
    assert "monitor --succeeded dump" in (tmp_path / "dump.log").read_text()
    shell(lines(place=place)["snapshot"])
    assert (tmp_path / "snapshot.log").read_text().splitlines()[1].startswith("monitor --failed snapshot")


def test_a_line_whose_job_still_runs_does_nothing_and_fails_nothing(tmp_path):
    place = machine(tmp_path)
    lock = tmp_path / "wal.lock"
    with subprocess.Popen([place.flock, lock, "sh", "-c", "echo; read x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        assert shell(lines(place=place)["wal"]).returncode == 0
        holder.communicate(b"\n")
    assert (tmp_path / "wal.log").read_text().startswith("monitor --succeeded wal")  # it runs, as it should


@pytest.mark.parametrize("name", ["100% ours", "a 'quoted' one", 'a "doubly" quoted $HOME `one`', "~tilde; #"])
def test_any_path_that_a_line_can_hold(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    for line in lines(place=machine(folder)).values():
        assert not re.search(r"(?<!\\)%", line)
    assert shell(lines(place=machine(folder))["dump"]).returncode == 0
    assert (folder / "dump.log").read_text().startswith("backup dump")
    shell(lines(place=machine(folder))["snapshot"])
    assert (folder / "snapshot.log").read_text().splitlines()[1] == f"monitor --failed snapshot --log {folder}/snapshot.log {URL}"


def test_a_line_stays_below_crons_limit_or_is_refused():
    """Debian's cron takes 998 characters of a command and drops the rest without a word."""
    long = PLACE._replace(program=Path("/opt") / ("x" * 180) / "bin/app-schema", logs=Path("/var/log") / ("y" * 180))
    assert all(len(line.split(maxsplit=5)[5]) <= 998 for line in lines(place=long).values())
    with pytest.raises(
        SettingsError, match=r"the line of \w+ would have 1,\d+ characters, and cron takes 998: install .* schedule systemd"
    ):
        lines(place=long._replace(environment=Path("/etc") / ("z" * 500)))
    for odd in ("a\nb", "a\\b"):
        with pytest.raises(SettingsError, match="holds a character that no line of cron can"):
            lines(place=PLACE._replace(logs=Path("/var/log") / odd))


def test_logrotate_takes_a_path_with_a_blank():
    assert '"/var/log/of ours/*.log" {' in cron.logrotate(PLACE._replace(logs=Path("/var/log/of ours")))


def test_the_hosts_zone_and_not_that_of_the_caller(tmp_path, monkeypatch):
    file = tmp_path / "localtime"
    file.write_bytes(next(path for folder in TZPATH if (path := Path(folder, "Asia/Kolkata")).exists()).read_bytes())
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        text = cron.render(PLACE, zone=host_zone(file), now=NOW)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "30 23 * * * " in text  # 03:00 in Seoul
    assert "TZ is set to another zone here (EST)" in text
    assert host_zone(tmp_path / "none") == UTC


def test_an_installation_spares_the_rest_of_the_crontab(run):
    text = run("schedule", "cron").stdout
    assert text.splitlines()[0] == "# BEGIN app_schema"
    assert text.splitlines()[-1] == "# END app_schema"
    sed = re.search(r"sed '([^']+)'", run("schedule", "cron", "--help").stdout)[1]
    before = "5 4 * * * mine\n" + text + "6 4 * * * mine too\n"
    left = subprocess.run(["sed", sed], input=before, capture_output=True, text=True, check=True).stdout
    assert left == "5 4 * * * mine\n6 4 * * * mine too\n"


def test_the_settings_of_this_shell_are_named_without_their_values(run, tmp_path):
    done = run("schedule", "cron", APP_SCHEMA_BACKUP_S3_URL="s3://c4nary/x")
    assert re.search(r"write these too: .*APP_SCHEMA_BACKUP_S3_URL", done.stdout)
    units = run("schedule", "systemd", "--output", str(tmp_path / "units"), APP_SCHEMA_BACKUP_S3_URL="s3://c4nary/x")
    assert "APP_SCHEMA_BACKUP_S3_URL" in units.stdout
    assert "app-schema-wal.service" in units.stdout  # enabled, since no timer starts it
    assert "app-schema-dump.service" not in units.stdout
    assert "c4nary" not in done.stdout + units.stdout


def test_what_boto3_and_libpq_read_is_named_too(run, tmp_path):
    read = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"}
    read |= {
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "PGPASSFILE",
        "HTTPS_PROXY",
        "TMPDIR",
    }
    for command in (["cron"], ["systemd", "--output", str(tmp_path / "units")]):
        done = run("schedule", *command, **dict.fromkeys({*read, "AWS_EXECUTION_ENV", "PGDATA"}, "/c4nary"))
        (names,) = re.findall(r"(?i)set in this shell, so write these too: (.*)", done.stdout)
        assert read <= set(names.split())
        assert not {"AWS_EXECUTION_ENV", "PGDATA"} & set(names.split())
        assert "c4nary" not in done.output


def test_a_missing_file_of_settings_is_not_passed_over(tmp_path):
    place = machine(tmp_path)
    place.environment.unlink()
    done = shell(lines(place=place)["dump"])
    assert done.returncode != 0
    assert "dump was not run" in done.stderr.decode()  # which cron mails
    assert not (tmp_path / "dump.log").exists()


@pytest.mark.skipif(ANALYZE is None, reason="no systemd here")
@pytest.mark.parametrize("name", ["plain", "100% ours", "a $one; #"])
def test_systemd_finds_no_fault(tmp_path, name):
    (tmp_path / name).mkdir()
    place = machine(tmp_path / name)
    folder = tmp_path / "units"
    folder.mkdir()
    for unit, text in systemd.units(place).items():
        (folder / unit).write_text(text)
    files = [str(path) for path in folder.iterdir() if "@" not in path.name]
    done = subprocess.run([ANALYZE, "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_no_unit_can_hold_is_refused():
    with pytest.raises(SettingsError, match="no unit of systemd can: use another path"):
        systemd.units(PLACE._replace(program=Path("/opt/a 'quoted' one/app-schema")))


@pytest.mark.skipif(ANALYZE is None, reason="no systemd here")
@pytest.mark.parametrize(
    "job", [job for job in JOBS if job.when and not job.when.every and job.when.hour is not None], ids=lambda job: job.name
)
def test_systemd_means_the_same_times_as_cron(job):
    done = subprocess.run(
        [ANALYZE, "calendar", "--iterations=4", "--base-time=2026-11-22 12:00:00 UTC", systemd.calendar(job.when)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"TZ": "UTC", "LC_ALL": "C"},
    )
    elapsed = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", done.stdout)
    times = [datetime.fromisoformat(when).replace(tzinfo=UTC).astimezone(SEOUL) for when in elapsed]
    expected = [run for run in runs(lines()[job.name], "UTC", 40) if not job.when.first or run.day <= 7][:4]
    assert times == expected


def test_a_failed_unit_tells_and_a_finding_is_no_failure():
    units = systemd.units(PLACE)
    for job in JOBS:
        service = units[f"app-schema-{job.name}.service"]
        assert (f"OnFailure=app-schema-failed@{job.name}.service" in service) is (job.when is not None)
        assert (f"monitor --succeeded {job.name}" in service) is (job.when is not None)
        assert f"ExecStart=/opt/venv/bin/app-schema {job.command}\n" in service
        assert "EnvironmentFile=/etc/app_schema/environment\n" in service
        assert (f"app-schema-{job.name}.timer" in units) is (job.when is not None)
    assert "SuccessExitStatus=3" in units["app-schema-monitor.service"]
    assert "StartLimitIntervalSec=0" in units["app-schema-wal.service"]  # a server that is away does not end it
    assert "Restart=always" in units["app-schema-wal.service"]
    assert "Persistent=true" in units["app-schema-dump.timer"]


def test_the_commands_print_and_write_them(run, tmp_path):
    printed = run("schedule", "cron")
    assert printed.exit_code == 0
    assert all(shlex.split(line, comments=False) for line in printed.stdout.splitlines() if line and not line.startswith("#"))
    assert "rotate 52" in run("schedule", "cron", "--logrotate").stdout
    assert "# app-schema-dump.timer" in run("schedule", "systemd").stdout
    done = run("schedule", "systemd", "--output", str(tmp_path / "units"))
    assert done.exit_code == 0
    assert len(list((tmp_path / "units").iterdir())) == 2 * len(JOBS)  # a service has no timer, and one tells of failures
    refused = run("schedule", "systemd", "--output", "/proc/units")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "c4nary" not in run("schedule", "cron", DATABASE_URL="postgresql://u:c4nary@h/db").stdout  # no secret in a crontab
