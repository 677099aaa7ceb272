"""What keeps a restored cluster to itself: a socket of its own, and no way to the archive and the servers of its source.

It stands at the end of ``postgresql.auto.conf``, which prevails over all else; the file can be read, and the
block cut out of it when the cluster takes its source's place.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from app_schema.embedded import private
from app_schema.embedded.cluster import SUMMARIZE_WAL

if TYPE_CHECKING:
    from pathlib import Path

    from app_schema.embedded.account import Account
    from app_schema.restore.plan import Plan

BEGIN = "# app_schema restore cluster: begin. Cut this out, up to its end, when this cluster takes its source's place."
END = "# app_schema restore cluster: end"
BLOCK = re.compile(rf"^{re.escape(BEGIN)}\n.*?^{re.escape(END)}\n", re.MULTILINE | re.DOTALL)
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "unix_socket_group": "",  # this machine may not have it
    "ssl": "off",  # its key may lie elsewhere
    "huge_pages": "try",  # likewise
    "archive_mode": "off",
    "archive_command": "",
    "archive_library": "",
    "archive_cleanup_command": "",
    "recovery_end_command": "",
    "primary_conninfo": "",
    "primary_slot_name": "",
    "synchronous_standby_names": "",  # nobody stands by, and every commit would wait
    "max_logical_replication_workers": "0",  # its subscriptions would take the slots of the source's
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",  # its log is read for the reason if it does not come back, and this machine may lack another locale
}
# The socket lies in a folder of mode 0700: whoever can reach it can read the data itself.
HBA = "local all all trust\nlocal replication all trust\n"


def recovery(plan: Plan) -> dict[str, str]:
    """Return the settings that bring a cluster to the plan's target; all its WAL lies in its own folder already."""
    target = plan.target
    settings = {
        "restore_command": "/bin/false",
        "recovery_target_timeline": str(plan.timeline),
        "recovery_target_action": "promote",
        "recovery_target_inclusive": "off" if target.exclusive else "on",
        "hot_standby": "off",  # it is ready when it is there, not earlier
        "recovery_min_apply_delay": "0",
        # off until the next start: it may look for a segment that the end of the recovery removes, and then sleeps for ten
        # seconds whatever it is told (WalSummarizerMain), for which a stop waits
        **({"summarize_wal": "off"} if plan.programs.major >= SUMMARIZE_WAL else {}),
        "recovery_init_sync_method": "syncfs" if sys.platform == "linux" else "fsync",  # at once, not file by file
        "recovery_target": "immediate" if target.backup else "",
        "recovery_target_name": "",
        "recovery_target_lsn": "",
        "recovery_target_time": target.time.isoformat(sep=" ") if target.time else "",
        "recovery_target_xid": str(plan.xid) if plan.xid is not None else "",
    }
    return {name: value for name, value in settings.items() if value or not name.startswith("recovery_target")}


def write(data: Path, sockets: Path, account: Account, more: dict[str, str] | None = None) -> None:
    """Write the block, with ``more`` settings, and drop the one of before."""
    file = data / "postgresql.auto.conf"
    before = BLOCK.sub("", file.read_text(encoding="utf-8")) if file.exists() else ""
    # two targets at once are refused, so that those the source was itself once restored to go
    before = re.sub(r"^\s*(recovery_target\w*|restore_command)\b.*\n?", "", before, flags=re.MULTILINE)
    own = {
        "unix_socket_directories": f'"{sockets}"',
        "hba_file": str(sockets / "pg_hba.conf"),
        "external_pid_file": str(sockets / "pid"),
    }
    settings = SETTINGS | own | (more or {})
    block = "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())
    private.write(file, f"{before}{BEGIN}\n{block}{END}\n", account)


def keep(data: Path, account: Account, settings: dict[str, str]) -> None:
    """Set ``settings`` as ALTER SYSTEM does: before the block, so that they hold when it is cut out."""
    if not settings:
        return
    file = data / "postgresql.auto.conf"
    text = file.read_text(encoding="utf-8")
    block = BLOCK.search(text)
    before = re.sub(rf"^\s*({'|'.join(settings)})\b.*\n?", "", BLOCK.sub("", text), flags=re.MULTILINE)
    lines = "".join(f"{name} = {_quoted(value)}\n" for name, value in settings.items())
    private.write(file, f"{before}{lines}{block[0] if block else ''}", account)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
