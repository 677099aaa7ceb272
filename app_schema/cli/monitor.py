"""``app-schema monitor``: all is well, or exactly what is not, and what to do."""

from __future__ import annotations

import getpass
import shlex
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING

import click

from app_schema.alerts import telling
from app_schema.cli.echo import echo
from app_schema.columns import plain, show
from app_schema.engine import connect, database_url
from app_schema.errors import (
    AlertUndelivered,
    AppSchemaError,
    EmbeddedServerStopped,
    ExtraMissing,
    MemoryUnavailable,
    ServerUnreachable,
    SettingsError,
)
from app_schema.memory import Memory
from app_schema.monitoring import checklist as lists
from app_schema.monitoring import snapshot
from app_schema.monitoring.formats import document, page, prometheus, terminal
from app_schema.monitoring.formats.file import replace
from app_schema.monitoring.jobs import JOURNAL, note_failure, note_success
from app_schema.monitoring.outage import outage
from app_schema.monitoring.units import moment
from app_schema.schedule.jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app_schema.alerts.telling import Told
    from app_schema.monitoring.finding import Finding
    from app_schema.monitoring.outage import Outage
    from app_schema.monitoring.snapshot import Snapshot
    from app_schema.settings import Settings

NAMES = [job.name for job in JOBS]
HERE = ("localhost", "127.0.0.1", "::1")
FORMATS = ("table", "json", "prometheus", "html")


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="For people, machines, node_exporter, managers.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Replace FILE at once instead of printing.")
@click.option("--alert", is_flag=True, help="Tell the channels what began and what ended since the last time.")
@click.option("--test-alert", is_flag=True, help="Send a test to every channel, and look at nothing.")
@click.option(
    "--failed", type=click.Choice(NAMES), metavar="JOB", help="Note that a scheduled job failed, tell the channels, and print one line."
)
@click.option("--log", type=click.Path(path_type=Path), metavar="FILE", help="With --failed: the job's log, if that is not the journal.")
@click.option("--succeeded", type=click.Choice(NAMES), metavar="JOB", help="Note that it succeeded, which ends that; look at nothing.")
@click.option("--checklist", type=click.Choice(["daily", "weekly", "monthly"]), help="Print the policy's list, its boxes checked by facts.")
@click.option("--confirm", type=click.Choice(["policy-review"]), help="Note that a person did what no fact can tell.")
@click.pass_context
def monitor(  # noqa: PLR0913 (an argument each option)
    ctx: click.Context,
    *,
    form: str,
    output: Path | None,
    alert: bool,
    test_alert: bool,
    failed: str | None,
    log: Path | None,
    succeeded: str | None,
    checklist: str | None,
    confirm: str | None,
) -> None:
    """Look at everything once; exit 3 when something needs somebody.

    Channels are SLACK_WEBHOOK_URL and APP_SCHEMA_ALERT_URLS.
    """
    settings: Settings = ctx.obj
    told = {"--test-alert": test_alert, "--succeeded": succeeded, "--failed": failed, "--checklist": checklist}
    modes = [name for name, given in told.items() if given]
    if len(modes) > 1:
        raise click.UsageError(f"{' and '.join(modes)} do not go together")
    if (modes or confirm) and modes != ["--failed"] and (output or form != "table"):
        raise click.UsageError(f"{(modes or ['--confirm'])[0]} goes with neither --format nor --output")
    if log and not failed:
        raise click.UsageError("--log goes with --failed only")
    if test_alert:
        _test(settings)
        return
    with Memory.of(settings) as memory:
        if confirm:
            _confirm(memory, confirm)
            if not (checklist or failed or alert):
                return
        if succeeded:
            note_success(memory, succeeded)
            return
        if failed:
            _note(memory, failed, log)
            if output is None and form == "table":  # the rest would push the job's own error out of its log's end
                ctx.exit(_tell_only(settings, memory))
        code = _look(settings, memory, form=form, output=output, alert=alert or failed is not None, checklist=checklist)
    ctx.exit(code)


def _look(  # noqa: PLR0913 (what the options say)
    settings: Settings, memory: Memory, *, form: str, output: Path | None, alert: bool, checklist: str | None
) -> int:
    try:
        with connect(settings, session=False) as connection:
            taken = snapshot.take(connection, settings, memory)
    except (ServerUnreachable, EmbeddedServerStopped) as error:
        out = outage(settings, memory, error, now=snapshot.now())
        if alert:
            _alert(settings, memory, [out.finding], snapshot.now(), whole=False)
        if not checklist and (output or form != "table"):  # what was there would go on saying that all is well
            _put(_render(out, memory, form), output)
        raise
    undelivered = alert and not _alert(settings, memory, taken.findings, taken.taken, whole=taken.whole)
    if checklist:
        return max(_checklist(checklist, taken, memory, settings), 3 if undelivered else 0)
    if form == "table" and output is None:
        show(lambda room: terminal.render(taken, room))
    else:
        _put(_render(taken, memory, form), output)
    return 3 if taken.alarming or undelivered else 0


def _tell_only(settings: Settings, memory: Memory) -> int:
    """Look and tell the channels; print nothing but what went wrong with that."""
    try:
        with connect(settings, session=False) as connection:
            taken = snapshot.take(connection, settings, memory)
    except (ServerUnreachable, EmbeddedServerStopped) as error:
        _alert(settings, memory, [outage(settings, memory, error, now=snapshot.now()).finding], snapshot.now(), whole=False, quiet=True)
        raise
    delivered = _alert(settings, memory, taken.findings, taken.taken, whole=taken.whole, quiet=True)
    return 3 if taken.alarming or not delivered else 0


def _render(taken: Snapshot | Outage, memory: Memory, form: str) -> str:
    if form == "prometheus":
        return prometheus.render(taken)
    if form == "json":
        return document.render(taken) + "\n"
    if form == "html":
        return page.render(taken, memory)
    return plain(terminal.render(taken, None))


def _put(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        replace(output, text)


def _alert(  # noqa: PLR0913 (each says one thing)
    settings: Settings, memory: Memory, findings: Sequence[Finding], looked: datetime, *, whole: bool, quiet: bool = False
) -> bool:
    """Tell the channels; return whether every one of them took it. ``quiet``: print only which did not."""
    try:
        told, forgotten = telling.tell(settings, memory, findings, where=_where(settings), now=looked, whole=whole)
    except (SettingsError, ExtraMissing) as error:  # the look goes on, and is printed
        echo(f"warning: nobody was told: {error}", err=True)
        return False
    if forgotten:
        echo(f"warning: alerts will be told again, since they cannot be remembered: {forgotten}", err=True)
    for each in told:
        if each.error:
            echo(f"warning: channel {each.channel} was not told: {each.error}", err=True)
        elif (each.began or each.ended) and not quiet:
            echo(f"alert: {each.channel} was told of {each.began} that began and {each.ended} that ended", err=True)
    return not _undelivered(told)


def _undelivered(told: Sequence[Told]) -> list[str]:
    return [each.channel for each in told if each.error]


def _test(settings: Settings) -> None:
    told = telling.test(settings, where=_where(settings))
    for each in told:
        echo(f"{each.channel}: {each.error or 'delivered'}")
    if failed := _undelivered(told):
        raise AlertUndelivered(f"{len(failed)} of {len(told)} channels did not take the test")


def _note(memory: Memory, job: str, log: Path | None) -> None:
    now = snapshot.now()
    command = f"tail -n 50 {shlex.quote(str(log))}" if log else JOURNAL.format(job=job)
    echo(f"{job} failed at {moment(now)}; its log says why: {command}")
    try:
        note_failure(memory, job, now, command=command)
    except MemoryUnavailable as error:
        echo(f"warning: that {job} failed is not remembered: {error}", err=True)


def _confirm(memory: Memory, item: str) -> None:
    now = snapshot.now()
    lists.confirm(memory, item, by=getpass.getuser(), now=now)
    echo(f"{item}: confirmed {moment(now)} by {getpass.getuser()}")


def _checklist(name: str, taken: Snapshot, memory: Memory, settings: Settings) -> int:
    boxes = lists.check(name, taken, memory, settings)
    echo(f"{lists.TITLES[name]} ({name}) — {taken.server.database}, {moment(taken.taken)}")
    for box in boxes:
        echo(f"- [{'x' if box.checked else ' '}] {box.korean}: {box.fact}")
    return 0 if all(box.checked for box in boxes) else 3


def _where(settings: Settings) -> str:
    try:
        url = database_url(settings)
    except AppSchemaError:
        return f"the embedded server in {settings.home} on {gethostname()}"
    host = str(url.query.get("host") or url.host or "localhost")
    # whoever reads it in a channel sits at another machine
    return f"{url.database} on {gethostname() if host in HERE or host.startswith('/') else host}"
