"""A host that cannot open its backups is drilled on another machine, and the result comes back with the copies."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from buckets import bucket
from click.testing import CliRunner
from places import age_keys, made

from app_schema import moments
from app_schema.backup.catalogue import Catalogue
from app_schema.backup.drill_results import Result, name_of
from app_schema.backup.dump import dump
from app_schema.backup.event import Drill
from app_schema.backup.upload import Bucket, upload
from app_schema.cli import main
from app_schema.cli.restore import copy_result
from app_schema.errors import RestoreDiffers
from app_schema.maintenance import monthly
from app_schema.maintenance.step import Work

pytestmark = pytest.mark.usefixtures("broken_off")
SECRET = "backup_age_identity_file"


@pytest.fixture
def objects():
    with bucket() as objects:
        yield objects


@pytest.fixture
def keys(folder):
    return age_keys(folder)


@pytest.fixture
def host(settings, keys, objects):
    """Settings of the host that takes the backups: the public key only."""
    return settings.model_copy(update=objects.settings | {name: value for name, value in keys.items() if name != SECRET})


@pytest.fixture
def entry(host, folder):
    """A dump and its copy."""
    return upload(Catalogue(folder), dump(host, folder), Bucket.of(host))


@pytest.fixture
def command(objects, filled):
    """Run a command in a folder."""

    def run(folder, *arguments, **variables):
        place = {"DATABASE_URL": filled.render_as_string(hide_password=False), "APP_SCHEMA_BACKUP_DIR": str(folder.path)}
        done = CliRunner().invoke(main, arguments, env=objects.environment | place | variables)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
        return done

    return run


@pytest.fixture
def month(host):
    """The drill of the monthly routine on the host; what it needs of a work is the settings and the time."""
    return lambda: monthly.drill(Work(None, host, None, time.monotonic() + 600))


def result(entry, ago=timedelta(hours=1), **fields):
    return Result(
        backup=entry.id,
        sha256=tuple(part.sha256 for part in entry.parts),
        drill=Drill(at=datetime.now(UTC) - ago, quick=False, seconds=7.0, **fields),
    )


def put(objects, found):
    objects[name_of(found.backup, found.drill)] = found.model_dump_json().encode()


def test_a_drill_on_another_machine_counts(command, month, entry, folder, keys, objects, tmp_path):  # noqa: PLR0913, PLR0917 (fixtures)
    said = month()
    assert said.startswith("not tried here, since this host has no key that opens")
    assert f"run app-schema backup fetch {entry.id} && app-schema restore drill {entry.id}; its result comes back" in said
    (tmp_path / "there").mkdir()
    there = made(tmp_path / "there")
    assert command(there, "backup", "fetch", entry.id).exit_code == 0
    done = command(there, "restore", "drill", entry.id, APP_SCHEMA_BACKUP_AGE_IDENTITY_FILE=str(keys[SECRET]))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"the result was copied to s3://{objects.bucket}: ")
    [drill] = Catalogue(there).read()[0][0].drills
    assert sum(".drill-" in name for name in objects.names) == 1
    verified = command(folder, "backup", "verify")
    assert verified.exit_code == 0
    assert f"{entry.id}: drill of {moments.minute(drill.at)} on another machine passed" in verified.stdout
    assert Catalogue(folder).read()[0][0].drills == (drill,)
    assert "another machine" not in command(folder, "backup", "verify").stdout
    assert f"{entry.id} was restored on another machine on {moments.minute(drill.at)}" in month()
    assert "passed" in command(folder, "backup", "list").stdout


def test_one_that_failed_counts_too_until_one_passes(month, entry, objects):
    put(objects, result(entry, error="rows of messages differ"))
    with pytest.raises(RestoreDiffers, match=f"the drill of {entry.id} on .* failed: rows of messages differ"):
        month()
    put(objects, result(entry, ago=timedelta(minutes=1)))
    assert "was restored on another machine" in month()


def test_an_old_one_no_longer_counts(month, entry, objects):
    put(objects, result(entry, ago=timedelta(days=36)))
    assert month().startswith("not tried here")


@pytest.mark.parametrize("content", [b"{", None], ids=["no result", "of other bytes"])
def test_what_is_no_result_is_said_and_not_taken(command, entry, folder, objects, content):
    other = result(entry).model_copy(update={"sha256": ("0" * 64,)})
    name = name_of(entry.id, other.drill)
    objects[name] = content or other.model_dump_json().encode()
    done = command(folder, "backup", "verify")
    assert done.exit_code == 0
    assert done.stderr == f"warning: s3://{objects.bucket}/here/{name} is no result of a drill of {entry.id}, and was not taken\n"
    assert Catalogue(folder).read()[0][0].drills == ()


def test_a_bucket_that_does_not_answer_is_a_warning(command, host, entry, folder, capsys):
    away = {"backup_s3_endpoint": "http://127.0.0.1:1"}
    drill = result(entry).drill
    Catalogue(folder).amend(entry.id, lambda now: now.model_copy(update={"drills": (drill,)}))
    copy_result(host.model_copy(update=away), folder, entry.id)
    assert "the storage does not answer" in capsys.readouterr().err
    done = command(folder, "backup", "verify", APP_SCHEMA_BACKUP_S3_ENDPOINT=away["backup_s3_endpoint"])
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: results of drills on other machines were not looked for: ")


@pytest.mark.usefixtures("entry")
def test_without_a_bucket_it_says_what_to_set(host):
    alone = host.model_copy(update={"backup_s3_url": None})
    said = monthly.drill(Work(None, alone, None, time.monotonic() + 600))
    assert said.endswith("set APP_SCHEMA_BACKUP_S3_URL on both, and its result comes back")
