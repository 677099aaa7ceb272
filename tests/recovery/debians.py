"""A cluster with Debian's layout as the source of backups: settings in several files, and lists of users beside them."""

import shutil
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from debian import DebianCluster
from sources import Source, new_folder

from app_schema.settings import Settings


@dataclass
class DebianSource(Source):
    """``server`` is the cluster."""

    server: DebianCluster

    @classmethod
    def of(cls, cluster, home):
        return cls(home, cluster, Settings(DATABASE_URL=cluster.url, backup_dir=new_folder(home / "backups"), home=home / "home"))

    @property
    def url(self):
        return self.settings.database_url


def configure(cluster):
    """Spread the settings over several files, as people do, and start with them."""
    etc = cluster.etc
    common = cluster.home / "etc/common.conf"  # named by its whole path
    write(cluster, common, "work_mem = 5MB\nmaintenance_work_mem = '70MB'\n")
    write(cluster, etc / "conf.d/10-app.conf", f"Include '{common}'\ninclude_if_exists = 'missing.conf'\nrandom_page_cost = 1.5\n")
    write(
        cluster, etc / "conf.d/20-wal.conf", "max_slot_wal_keep_size = 64MB\nmax_prepared_transactions = 5\ntrack_commit_timestamp = on\n"
    )
    write(cluster, etc / "conf.d/ignored.txt", "no setting\n")
    write(cluster, etc / "admins", "operator\n")
    write(cluster, etc / "pg_hba.conf", "host all @admins 127.0.0.1/32 scram-sha-256\n" + (etc / "pg_hba.conf").read_text())
    cluster.control("restart")


def write(cluster, path, content):
    path.write_text(content)
    path.chmod(0o600)
    if cluster.account.switched:
        shutil.chown(path, cluster.account.uid, cluster.account.gid)


@contextmanager
def forwarded(port):
    """A port on loopback that leads to another one, as ``ssh -L`` makes it: the server is then not where it seems to be."""

    def pump(source, target):
        with suppress(OSError):  # either end may be closed by now
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def carry(client):
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            back = threading.Thread(target=pump, args=(server, client))
            back.start()
            pump(client, server)
            back.join()

    def serve():
        carrying = []
        with suppress(OSError):  # it is closed
            while True:
                carrying.append(threading.Thread(target=carry, args=(listener.accept()[0],)))
                carrying[-1].start()
        for thread in carrying:
            thread.join()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
