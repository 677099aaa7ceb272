"""Backups under a clock: the catalogue's entries are real files, their times are the test's."""

from datetime import timedelta

import pytest
from operating import NOON, rules

from app_schema.backup import chain
from app_schema.backup.catalogue import new_id
from app_schema.backup.entry import Entry, Kind
from app_schema.backup.event import Drill, Upload, Verification
from app_schema.backup.holding import Database, Part, Physical
from app_schema.backup.taking import address
from app_schema.engine import connect
from app_schema.monitoring import checklist, snapshot
from app_schema.monitoring.formats import plots

MINUTE, HOUR, DAY, MB = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), 1024 * 1024


def place(kind, at, system):
    """Of a cluster's backup in its WAL."""
    return Physical(
        parent="20200101T000000Z-base-0000" if kind is Kind.INCREMENTAL else None,
        system_identifier=system,
        timeline=1,
        start_lsn="0/2000028",
        stop_lsn="0/2000100",
        start_wal="0" * 24,
        checksums=True,
        superuser="postgres",
        consistent_at=at,
        next_xid=700,
        segment_bytes=16 * MB,
    )


@pytest.fixture
def backup(engine, settings):
    """Enter a backup that finished some time before NOON."""
    folder = settings.home / "backups"
    folder.mkdir(mode=0o700, parents=True)
    with engine.connect() as connection:
        system = str(connection.exec_driver_sql("SELECT system_identifier FROM pg_control_system()").scalar_one())

    def backup(ago, kind=Kind.DUMP, *, size=100 * MB, encryption="age", server=None, missing=(), left_out=(), **fields):  # noqa: PLR0913
        finished = NOON - ago
        name = new_id(kind, finished)
        part = Part(file=f"{name}.dump", bytes=size, sha256="0" * 64, database=Database(name=str(engine.url.database), missing=missing))
        entry = Entry(
            id=name,
            kind=kind,
            started=finished - timedelta(minutes=1),
            finished=finished,
            server=server or address(engine.url),
            server_version="17.10",
            client_version="17.10",
            compression="zstd:3",
            encryption=encryption,
            parts=(part,),
            missing=left_out,
            physical=place(kind, finished, system) if kind in chain.KINDS else None,
            **fields,
        )
        (folder / part.file).touch(mode=0o600)
        (folder / f"{name}.json").write_bytes(entry.sealed())
        return entry

    return backup


def drilled(ago, seconds=60.0, error=None, *, quick=False):
    return Drill(at=NOON - ago, quick=quick, seconds=seconds, error=error)


def alarms(found):
    return {finding.rule for finding in found.alarming}


def test_a_good_week_is_well(look, backup):
    for days in range(8):
        backup(days * DAY + HOUR, drills=(drilled(3 * DAY),) if days == 3 else ())
    assert alarms(look()) == set()


@pytest.mark.parametrize(
    ("ago", "late"), [(24 * HOUR, False), (24 * HOUR + timedelta(minutes=10), False), (25 * HOUR, True), (9 * DAY, True)]
)
def test_no_full_backup_in_a_day(look, backup, ago, late):
    backup(ago)
    assert ("backup-age" in alarms(look())) is late


def test_a_base_backup_is_a_days_backup_too(look, backup):
    backup(30 * HOUR)
    backup(HOUR, kind=Kind.BASE)
    assert alarms(look()) == {"wal-not-archived"}  # the server of the tests archives none


def test_kinds_that_were_once_made_are_missed(look, backup):
    backup(HOUR)
    backup(8 * DAY, kind=Kind.SNAPSHOT)
    backup(3 * HOUR, kind=Kind.INCREMENTAL)
    assert {finding.subject for finding in look().findings if finding.rule == "backup-age"} == {"snapshot", "incremental"}


@pytest.mark.parametrize(("size", "sudden"), [(100 * MB, False), (130 * MB, False), (40 * MB, True), (160 * MB, True)])
def test_a_sudden_change_of_size(look, backup, size, sudden):
    for days in range(1, 6):
        backup(days * DAY)
    backup(HOUR, size=size)
    assert ("backup-size" in alarms(look())) is sudden


def test_drills_that_are_overdue_failed_or_slow(look, backup):
    backup(40 * DAY)
    backup(HOUR)
    assert "drill-overdue" in alarms(look())
    backup(2 * HOUR, drills=(drilled(HOUR, seconds=5 * 3600),))
    assert alarms(look()) == {"drill-slow"}
    backup(HOUR / 2, drills=(drilled(HOUR / 3, error="rows of messages differ"),))
    found = look()
    assert "drill-failed" in alarms(found)
    assert any(finding.says.endswith("failed: rows of messages differ") for finding in found.alarming)


def test_a_drill_that_failed_is_no_drill_that_never_was(look, memory, settings, backup):
    backup(HOUR, drills=(drilled(HOUR / 2, error="the passphrase is wanting"),))
    (drill, *_rest) = checklist.check("monthly", look(), memory, settings)
    assert (drill.checked, "failed: the passphrase is wanting" in drill.fact) == (False, True)


def test_a_quick_drill_does_not_end_the_failure_of_a_full_one(look, backup):
    failed = drilled(5 * HOUR, error="amcheck: an index is broken")
    quick = drilled(HOUR, quick=True)
    entry = backup(6 * HOUR, drills=(failed, quick))
    assert entry.failed_drill == failed
    backup(2 * HOUR, drills=(quick,))  # nor does that of a newer one
    assert [finding.says for finding in look().alarming if finding.rule == "drill-failed"] == [
        f"the drill of {entry.id} failed: amcheck: an index is broken"
    ]
    backup(HOUR, drills=(drilled(HOUR / 2),))
    assert "drill-failed" not in alarms(look())


def test_any_drill_ends_the_failure_of_a_quick_one(look, backup):
    backup(6 * HOUR, drills=(drilled(5 * HOUR, error="rows differ", quick=True), drilled(4 * HOUR, quick=True)))
    assert "drill-failed" not in alarms(look())
    backup(3 * HOUR, drills=(drilled(2 * HOUR, error="rows differ", quick=True),))
    assert "drill-failed" in alarms(look())
    backup(HOUR, drills=(drilled(HOUR / 2, quick=True),))
    assert "drill-failed" not in alarms(look())


def test_quick_drills_alone_are_no_drill_of_a_month(look, backup):
    backup(40 * DAY)
    backup(HOUR, drills=(drilled(HOUR / 2, quick=True),))
    [finding] = [finding for finding in look().findings if finding.rule == "drill-overdue"]
    assert finding.says.startswith("there was no full drill in 40.0 days")


def test_a_drill_of_a_cluster_does_not_end_the_failure_of_a_dump(look, backup):
    backup(2 * HOUR, drills=(drilled(HOUR, error="rows differ"),))
    backup(HOUR, kind=Kind.BASE, drills=(drilled(HOUR / 2),))
    assert "drill-failed" in alarms(look())


def test_a_drill_that_is_due_says_where_to_run_it(look, backup):
    def command():
        return next(finding.command for finding in look().findings if finding.rule == "drill-overdue")

    entry = backup(40 * DAY)
    assert command() == f"on a machine that has the key: app-schema backup fetch {entry.id} && app-schema restore drill {entry.id}"
    backup(39 * DAY, encryption=None)
    assert command() == "app-schema restore drill"


def test_damaged_partial_plain_and_not_uploaded(look, backup):
    backup(HOUR, encryption=None, missing=("table x: no SELECT",))
    assert alarms(look()) == {"backup-unencrypted", "backup-partial"}
    backup(HOUR / 2, verified=(Verification(at=NOON, error="SHA-256 differs"),))
    assert "backup-damaged" in alarms(look())


def test_a_snapshot_without_passwords_is_a_note_and_no_alarm(look, backup):
    backup(HOUR)
    backup(HOUR, kind=Kind.SNAPSHOT, left_out=("passwords of roles: only a superuser reads them",))
    found = look()
    assert alarms(found) == set()
    assert [finding.severity for finding in found.findings if finding.rule == "backup-no-passwords"] == ["note"]
    assert {row.status for row in found.rows("backups")} == {"complete"}


def test_backups_of_the_cluster_count_at_any_address_and_those_of_a_rescued_copy_at_none(look, backup):
    system = look().server.system_identifier
    assert system is not None
    backup(HOUR, server="old-primary:5432")  # of a version that did not note it
    assert alarms(look()) == {"backup-age"}
    backup(2 * HOUR, server="old-primary:5432", system_identifier=system)
    assert alarms(look()) == set()
    backup(HOUR / 2, server="old-primary:5432", system_identifier="1", size=1)
    backup(HOUR / 3, system_identifier=system, rescued=True, size=1)
    found = look()
    assert alarms(found) == set()
    assert len(found.rows("backups")) == 2
    remarks = " ".join(found.reading("backups").remarks)
    assert "1 backups were taken from old-primary:5432 and are not counted" in remarks
    assert "1 backups were taken from a rescued copy and are not counted" in remarks


def test_copies_elsewhere_are_expected_where_a_storage_is_set(settings, memory, backup):
    settings = settings.model_copy(update={"backup_s3_url": "s3://bucket/prefix"})

    def take():
        with connect(settings) as connection:
            return alarms(snapshot.take(connection, settings, memory, clock=lambda: NOON))

    backup(2 * HOUR)
    assert take() == {"backup-not-uploaded"}
    backup(HOUR, uploads=(Upload(at=NOON, url="s3://bucket/prefix/x", versioning=True, server_side_encryption="AES256"),))
    assert take() == set()


def test_backups_of_another_server_do_not_calm(look, backup):
    backup(HOUR, server="elsewhere:5432")
    found = look()
    assert "backup-age" in alarms(found)
    assert any("elsewhere:5432" in remark for reading in found.readings for remark in reading.remarks)


def test_a_folder_that_cannot_be_used_is_said(look, settings, backup):
    backup(HOUR)
    (settings.home / "backups").chmod(0o755)
    found = look()
    assert "backup-age" not in rules(found)  # which would be to say that there is none
    assert any(finding.rule == "topic-unread" and "chmod 700" in finding.says for finding in found.findings)


def test_an_edited_entry_is_remarked(look, settings, backup):
    entry = backup(HOUR)
    path = settings.home / "backups" / f"{entry.id}.json"
    path.write_text(path.read_text().replace("17.10", "17.11"))
    found = look()
    assert "backup-age" in rules(found)
    assert any("seal does not fit" in remark for reading in found.readings for remark in reading.remarks)


def test_metrics_are_times_and_not_ages(look, backup):
    backup(HOUR, verified=(Verification(at=NOON - HOUR / 2),), drills=(drilled(HOUR / 4),))
    values = {metric.name: metric.value for metric in look().metrics if metric.labels.get("type") == "dump"}
    assert values["pgbackup_last_success_timestamp_seconds"] == (NOON - HOUR).timestamp()
    assert values["pgbackup_last_verify_timestamp_seconds"] == (NOON - HOUR / 2).timestamp()
    assert values["pgbackup_last_drill_timestamp_seconds"] == (NOON - HOUR / 4).timestamp()
    assert values["pgbackup_last_size_bytes"] == 100 * MB


def test_the_box_of_the_size_says_what_it_was_compared_with(look, memory, settings, backup):
    def fact():
        return checklist.check("daily", look(), memory, settings)[1].fact

    backup(2 * HOUR, size=51_100_000)
    assert fact() == "51.1 MB; it is the only dump, so there is nothing to compare it with before the next"
    backup(HOUR, size=52_200_000)
    assert fact() == "52.2 MB, usual are 51.1 MB"
    backup(HOUR / 2, size=5_200_000)
    assert "usual are" in fact()


def backups_plot(snapshot, memory):
    (plot,) = [plot for plot in plots.plots(snapshot, memory) if plot.title == "Backups against the RPO"]
    return plot


def test_the_plot_of_backups_says_what_is_true(look, memory, backup):
    backup(40 * DAY)
    assert "최근 30일간 전체 백업이 없습니다" in backups_plot(look(), memory).says  # although there is one
    backup(13 * MINUTE)
    backup(2 * MINUTE, kind=Kind.INCREMENTAL)
    one = backups_plot(look(), memory)
    assert (one.svg, "1 full backup in 30 days, the newest 13.0 min ago" in one.says) == (None, True)
    for number in range(8):
        backup(number * MINUTE)
    nine = backups_plot(look(), memory)
    assert "전체 백업 9개, 마지막은 0.0 s 전" in nine.says
    assert nine.svg.count('class="dot') >= 9  # an interval each, and the limit
    assert "RPO 24 h" in nine.svg


def test_checklists_are_checked_by_facts(look, memory, settings, backup):
    def boxes(name, now=NOON):
        return [box.checked for box in checklist.check(name, look(now), memory, settings)]

    assert boxes("daily") == [False, False, True]
    assert boxes("weekly") == [False, False, True]
    assert boxes("monthly") == [False, False, False]
    backup(HOUR, drills=(drilled(HOUR / 2),))
    backup(HOUR, kind=Kind.SNAPSHOT)
    assert boxes("daily") == [True, False, True]  # of one size nobody knows whether it has changed
    backup(HOUR / 2, kind=Kind.BASE)
    assert boxes("daily") == [True, False, True]  # nor against one of another kind
    backup(HOUR / 4)
    assert boxes("daily") == [True, True, True]
    assert boxes("weekly") == [True, False, True]
    checklist.confirm(memory, checklist.REVIEW, by="kim", now=NOON)
    look(NOON - 3 * DAY)
    assert boxes("monthly") == [True, True, True]
    assert boxes("monthly", NOON + 40 * DAY)[:2] == [False, False]
    backup(40 * DAY)
    assert boxes("weekly")[2] is False
