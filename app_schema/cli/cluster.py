"""``app-schema restore cluster``: a whole cluster as it was at a moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app_schema import moments
from app_schema.backup import chain
from app_schema.cli.echo import echo
from app_schema.cli.progress import watching
from app_schema.cli.proving import folder_of, unsealed_option
from app_schema.cli.stopping import stoppable
from app_schema.embedded.cluster import CONF
from app_schema.errors import RestoreDiffers, SettingsError
from app_schema.physical.segments import show_lsn
from app_schema.restore.cluster import RTO, Recovered
from app_schema.restore.cluster import restore as restore_cluster
from app_schema.restore.target import Target

if TYPE_CHECKING:
    from app_schema.settings import Settings


@click.command()
@click.argument("moment", type=click.Choice(["latest"]), required=False)
@click.option("--to", "home", metavar="DIR", type=click.Path(path_type=Path), required=True, help="A new or empty folder.")
@click.option("--target-time", metavar="TIME", help="With its zone: '2026-11-27 14:30 KST'.")
@click.option("--target-xid", metavar="N", type=click.IntRange(3), help="A transaction, which is the last that is restored.")
@click.option("--exclusive", is_flag=True, help="Stop just before that time or transaction.")
@click.option("--backup", metavar="ID", help="To the end of this base or incremental.")
@unsealed_option
@click.option("--start", is_flag=True, help="Leave the server running.")
@click.pass_obj
def cluster(  # noqa: PLR0913 (an argument each option)
    settings: Settings,
    moment: str | None,
    home: Path,
    *,
    target_time: str | None,
    target_xid: int | None,
    exclusive: bool,
    backup: str | None,
    start: bool,
    unsealed: bool,
) -> None:
    """Restore a cluster into DIR: to the end of its WAL (latest, the default), or to a moment.

    The chain and the WAL are proved before it is started. The server listens on a socket in DIR alone, and archives nothing.
    """
    if moment and (target_time or target_xid is not None or backup):
        raise SettingsError("latest and a target are two moments; give one of them")
    target = Target(moments.read(target_time) if target_time else None, target_xid, backup, exclusive)
    with stoppable(), watching() as steps:
        folder = folder_of(settings, unsealed=unsealed)
        done = restore_cluster(settings, folder, target, home, start=start, steps=steps)
    say_recovered(done)


def say_recovered(done: Recovered) -> None:
    """Say which moment was reached, and how long it took against the RTO.

    Raises:
        RestoreDiffers: amcheck or the checksums found something.
    """
    way = done.plan
    echo(f"from {' + '.join(member.id for member in way.members)}")
    point = f"{show_lsn(way.stop)} on timeline {way.timeline}"
    last = f", the last transaction being {way.last.xid} of {moments.exact(way.last.time)}" if way.last else ""
    last += " (rolled back)" if way.last and not way.last.committed else ""
    echo(f"reached {way.target}: {point}{last}")
    within = "within" if done.seconds <= RTO.total_seconds() else "OVER"
    echo(f"usable after {done.seconds:,.1f} s, {within} the RTO of {RTO.total_seconds() / 3600:g} h; checked in {done.checked:,.1f} s more")
    for note in done.notes:
        echo(f"note: {note}", err=True)
    if done.differences:
        raise RestoreDiffers(f"{done.home} is there, and is damaged: {'; '.join(done.differences)}")
    if chain.place(way.backup).checksums:
        echo("checked: amcheck and the checksums of all pages found nothing")
    else:
        echo("checked: amcheck found nothing; there are no checksums of pages")
    if done.url:
        echo(f'running; connect with: psql "{done.url.set(drivername="postgresql").render_as_string()}"')
    else:
        embedded = (done.home / "data" / CONF).exists()
        start = f"APP_SCHEMA_HOME={done.home} app-schema up" if embedded else f"pg_ctl --pgdata={done.home}/data start"
        echo(f"stopped; start it with: {start}")
